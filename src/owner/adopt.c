// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/adopt — when an owner starts, takes over the testbeds of a killed owner by their records.
 * No other code creates a testbed's object from its record.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "owner/build.h"
#include "owner/owned.h"
#include "testbed/record.h"
#include "testbed/standing.h"

#define TAKE_WITHIN_NS (5U * NS_PER_S)

static int adopt_record(struct owned *owned, struct record *record, struct error *err)
{
    struct testbed *testbed = NULL;
    int rc = record_take_over(record, TAKE_WITHIN_NS, err);
    if (rc == 0) {
        rc = testbed_attach(record, &testbed, err);
    }
    if (rc < 0) {
        record_forget(record);
        return rc;
    }
    _cleanup_error_ struct error why = ERROR_INIT;
    (void)testbed_hold(testbed, NULL);
    // If caps can't be divided again, they keep their last division.
    if (testbed_start_dividing(testbed, &why) < 0) {
        log_warning("owner", "testbed %s: %s", owned->name, why.text);
    }
    owned->testbed = testbed;
    return 0;
}

static int adopt_job(struct owned *owned, struct job *job, struct error *err)
{
    struct record *record = NULL;
    int rc = record_open(owned->id, &record, err);
    if (rc == 0) {
        rc = adopt_record(owned, record, err);
    }
    // A missing part may belong to a testbed that still exists; the testbed is gone only if its
    // record
    // is.
    struct record *still = NULL;
    if (rc == -ENOENT && record_open(owned->id, &still, NULL) == -ENOENT) {
        job->gone = true;
        return 0;
    }
    record_forget(still);
    return rc;
}

static void adopt_id(struct owner *owner, const char *id)
{
    struct record *record = NULL;
    if (record_open(id, &record, NULL) < 0) {
        return;
    }
    if (json_is_true(json_object_get(record->content, "kept"))) {
        const char *name = json_string_value(json_object_get(record->content, "scenario"));
        struct owned *owned = owned_add(owner, id, name == NULL ? id : name);
        owned->uid = (uint64_t)json_integer_value(json_object_get(record->content, "uid"));
        build_settings(record->content, &owned->settings);
        owned->adopting = true;
        (void)work_order(owned, "taking over a testbed", adopt_job, NULL, NULL);
        work_start(owned);
    }
    record_forget(record);
}

int adopt_all(struct owner *owner, struct error *err)
{
    char **ids = NULL;
    size_t count = 0;
    int rc = record_list(&ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        adopt_id(owner, ids[i]);
    }
    record_free_ids(ids, count);
    return rc;
}
