// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/record — the on-disk record of what a testbed made, from which a crash is cleaned up.
 *
 * /run/vrbench/ID.lock   locked (flock(2)) by its owner as long as that lives: nobody else cleans
 * /run/vrbench/ID.json   what was made: written before it is made, removed after it is gone
 * /run/vrbench/ID/       a tmpfs of its own holding the pins of the namespaces: one unmount lets
 *                        go of them all
 * A record whose lock can be had belongs to a dead run, unless it says that it is kept: such a
 * testbed stands until it is taken down, whoever made it. All of this is in memory: after a power
 * failure neither the records nor what they speak of is there.
 */
#ifndef VRBENCH_TESTBED_RECORD_H
#define VRBENCH_TESTBED_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define RECORD_ROOT "/run/vrbench"

struct record {
    char *id;        // "PID-NUMBER"
    char *directory; // /run/vrbench/ID
    int lock;
    json_t *content;
};

// Makes a new record, locked and with empty content, and mounts its directory.
int record_create(struct record **ret, struct error *err);
// Writes the content as it is now.
int record_write(const struct record *record, struct error *err);
// Unmounts the directory and removes every trace of the record, the lock last; frees the object.
int record_remove(struct record *record, struct error *err);
// Frees the object and leaves the rest as it is (locked no more).
void record_forget(struct record *record);

// Opens the record of that id to read it: not locked, nothing of it is this process's. -ENOENT if
// there is none (any more).
int record_open(const char *id, struct record **ret, struct error *err);
// The ids of all records, in a new array; freed with record_free_ids().
int record_list(char ***ret_ids, size_t *ret_count, struct error *err);
void record_free_ids(char **ids, size_t count);
// Waits for the right to change what the record speaks of, or (shared) to see it unchanging;
// returns a descriptor that gives it back when closed. Owners of kept testbeds do so too.
int record_lock_change(const char *id, bool shared, struct error *err);
// Becomes the owner of a record whose owner ends within `within_ns`. -EBUSY if it doesn't.
int record_take_over(struct record *record, uint64_t within_ns, struct error *err);

// Takes over the records of dead runs, one a call: 1 and a record whose content is what was
// written (an empty object if nothing was), 0 if there is no more, negative on failure.
int record_take_dead(struct record **ret, struct error *err);

#endif
