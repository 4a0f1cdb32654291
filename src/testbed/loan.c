// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/loan — see loan.h.
#include "testbed/loan.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "linux/discard.h"
#include "scenario/fit.h"
#include "testbed/parts.h"
#include "testbed/standing.h"

#define LOAN        "loan" // of the record
#define SHARES_MOVE "shares_move"

int testbed_lend(struct testbed *testbed, pid_t borrower, bool shares_move, struct error *err)
{
    pid_t leader = getsid(borrower);
    json_t *loan = json_pack("{s:[i, I], s:[i, I, i], s:b}", "borrower", (int)borrower,
                             (json_int_t)process_start_time(borrower), "session", (int)leader,
                             (json_int_t)process_start_time(leader),
                             leader > 0 ? cpu_session_nice(leader) : 0, SHARES_MOVE, shares_move);
    json_object_set_new(testbed->record->content, LOAN, loan);
    return record_write(testbed->record, err);
}

bool testbed_is_lent(const struct testbed *testbed, struct process_id *ret_borrower)
{
    const json_t *loan = json_object_get(testbed->record->content, LOAN);
    const json_t *borrower = json_object_get(loan, "borrower");
    struct process_id id = {.pid = (pid_t)json_integer_value(json_array_get(borrower, 0)),
                            .started = (uint64_t)json_integer_value(json_array_get(borrower, 1))};
    *ret_borrower = id;
    return id.pid > 0 && id.started != 0 && process_start_time(id.pid) == id.started;
}

bool testbed_loan_moves_shares(const struct testbed *testbed)
{
    const json_t *loan = json_object_get(testbed->record->content, LOAN);
    return json_is_true(json_object_get(loan, SHARES_MOVE));
}

// A sink lets the tester's threads run before other tasks (traffic/xdp_sink). The relay of delayed
// packets always does.
static void calm_tester(const struct testbed *testbed)
{
    const struct sched_param none = {0};
    for (size_t i = 0; i < testbed->tester_task_count; i++) {
        pid_t task = testbed->tester_tasks[i];
        if (task != testbed->relay.pid && sched_getscheduler(task) == SCHED_FIFO) {
            (void)sched_setscheduler(task, SCHED_OTHER, &none);
        }
    }
}

// A sink lets packets end at its interfaces (traffic/packet_sink).
static void let_packets_pass(const struct testbed *testbed)
{
    const struct plan *plan = testbed->plan;
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct plan_interface *sink = &plan->interfaces[plan_receiver(plan, &plan->paths[i])];
        if (testbed->netns[sink->node] != NULL) {
            discard_no_more(testbed->netns[sink->node], sink->index);
        }
    }
}

int testbed_reclaim(struct testbed *testbed, struct error *err)
{
    json_t *content = testbed->record->content;
    calm_tester(testbed);
    let_packets_pass(testbed);
    session_restore(json_object_get(json_object_get(content, LOAN), "session"));
    return json_object_del(content, LOAN) < 0 ? 0 : record_write(testbed->record, err);
}

void session_restore(const json_t *session)
{
    pid_t leader = (pid_t)json_integer_value(json_array_get(session, 0));
    uint64_t started = (uint64_t)json_integer_value(json_array_get(session, 1));
    int nice = (int)json_integer_value(json_array_get(session, 2));
    if (leader > 0 && started != 0 && process_start_time(leader) == started &&
        cpu_session_nice(leader) != nice) {
        cpu_set_session_nice(leader, nice);
    }
}

// ---- the borrower

// A cap or weight that differs would be measured without being in the scenario.
static int check_allocations(const struct testbed *testbed, const struct scenario *scenario,
                             struct error *err)
{
    for (size_t i = 0; i < testbed->party_count; i++) {
        const struct testbed_party *party = &testbed->parties[i];
        struct allocation now = {0};
        if (party->kind == PARTY_TESTER || testbed_get_allocation(testbed, i, &now, NULL) < 0) {
            continue;
        }
        const struct allocation *asked = party->kind == PARTY_HOST
                                             ? &scenario->host.allocation
                                             : &scenario->routers[party->router].allocation;
        if (now.weight != asked->weight || now.cap != asked->cap) {
            return fail_input(err,
                              "%s has weight %u and cap %u now, and weight %u and cap %u in the "
                              "scenario; vrbench cpu %s/%s sets them",
                              party->name, now.weight, now.cap, asked->weight, asked->cap,
                              testbed_name(testbed), party->name);
        }
    }
    return 0;
}

static int check_fit(const struct testbed *testbed, const struct scenario *scenario,
                     struct error *err)
{
    struct plan *plan = testbed->plan;
    bool measured = false;
    for (size_t i = 0; i < scenario->topology_count; i++) {
        measured = measured || scenario->topologies[i] == plan->topology;
    }
    if (!measured) {
        return fail_input(err, "it stands in topology %s, which the scenario does not measure",
                          topology_name(plan->topology));
    }
    _cleanup_free_ char *misfit = scenario_misfit(plan->scenario, scenario);
    if (misfit != NULL) {
        return fail_input(err, "%s", misfit);
    }
    struct plan *wanted = NULL;
    int rc = plan_make(scenario, plan->topology, &plan->usable, &wanted, err);
    if (rc < 0) {
        return rc;
    }
    if (wanted->mtu > plan->mtu) {
        rc = fail_input(err, "its interfaces have MTU %u, and the scenario's lengths require %u",
                        plan->mtu, wanted->mtu);
    }
    plan_free(wanted);
    return rc < 0 || testbed->shares_move ? rc : check_allocations(testbed, scenario, err);
}

int testbed_measure_as(struct testbed *testbed, const struct scenario *scenario, bool shares_move,
                       struct error *err)
{
    testbed->shares_move = shares_move;
    int rc = check_fit(testbed, scenario, err);
    if (rc < 0) {
        error_context(err, "testbed %s does not fit scenario %s", testbed_name(testbed),
                      scenario->name);
        return rc;
    }
    testbed->plan->scenario = scenario;
    testbed_list_parties(testbed); // their names are the scenario's
    return 0;
}

bool testbed_moves_shares(const struct testbed *testbed)
{
    return testbed->shares_move;
}

void testbed_keep_network(struct testbed *testbed, size_t network)
{
    struct plan *plan = testbed->plan;
    size_t kept = 0;
    for (size_t i = 0; i < plan->path_count; i++) {
        if (plan->paths[i].network == network) {
            plan->paths[kept++] = plan->paths[i];
        }
    }
    plan->path_count = kept;
}
