// SPDX-License-Identifier: GPL-3.0-or-later
// owner/build — see build.h. Called by the jobs of requests.c, in threads of their own.
#include "owner/build.h"

#include "testbed/standing.h"

json_t *build_request(json_t *request, const struct scenario *scenario, enum topology topology,
                      const struct cpu_list *usable)
{
    json_object_set_new(request, "name", json_string(scenario->name));
    json_object_set_new(request, "scenario", scenario_note(scenario));
    json_object_set_new(request, "topology", json_string(topology_name(topology)));
    json_object_set_new(request, "usable", cpus_note(usable));
    return request;
}

int build_testbed(const json_t *request, struct testbed **ret, struct error *err)
{
    struct cpu_list usable;
    enum topology topology = TOPOLOGY_DIRECT;
    struct scenario *scenario = NULL;
    const char *name = json_string_value(json_object_get(request, "topology"));
    cpus_recall(json_object_get(request, "usable"), &usable);
    if (name == NULL || topology_from_name(name, &topology) < 0) {
        return fail_input(err, "the request contains no topology");
    }
    int rc = scenario_recall(json_object_get(request, "scenario"), (unsigned)usable.count,
                             &scenario, err);
    if (rc < 0) {
        return rc;
    }
    // In the owner, since some drivers of libvirt serve one process only.
    rc = testbed_check_platform(scenario, false, err);
    if (rc == 0) {
        rc = testbed_check_daemons(scenario, err);
    }
    if (rc < 0) {
        scenario_free(scenario);
        return rc;
    }
    uint64_t uid = (uint64_t)json_integer_value(json_object_get(request, "uid"));
    return testbed_stand(scenario, topology, &usable, uid, ret, err);
}
