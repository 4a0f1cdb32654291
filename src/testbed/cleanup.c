// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/cleanup — removes what dead runs left, by their records and nothing else. Called at every
// start of a run and by `vrbench cleanup`; testbed.c uses the part that gives interfaces back.
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "linux/link.h"
#include "testbed/build.h"
#include "testbed/nic.h"
#include "testbed/tasks.h"
#include "testbed/weights.h"

// Gives one interface back from wherever it had got to: its node, the host on its way there, or
// still (again) at home but not as it was.
static int return_nic(const struct record *record, const json_t *entry, const struct netns *home,
                      struct error *err)
{
    const json_t *described = json_object_get(entry, "nic");
    const char *nodes[2] = {json_string_value(json_object_get(entry, "node")), "host"};
    const char *names[2] = {json_string_value(json_object_get(entry, "name")),
                            json_string_value(json_object_get(entry, "host_name"))};
    for (size_t i = 0; i < 2; i++) {
        if (nodes[i] == NULL || names[i] == NULL) {
            continue;
        }
        _cleanup_free_ char *pin = testbed_pin(record, nodes[i]);
        struct netns *from = NULL;
        struct link_info info;
        if (netns_open(pin, &from, NULL) < 0) {
            continue; // not made yet
        }
        bool here = link_find(from, names[i], &info, NULL) == 0;
        int rc = here ? nic_give_back(from, names[i], home, described, err) : 0;
        netns_close(from);
        if (here) {
            return rc;
        }
    }
    // Not taken yet, or only half, or half given back already.
    return nic_restore(home, described, err);
}

void testbed_return_nics(const struct record *record, struct error *err)
{
    const json_t *nics = json_object_get(record->content, "nics");
    if (json_array_size(nics) == 0) {
        return;
    }
    _cleanup_free_ char *pin = testbed_pin(record, "home");
    struct netns *home = NULL;
    if (netns_open(pin, &home, err) < 0) {
        return;
    }
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(nics, i, entry)
    {
        struct error why = ERROR_INIT;
        if (return_nic(record, entry, home, &why) < 0) {
            log_warning("testbed", "%s", why.text);
            error_move(err, &why);
        }
        error_clear(&why);
    }
    netns_close(home);
}

int testbed_clean_up_dead(unsigned *ret_removed, struct error *err)
{
    unsigned removed = 0;
    for (;;) {
        struct record *record = NULL;
        int rc = record_take_dead(&record, err);
        if (rc <= 0) {
            if (rc == 0 && ret_removed != NULL) {
                *ret_removed = removed;
            }
            return rc;
        }
        _cleanup_free_ char *id = text_copy(record->id);
        struct task_list tasks = {0};
        task_list_from_json(json_object_get(record->content, "threads"), &tasks);
        testbed_return_nics(record, NULL);
        rc = testbed_remove_groups(record, err);
        if (rc < 0) {
            record_forget(record);
        } else {
            rc = record_remove(record, err);
        }
        if (rc == 0) {
            rc = task_list_await_gone(&tasks, err);
        }
        task_list_clear(&tasks);
        if (rc < 0) {
            error_context(err, "cleaning up after the dead run %s", id);
            return rc;
        }
        log_note("cleanup", "removed what run %s had left", id);
        removed++;
    }
}
