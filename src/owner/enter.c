// SPDX-License-Identifier: GPL-3.0-or-later
// owner/enter — see enter.h. Called by `vrbench console`.
#include "owner/enter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "owner/client.h"
#include "testbed/record.h"

static bool record_is_called(const struct record *record, const char *name)
{
    const char *scenario = json_string_value(json_object_get(record->content, "scenario"));
    return text_equal(record->id, name) || (scenario != NULL && text_equal(scenario, name));
}

static bool record_has_node(const struct record *record, const char *node)
{
    const json_t *routers = json_object_get(record->content, "routers");
    if (routers == NULL) {
        return false; // not up yet
    }
    if (text_equal(node, "source") || text_equal(node, "sink") || text_equal(node, "host")) {
        return true;
    }
    for (size_t i = 0; i < json_array_size(routers); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(routers, i), "name"));
        if (name != NULL && text_equal(name, node)) {
            return true;
        }
    }
    return false;
}

// The records that match a name.
struct search_for {
    const char *testbed, *node; // NULL = any
    char *names;                // of the matches, for a message
    struct record *first;
    size_t count;
};

static void look_at_record(const char *id, struct search_for *wanted)
{
    struct record *record = NULL;
    if (record_open(id, &record, NULL) < 0) {
        return;
    }
    if ((wanted->testbed != NULL && !record_is_called(record, wanted->testbed)) ||
        (wanted->node != NULL && !record_has_node(record, wanted->node))) {
        record_forget(record);
        return;
    }
    const char *scenario = json_string_value(json_object_get(record->content, "scenario"));
    text_append(&wanted->names, ", ", "%s/%s",
                wanted->testbed != NULL || scenario == NULL ? record->id : scenario,
                wanted->node == NULL ? "" : wanted->node);
    if (wanted->count++ == 0) {
        wanted->first = record;
    } else {
        record_forget(record);
    }
}

static int attach_to_only(const struct search_for *wanted, const char *called, struct testbed **ret,
                          struct error *err)
{
    if (wanted->count > 1) {
        return fail_input(err, "\"%s\" is ambiguous; name one of %s", called, wanted->names);
    }
    if (wanted->count == 0) {
        return fail_input(
            err,
            "no router or node \"%s\"; vrbench list shows the routers, and vrbench up "
            "SCENARIO builds a testbed",
            called);
    }
    // Records of runs contain no user.
    const json_t *uid = json_object_get(wanted->first->content, "uid");
    if (uid != NULL && wanted->node != NULL && wanted->testbed == NULL &&
        (uint64_t)json_integer_value(uid) != owner_caller_uid()) {
        return fail_input(err, "\"%s\" belongs to another user's testbed; to use it, name it %s",
                          called, wanted->names);
    }
    return testbed_attach(wanted->first, ret, err);
}

static int find_and_attach(const char *testbed, const char *node, const char *called,
                           struct testbed **ret, struct error *err)
{
    struct search_for wanted = {.testbed = testbed, .node = node, .names = text_copy("")};
    char **ids = NULL;
    size_t count = 0;
    int rc = record_list(&ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        look_at_record(ids[i], &wanted);
    }
    record_free_ids(ids, count);
    if (rc == 0) {
        rc = attach_to_only(&wanted, called, ret, err);
    }
    if (rc < 0 && wanted.first != NULL) {
        record_forget(wanted.first);
    }
    free(wanted.names);
    return rc;
}

int enter_find(const char *called, struct testbed **ret, const char **ret_node, struct error *err)
{
    const char *slash = strchr(called, '/');
    _cleanup_free_ char *of =
        slash == NULL ? NULL : text_copy_bytes(called, (size_t)(slash - called));
    *ret_node = slash == NULL ? called : slash + 1;
    return find_and_attach(of, *ret_node, called, ret, err);
}

int enter_testbed(const char *name, struct testbed **ret, struct error *err)
{
    return find_and_attach(name, NULL, name, ret, err);
}
