// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/record — the on-disk record of what a testbed made, used for cleaning up after a crash.
 *
 * /run/vrbench/ID.lock    locked (flock(2)) by its owner as long as the owner lives
 * /run/vrbench/ID.json    what was made: written before it is made, removed after it is gone, and
 *                         replaced atomically, so that readers need no lock
 * /run/vrbench/ID/        a separate tmpfs with the pins of the namespaces: one unmount releases
 *                         them all
 * Only record_create() creates any of them. The lock is beside the directory, not in it, because
 * the mount may be removed, and is not visible from other mount namespaces.
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
// Writes the present content.
int record_write(const struct record *record, struct error *err);
// Unmounts the directory and removes all files of the record, also unknown ones in the directory,
// the lock last; frees the object. After a failure the record remains, unlocked.
int record_remove(struct record *record, struct error *err);
// Frees the object, which unlocks the record, and leaves its files.
void record_forget(struct record *record);

// Opens the record of that ID for reading, without locking it. -ENOENT if there is none.
int record_open(const char *id, struct record **ret, struct error *err);
// Returns the IDs of all records in a new array, freed with record_free_ids().
int record_list(char ***ret_ids, size_t *ret_count, struct error *err);
void record_free_ids(char **ids, size_t count);
// Whether the directory of a testbed's record is mounted in another mount namespace only, so that
// nothing of the testbed can be opened by path from here.
bool record_is_elsewhere(const struct record *record);
// Takes ownership of a record whose owner ends within `within_ns`. -EBUSY if it does not.
int record_take_over(struct record *record, uint64_t within_ns, struct error *err);

// Takes ownership of the record of that ID if it belongs to a dead run: returns 1 and the record
// with the written content (an empty object if there is none); 0 if its owner lives, it is kept, or
// it is gone.
int record_take_dead(const char *id, struct record **ret);
// Removes files left by processes that died while they created or removed a record.
void record_remove_strays(void);

#endif
