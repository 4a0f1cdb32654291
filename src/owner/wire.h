// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/wire — one end of a connection between an owner and a client: JSON objects, a line each.
 *
 * A request is {"do": NAME, …}. Its answer is one object: {"failed": 0, …}, or {"failed": -ERRNO,
 * "status": EXIT STATUS, "text": MESSAGE, "located": BOOL} as struct error has it. Between the two
 * any number of {"say": MESSAGE, "topic": TOPIC, "level": LEVEL} may follow, for the client's log.
 * {"do": "cancel"} requests an early end of the current request. {"begun": true} reports that the
 * owner has begun the request, which must then not be sent to another owner. The format is private
 * to one version of vrbench.
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
#define WIRE_LOOK_MAX 4096U // of requests of a client that only looks (look.h)

struct wire {
    int fd;        // owned; -1 = closed
    size_t in_max; // of bytes received and not yet taken; 0 = WIRE_LINE_MAX
    char *in, *out;
    size_t in_length, in_room;
    size_t out_length, out_sent, out_room;
};

// clang-format off
#define WIRE_INIT {.fd = -1}
// clang-format on

void wire_clear(struct wire *wire); // closes and frees
// Appends a message to the output. The caller keeps its reference.
void wire_put(struct wire *wire, const json_t *message);
// Appends a message that is already a line, including its newline.
void wire_put_line(struct wire *wire, const char *line, size_t length);
bool wire_has_output(const struct wire *wire);
// Sends what the socket accepts now: 0, or negative if the other end has closed the connection.
int wire_send(struct wire *wire);
// Receives available data: 1 if there was any, 0 if none, negative at the end of the connection or
// for more than `in_max`.
int wire_receive(struct wire *wire);
// Returns the next complete message: 1 and a new reference, 0 if none is complete, -EPROTO for a
// line that is not a JSON object.
int wire_take(struct wire *wire, json_t **ret);

// A line for the client's log.
json_t *wire_say(int level, const char *topic, const char *text);
// Converts the result of a request to an answer and back. wire_failure() returns the error's code.
json_t *wire_answer(int rc, const struct error *err);
int wire_failure(const json_t *answer, struct error *err);

#endif
