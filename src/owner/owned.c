// SPDX-License-Identifier: GPL-3.0-or-later
// owner/owned — see owned.h: the list of an owner's testbeds.
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "owner/owned.h"

struct owned *owned_add(struct owner *owner, const char *id, const char *name)
{
    struct owned *owned = memory_new(1, sizeof *owned);
    owner->ordered = true;
    owned->owner = owner;
    owned->id = id == NULL ? NULL : text_copy(id);
    owned->name = text_copy(name);
    owned->sampler = sampler_new();
    owner->owned = memory_resize(owner->owned, owner->owned_count + 1, sizeof(struct owned *));
    owner->owned[owner->owned_count++] = owned;
    return owned;
}

void owned_remove(struct owned *owned)
{
    struct owner *owner = owned->owner;
    work_drop(owned, "the testbed was removed meanwhile");
    lease_free(owned);
    tend_forget(owned);
    sampler_free(owned->sampler);
    // A running job still uses the testbed; the process ends with it.
    if (owned->running == NULL) {
        testbed_free(owned->testbed);
    }
    size_t kept = 0;
    for (size_t i = 0; i < owner->owned_count; i++) {
        owner->owned[kept] = owner->owned[i];
        kept += owner->owned[i] != owned;
    }
    owner->owned_count = kept;
    settings_clear(&owned->settings);
    free(owned->restarts);
    free(owned->unusable);
    free(owned->id);
    free(owned->name);
    free(owned);
}

void owned_at_rest(struct owned *owned, size_t changed)
{
    owned->stands = true;
    owned->rests = true;
    if (owned->id == NULL) {
        owned->id = text_copy(testbed_id(owned->testbed));
    }
    if (changed != JOB_CHANGED_NOTHING) {
        sampler_update(owned->sampler, owned->testbed, changed);
    }
    tend_watch(owned);
}

struct owned *owned_find(struct owner *owner, const char *name)
{
    for (size_t i = 0; i < owner->owned_count; i++) {
        struct owned *owned = owner->owned[i];
        if (text_equal(owned->name, name) || text_equal(owned->id, name)) {
            return owned;
        }
    }
    return NULL;
}

const char *owned_unusable(const struct owned *owned)
{
    return owned->adopting ? "a testbed is not taken over yet: its platform does not answer"
                           : owned->unusable;
}
