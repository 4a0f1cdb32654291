// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/record — the on-disk record of what a testbed made, from which a crash is cleaned up.
 *
 * /run/vrbench/ID.lock    locked (flock(2)) by its owner as long as the owner lives
 * /run/vrbench/ID.json    what was made: written before it is made, removed after it is gone, and
 *                         replaced atomically, so that readers need no lock
 * /run/vrbench/ID/        a tmpfs of its own with the pins of the namespaces: one unmount releases
 *                         them all
 * Only record_create() creates any of them. The lock is beside the directory, not in it: a
 * mount comes and goes, and is not seen from other mount namespaces.
 *
 * A record whose lock is free belongs to a dead run, unless it is marked as kept: such a testbed
 * stands until it is taken down. All of this is in memory: after a power failure neither the
 * records nor what they describe exist.
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
// Unmounts the directory and removes every trace of the record, whatever else is in the directory,
// and the lock last; frees the object. On failure the record stays, unlocked.
int record_remove(struct record *record, struct error *err);
// Frees the object and leaves the rest as it is (locked no more).
void record_forget(struct record *record);

// Opens the record of that id to read it: not locked, nothing of it is this process's. -ENOENT if
// there is none (any more).
int record_open(const char *id, struct record **ret, struct error *err);
// The ids of all records, in a new array; freed with record_free_ids().
int record_list(char ***ret_ids, size_t *ret_count, struct error *err);
void record_free_ids(char **ids, size_t count);
// Whether the directory of a record that describes a testbed is mounted in another mount namespace
// only: then nothing of the testbed can be opened by path from here.
bool record_is_elsewhere(const struct record *record);
// Becomes the owner of a record whose owner ends within `within_ns`. -EBUSY if it doesn't.
int record_take_over(struct record *record, uint64_t within_ns, struct error *err);

// Takes over the record of that id if it belongs to a dead run: 1 and a record whose content is
// what was written (an empty object if nothing was); 0 if its owner lives, it is kept, or it is
// gone.
int record_take_dead(const char *id, struct record **ret);
// Removes files that a process left which died while it created or removed a record.
void record_remove_strays(void);

#endif
