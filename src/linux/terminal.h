// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/terminal — the terminal that a command runs in (or what stands for it: pipes, files),
 * joined to a machine's console. Called by platform/ for each kind of console.
 */
#ifndef VRBENCH_LINUX_TERMINAL_H
#define VRBENCH_LINUX_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// The far side.
struct terminal_line {
    int fd; // readable as long as hear() has something to do
    // Passes what has come to terminal_show(); false once the far side has ended.
    bool (*hear)(struct terminal_line *line);
    // Sends what was typed; false if that can't be done any more.
    bool (*say)(struct terminal_line *line, const char *bytes, size_t length);
    void *data;
    uint64_t heard_ns; // set by terminal_show()
};

// Writes what the far side said to standard output; false if that can't be done. May be called by
// another thread than the one that talks.
bool terminal_show(struct terminal_line *line, const char *bytes, size_t length);
// Writes all bytes to a descriptor.
bool terminal_write(int fd, const char *bytes, size_t length);
// Passes on what is typed, and hears what comes, until Ctrl-] or the far side's end; without a
// terminal until nothing more comes for 2 s after the end of standard input. A signal to stop
// (base/stop.h) ends it with exit status 130. `called` is the machine's name.
int terminal_talk(struct terminal_line *line, const char *called, struct error *err);

#endif
