// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/platform_allocation — see platform_allocation.h.
#include "testbed/platform_allocation.h"

#define BEFORE "host_before"

bool platform_allocates(const struct testbed *testbed, size_t party)
{
    return platform_can(testbed->platform, party == 0 ? CAN_RATION_HOST : CAN_RATION);
}

static int remember_host(struct testbed *testbed, const struct allocation *now, struct error *err)
{
    json_t *content = testbed->record->content;
    if (json_object_get(content, BEFORE) != NULL) {
        return 0;
    }
    json_object_set_new(content, BEFORE,
                        json_pack("{s:i, s:i}", "weight", (int)now->weight, "cap", (int)now->cap));
    return record_write(testbed->record, err);
}

static int allocate_host(struct testbed *testbed, const struct allocation *allocation,
                         struct error *err)
{
    const struct machine_ops *ops = testbed->platform->ops;
    struct allocation now;
    int rc = ops->get_host_allocation(testbed->platform, &now.weight, &now.cap, err);
    if (rc < 0 || (now.weight == allocation->weight && now.cap == allocation->cap)) {
        return rc;
    }
    rc = remember_host(testbed, &now, err);
    return rc < 0 ? rc
                  : ops->set_host_allocation(testbed->platform, allocation->weight, allocation->cap,
                                             err);
}

int platform_allocate(struct testbed *testbed, size_t party, const struct allocation *allocation,
                      struct error *err)
{
    struct machine *router = party == 0 ? NULL : testbed->routers[party - 1].router;
    if (party == 0) {
        return allocate_host(testbed, allocation, err);
    }
    return router == NULL ? 0
                          : testbed->platform->ops->set_allocation(router, allocation->weight,
                                                                   allocation->cap, err);
}

int platform_allocation(const struct testbed *testbed, size_t party, struct allocation *ret,
                        struct error *err)
{
    const struct machine_ops *ops = testbed->platform->ops;
    if (party == 0) {
        return ops->get_host_allocation(testbed->platform, &ret->weight, &ret->cap, err);
    }
    const struct machine *router = testbed->routers[party - 1].router;
    return router == NULL || testbed_router_has_died(testbed, party - 1)
               ? 0
               : ops->get_allocation(router, &ret->weight, &ret->cap, err);
}

int platform_restore_host(struct platform *platform, struct record *record, struct error *err)
{
    const json_t *before = json_object_get(record->content, BEFORE);
    if (before == NULL || !platform_can(platform, CAN_RATION_HOST)) {
        return 0;
    }
    int rc = platform->ops->set_host_allocation(
        platform, (unsigned)json_integer_value(json_object_get(before, "weight")),
        (unsigned)json_integer_value(json_object_get(before, "cap")), err);
    if (rc < 0) {
        error_context(err, "giving the host back its CPU allocation");
        return rc;
    }
    json_object_del(record->content, BEFORE);
    return record_write(record, err);
}
