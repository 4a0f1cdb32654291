// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_owner — any bytes as what comes from the other end of an owner's socket, in one piece and
// cut in two. A sample that is read must survive being written and read again.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "owner/wire.h"
#include "sampler/sample_json.h"

static void again(const struct sample *sample)
{
    struct sample_text text;
    struct sample read = {0};
    sample_text_begin(&text);
    for (size_t i = 0; i < sample->count; i++) {
        sample_text_add(&text, &sample->parties[i]);
    }
    sample_text_end(&text, sample->began_ns, sample->left_out, true);
    json_t *answer = json_loadb(text.bytes, text.length, 0, NULL);
    if (answer == NULL) {
        abort();
    }
    sample_from_json(json_object_get(answer, "sample"), &read);
    if (read.count != sample->count) {
        abort();
    }
    for (size_t i = 0; i < read.count; i++) {
        if (!text_equal(read.parties[i].name, sample->parties[i].name) ||
            read.parties[i].network_count != sample->parties[i].network_count) {
            abort();
        }
    }
    json_decref(answer);
    sample_clear(&read);
    free(text.bytes);
}

static void take(const json_t *message)
{
    struct error err = ERROR_INIT;
    struct sample sample = {0};
    if (wire_failure(message, &err) < 0 && (err.text == NULL || err.exit_status == 0)) {
        abort(); // failed without a reason
    }
    error_clear(&err);
    sample_from_json(json_object_get(message, "sample"), &sample);
    again(&sample);
    sample_clear(&sample);
}

// Bytes as wire_receive() would have them in the buffer.
static void receive(struct wire *wire, const uint8_t *data, size_t size)
{
    wire->in = memory_resize(wire->in, wire->in_length + size + 1, 1);
    memcpy(wire->in + wire->in_length, data, size);
    wire->in_length += size;
    wire->in_room = wire->in_length + 1;
    json_t *message = NULL;
    while (wire_take(wire, &message) > 0) {
        take(message);
        json_decref(message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire whole = WIRE_INIT;
    struct wire halves = WIRE_INIT;
    receive(&whole, data, size);
    receive(&halves, data, size / 2);
    receive(&halves, data + size / 2, size - size / 2);
    wire_clear(&whole);
    wire_clear(&halves);
    return 0;
}
