// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/guest_counters — reads what a guest says: answers (guest/channel.c has the grammar) and
 * the counters in them (guest/counters.c). All of it comes from outside and is read strictly.
 * Called by guest_channel.c.
 */
#ifndef VRBENCH_MACHINE_GUEST_COUNTERS_H
#define VRBENCH_MACHINE_GUEST_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/counters.h"

#define GUEST_ANSWER_HEAD_MAX 128U       // bytes of an answer's line
#define GUEST_PAYLOAD_MAX     (4U << 20) // of what follows it
#define GUEST_NIC_MAX         16U        // bytes of an interface's name, with its NUL

struct guest_answer {
    uint64_t id;
    bool ok;         // else the payload says why not
    uint64_t number; // milliseconds, an exit status …
    size_t length;   // of the payload, at most GUEST_PAYLOAD_MAX
};

// Reads the line of an answer, without its line feed.
int guest_parse_answer(const char *line, size_t length, struct guest_answer *ret,
                       struct error *err);

// An interface whose counters are wanted, and the number that they are to be given.
struct guest_link {
    const char *name; // in the guest
    int index;        // as struct link_counters of linux/counters.h
};

// Reads the payload of an answer to "counters". Interfaces that aren't asked for are passed over;
// one that is asked for and missing is an error. `ret` is to be given to counters_clear().
int guest_parse_counters(const char *payload, size_t length, const struct guest_link *links,
                         size_t link_count, struct namespace_counters *ret, struct error *err);

// Reads the payload of an answer to "leads": an interface's name, letters, digits, '.', '-' and
// '_', or nothing.
int guest_parse_nic(const char *payload, size_t length, char ret[GUEST_NIC_MAX], struct error *err);
// What a guest's programs said, of which nothing is known: cut, and made printable.
void guest_take_words(const char *payload, size_t length, char *ret, size_t room);

#endif
