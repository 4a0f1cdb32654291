// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/wire — one end of a connection between an owner and a client: JSON objects, a line each.
 *
 * A request is {"do": NAME, …}. Its answer is one object: {"failed": 0, …}, or {"failed": -ERRNO,
 * "status": EXIT STATUS, "text": MESSAGE, "located": BOOL} as struct error has it. Between the two
 * any number of {"say": MESSAGE, "topic": TOPIC, "level": LEVEL} may come, for the client's log.
 * {"do": "cancel"} asks for an early end of the request that is being worked on.
 * {"begun": true} comes once a request is worked on: from then on it must not be sent to another
 * owner. The format is private to one version of vrbench.
 *
 * Used by owner.c, on non-blocking sockets, and by client.c.
 */
#ifndef VRBENCH_OWNER_WIRE_H
#define VRBENCH_OWNER_WIRE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define WIRE_LINE_MAX (64U << 20)
#define VIEW_PREFIX   "run-" // of the sockets in RECORD_ROOT on which runs answer (view.h)

struct wire {
    int fd; // owned; -1 = closed
    char *in, *out;
    size_t in_length, in_room;
    size_t out_length, out_sent, out_room;
};

// clang-format off
#define WIRE_INIT {.fd = -1}
// clang-format on

void wire_clear(struct wire *wire); // closes and frees
// Puts a message into the output. The message remains the caller's.
void wire_put(struct wire *wire, const json_t *message);
// The same for a message that is a line already, its newline included.
void wire_put_line(struct wire *wire, const char *line, size_t length);
bool wire_has_output(const struct wire *wire);
// Sends what can be sent now: 0, or negative if the other end is gone.
int wire_send(struct wire *wire);
// Receives what is there: 1 if anything came, 0 if nothing is there, negative at the end of the
// connection or if a line is longer than WIRE_LINE_MAX.
int wire_receive(struct wire *wire);
// Takes the next whole message: 1 and a new reference, 0 if there is none yet, -EPROTO for a line
// that is no JSON object.
int wire_take(struct wire *wire, json_t **ret);

// A line for the client's log.
json_t *wire_say(int level, const char *topic, const char *text);
// How a request ended, as an answer and back. wire_failure() returns the error's code.
json_t *wire_answer(int rc, const struct error *err);
int wire_failure(const json_t *answer, struct error *err);

#endif
