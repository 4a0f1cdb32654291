// SPDX-License-Identifier: GPL-3.0-or-later
// run/notes — writes facts of each testbed that was built to run.json. See parts.h.
#include "base/clock.h"
#include "base/text.h"
#include "owner/loan.h"
#include "result/platform_facts.h"
#include "run/parts.h"

// One entry for each router and testbed: a router that was recreated after its death has another.
static int note_convergence(struct job_state *state, const struct testbed *testbed,
                            struct error *err)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    json_t *list = json_object_get(state->run, "convergence");
    if (!scenario_is_routed(plan->scenario) || plan->topology == TOPOLOGY_DIRECT) {
        return 0;
    }
    if (list == NULL) {
        list = json_array();
        json_object_set_new(state->run, "convergence", list);
    }
    for (size_t i = 0; i < count; i++) {
        struct party_info info = {0};
        if (parties[i].kind == PARTY_ROUTER) {
            testbed_party_info(testbed, i, &info);
        }
        if (info.convergence_ns > 0) {
            const struct scenario_router *router = &plan->scenario->routers[parties[i].router];
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:f}", "topology",
                                                  topology_name(plan->topology), "router",
                                                  router->name, "daemon",
                                                  routing_daemon_name(router->daemon), "seconds",
                                                  (double)info.convergence_ns / (double)NS_PER_S));
        }
        party_info_clear(&info);
    }
    return store_write_run(state->store, state->run, err);
}

// In what way the cables are impaired, by topology.
static void note_cables(struct job_state *state, const struct testbed *testbed)
{
    json_t *cables = testbed_cables(testbed);
    if (json_array_size(cables) == 0) {
        json_decref(cables);
        return;
    }
    json_t *all = json_object_get(state->run, "cables");
    if (all == NULL) {
        all = json_object();
        json_object_set_new(state->run, "cables", all);
    }
    json_object_set_new(all, topology_name(testbed_plan(testbed)->topology), cables);
}

int note_engine(struct job_state *state, const struct bench *bench, struct error *err)
{
    const char *topology = topology_name(testbed_plan(bench->testbed)->topology);
    const char *name = bench->traits->name;
    if (bench->engine_why == NULL) {
        return 0;
    }
    json_t *chosen = json_object_get(state->run, "engines");
    if (chosen == NULL) {
        chosen = json_object();
        json_object_set_new(state->run, "engines", chosen);
    }
    const char *before =
        json_string_value(json_object_get(json_object_get(chosen, topology), "engine"));
    if (before != NULL && !text_equal(before, name)) {
        return fail_input(err,
                          "%s cannot be resumed: engine auto is %s now (%s), it was %s; name the "
                          "engine with --engine, or name another folder",
                          state->job->folder, name, bench->engine_why, before);
    }
    json_object_set_new(chosen, topology,
                        json_pack("{s:s, s:s}", "engine", name, "why", bench->engine_why));
    json_t *scenario = json_object_get(state->run, "scenario");
    json_object_set_new(scenario, "engine", json_string(name));
    return store_write_run(state->store, state->run, err);
}

// Only a testbed of dedicated knows the kind of dedicated links; later testbeds keep its entry.
static void keep_dedicated(const json_t *before, json_t *now)
{
    static const char *const keys[] = {"dedicated", "dedicated_why"};
    for (size_t i = 0; json_object_get(now, keys[0]) == NULL && i < 2; i++) {
        json_t *known = json_object_get(before, keys[i]);
        if (known != NULL) {
            json_object_set(now, keys[i], known);
        }
    }
}

void note_loan(struct job_state *state)
{
    const struct testbed *testbed = loan_testbed(state->job->loan);
    const struct node node = testbed_node(loan_testbed(state->job->loan));
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    json_t *allocations = json_array();
    for (size_t i = 0; i < count; i++) {
        struct allocation allocation;
        if (parties[i].kind != PARTY_TESTER &&
            node.ops->read_allocation(&node, i, &allocation, NULL) == 0) {
            json_array_append_new(allocations,
                                  json_pack("{s:s, s:i, s:i}", "name", parties[i].name, "weight",
                                            (int)allocation.weight, "cap", (int)allocation.cap));
        }
    }
    json_object_set_new(
        state->run, "testbed",
        json_pack("{s:s, s:s, s:s, s:o}", "name", testbed_name(testbed), "id", testbed_id(testbed),
                  "topology", topology_name(testbed_plan(testbed)->topology), "cpu", allocations));
    if (loan_moves_shares(state->job->loan)) {
        json_object_set_new(json_object_get(state->run, "testbed"), "controlled", json_true());
    }
}

// A topology with routers reports more facts of the platform than direct.
int note_testbed(struct job_state *state, const struct testbed *testbed, struct error *err)
{
    bool direct = testbed_plan(testbed)->topology == TOPOLOGY_DIRECT;
    if (direct && json_object_get(state->run, "platform") != NULL) {
        return 0;
    }
    struct platform_facts facts;
    int rc = note_convergence(state, testbed, err);
    if (rc < 0 || (rc = testbed_platform_facts(testbed, &facts, err)) < 0) {
        return rc;
    }
    note_cables(state, testbed);
    json_t *now = platform_facts_to_json(&facts);
    keep_dedicated(json_object_get(state->run, "platform"), now);
    json_object_set_new(state->run, "platform", now);
    platform_facts_clear(&facts);
    return store_write_run(state->store, state->run, err);
}
