// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/error — how every function of vrbench reports a failure.
 *
 * The rule (in full in CONTRIBUTING.md):
 *   - a function that can fail takes `struct error *err` as its last argument and returns a
 *     negative errno value on failure, 0 or a positive result on success;
 *   - the function that detects the failure fills `err` with fail(), fail_input(), fail_lacking()
 * …;
 *   - each caller that knows more adds context in front with error_context() and passes it up;
 *   - only main() prints it, once, and exits with `err->exit_status`.
 * `err` may be NULL if the caller does not need the reason.
 */
#ifndef VRBENCH_BASE_ERROR_H
#define VRBENCH_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

// Exit statuses of the program (documented in its man page).
enum exit_status {
    EXIT_DONE = 0,          // everything asked for was done
    EXIT_FAILED = 1,        // failed while running
    EXIT_INPUT = 2,         // bad usage or bad input; the machine was not changed
    EXIT_LACKING = 3,       // this machine lacks something that is required; the message names it
    EXIT_DISTURBED = 4,     // measured, but the machine disturbed too much of it
    EXIT_INTERRUPTED = 130, // SIGINT or SIGTERM; results so far are kept
};

struct error {
    int exit_status; // one of enum exit_status; 0 = no failure yet
    char *text;      // whole message, owned by this object; NULL = no failure yet
    bool
        located; // the message consists of lines "file:line:column: text", printed without a prefix
};

// clang-format off
#define ERROR_INIT {.exit_status = 0, .text = NULL, .located = false}
// clang-format on

// Sets the message, followed by ": " and strerror(errnum) if errnum > 0, and exit status 1.
// Returns -errnum, or -EIO if errnum is 0.
int fail(struct error *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// As fail(), for bad usage or input: exit status 2, returns -EINVAL.
int fail_input(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
// As fail_input(), for problems in a file: `lines` has one line a problem, "file:line:column:
// text".
int fail_located(struct error *err, const char *lines);
// As fail(), for something the machine lacks: exit status 3, returns -ENOTSUP. The text names what
// is missing and the package, right or kernel option that brings it.
int fail_lacking(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
// As fail(), for SIGINT or SIGTERM: exit status 130, returns -EINTR. Callers that saved results
// replace the message by fail_saved().
int fail_interrupted(struct error *err);
// As fail_interrupted(), with the number of points that are saved in a folder.
int fail_saved(struct error *err, size_t points, size_t planned, const char *folder);
// Puts "context: " in front of the message.
void error_context(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Appends ". Advice" to the message: what mends the failure.
void error_advice(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Frees the message and resets the object. NULL is fine.
void error_clear(struct error *err);
// Moves the failure of `from` into `to` (whose old message is freed) and resets `from`.
void error_move(struct error *to, struct error *from);

#define _cleanup_error_ __attribute__((cleanup(error_clear)))

#endif
