// SPDX-License-Identifier: GPL-3.0-or-later
// owner/wire — see wire.h.
#include "owner/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

#define CHUNK 65536U

void wire_clear(struct wire *wire)
{
    if (wire->fd >= 0) {
        close(wire->fd);
    }
    free(wire->in);
    free(wire->out);
    *wire = (struct wire)WIRE_INIT;
}

static void buffer_reserve(char **buffer, size_t *room, size_t wanted)
{
    if (wanted > *room) {
        *room = wanted > 2 * *room ? wanted : 2 * *room;
        *buffer = memory_resize(*buffer, *room, 1);
    }
}

static int wire_append(const char *bytes, size_t length, void *context)
{
    struct wire *wire = context;
    buffer_reserve(&wire->out, &wire->out_room, wire->out_length + length);
    memcpy(wire->out + wire->out_length, bytes, length);
    wire->out_length += length;
    return 0;
}

static void wire_make_room(struct wire *wire)
{
    if (wire->out_sent > 0) {
        memmove(wire->out, wire->out + wire->out_sent, wire->out_length - wire->out_sent);
        wire->out_length -= wire->out_sent;
        wire->out_sent = 0;
    }
}

void wire_put_line(struct wire *wire, const char *line, size_t length)
{
    wire_make_room(wire);
    (void)wire_append(line, length, wire);
}

void wire_put(struct wire *wire, const json_t *message)
{
    wire_make_room(wire);
    (void)json_dump_callback(message, wire_append, wire, JSON_COMPACT);
    (void)wire_append("\n", 1, wire);
}

bool wire_has_output(const struct wire *wire)
{
    return wire->out_sent < wire->out_length;
}

int wire_send(struct wire *wire)
{
    while (wire_has_output(wire)) {
        ssize_t sent = send(wire->fd, wire->out + wire->out_sent, wire->out_length - wire->out_sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
        }
        wire->out_sent += (size_t)sent;
    }
    wire->out_length = wire->out_sent = 0;
    return 0;
}

int wire_receive(struct wire *wire)
{
    const size_t most = wire->in_max > 0 ? wire->in_max : WIRE_LINE_MAX;
    int any = 0;
    for (;;) {
        buffer_reserve(&wire->in, &wire->in_room, wire->in_length + CHUNK);
        ssize_t got = recv(wire->fd, wire->in + wire->in_length, wire->in_room - wire->in_length,
                           MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return any;
        }
        if (got <= 0) {
            // Data received before the end of the connection is read first.
            return any > 0 ? any : got == 0 ? -EPIPE : -errno;
        }
        any = 1;
        wire->in_length += (size_t)got;
        if (wire->in_length > most) {
            return -EMSGSIZE;
        }
    }
}

int wire_take(struct wire *wire, json_t **ret)
{
    char *end = wire->in_length == 0 ? NULL : memchr(wire->in, '\n', wire->in_length);
    if (end == NULL) {
        return 0;
    }
    size_t length = (size_t)(end - wire->in);
    json_t *message = json_loadb(wire->in, length, 0, NULL);
    wire->in_length -= length + 1;
    memmove(wire->in, end + 1, wire->in_length);
    if (!json_is_object(message)) {
        json_decref(message);
        return -EPROTO;
    }
    *ret = message;
    return 1;
}

// Messages may quote bytes that are not UTF-8: these are replaced by question marks.
static json_t *text_as_json(const char *text)
{
    json_t *json = json_string(text);
    if (json != NULL) {
        return json;
    }
    char *plain = text_copy(text);
    for (char *at = plain; *at != '\0'; at++) {
        *at = (unsigned char)*at < 0x80 ? *at : '?';
    }
    json = json_string(plain);
    free(plain);
    return json;
}

json_t *wire_say(int level, const char *topic, const char *text)
{
    json_t *message = json_object();
    json_object_set_new(message, "say", text_as_json(text));
    json_object_set_new(message, "topic", text_as_json(topic));
    json_object_set_new(message, "level", json_integer(level));
    return message;
}

json_t *wire_answer(int rc, const struct error *err)
{
    json_t *answer = json_object();
    json_object_set_new(answer, "failed", json_integer(rc < 0 ? rc : 0));
    if (rc < 0) {
        json_object_set_new(answer, "text", text_as_json(err->text == NULL ? "failed" : err->text));
        json_object_set_new(answer, "status", json_integer(err->exit_status));
        json_object_set_new(answer, "located", json_boolean(err->located));
    }
    return answer;
}

int wire_failure(const json_t *answer, struct error *err)
{
    int rc = (int)json_integer_value(json_object_get(answer, "failed"));
    if (rc >= 0) {
        return 0;
    }
    const char *text = json_string_value(json_object_get(answer, "text"));
    (void)fail(err, 0, "%s", text == NULL ? "failed" : text);
    if (err != NULL) {
        int status = (int)json_integer_value(json_object_get(answer, "status"));
        err->exit_status = status > 0 ? status : EXIT_FAILED;
        err->located = json_is_true(json_object_get(answer, "located"));
    }
    return rc;
}
