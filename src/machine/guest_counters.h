// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/guest_counters — parses a guest's answers (grammar: guest/channel.c) and the counters in
 * them (guest/counters.c). The data comes from outside and is parsed strictly. Called by
 * guest_channel.c.
 */
#ifndef VRBENCH_MACHINE_GUEST_COUNTERS_H
#define VRBENCH_MACHINE_GUEST_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/counters.h"

#define GUEST_ANSWER_HEAD_MAX 128U       // longest line of an answer, in bytes
#define GUEST_PAYLOAD_MAX     (4U << 20) // longest payload
#define GUEST_NIC_MAX         16U        // longest interface name in bytes, with its NUL

struct guest_answer {
    uint64_t id;
    bool ok;         // false: the payload has the reason
    uint64_t number; // milliseconds, an exit status …
    size_t length;   // of the payload, at most GUEST_PAYLOAD_MAX
};

// Parses the line of an answer, without its line feed.
int guest_parse_answer(const char *line, size_t length, struct guest_answer *ret,
                       struct error *err);

// A requested interface, and the index under which its counters are returned.
struct guest_link {
    const char *name; // name in the guest
    int index;        // as struct link_counters of linux/counters.h
};

// Parses the payload of an answer to "counters". Interfaces that are not requested are skipped; a
// requested one that is missing is an error. The caller passes `ret` to counters_clear().
int guest_parse_counters(const char *payload, size_t length, const struct guest_link *links,
                         size_t link_count, struct namespace_counters *ret, struct error *err);

// Parses the payload of an answer to "leads": the name of an interface (letters, digits, '.', '-'
// and '_'), or nothing.
int guest_parse_nic(const char *payload, size_t length, char ret[GUEST_NIC_MAX], struct error *err);
// Copies the output of a guest's programs, which may be anything: truncated, control characters
// escaped.
void guest_take_words(const char *payload, size_t length, char *ret, size_t room);

#endif
