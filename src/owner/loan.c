// SPDX-License-Identifier: GPL-3.0-or-later
// owner/loan — see loan.h. The owner's side is lend.c.
#include "owner/loan.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "owner/client.h"
#include "owner/wire.h"
#include "result/json_text.h"
#include "testbed/loan.h"
#include "testbed/record.h"
#include "testbed/standing.h"

#define RENEW_WITHIN_NS (120U * NS_PER_S) // for the restart of a machine on a busy computer
#define RENEW_PAUSE_NS  (20U * NS_PER_MS)

struct loan {
    struct wire wire;
    char *id;
    struct testbed *testbed;
    const struct scenario *scenario; // NULL = not set yet
    size_t network;
    bool shares_move;
};

// ---- the testbed's object

static int attach(struct loan *loan, struct error *err)
{
    struct record *record = NULL;
    int rc = record_open(loan->id, &record, err);
    if (rc == 0 && (rc = testbed_attach(record, &loan->testbed, err)) < 0) {
        record_forget(record);
    }
    return rc;
}

static void detach(struct loan *loan)
{
    testbed_free(loan->testbed);
    loan->testbed = NULL;
}

// The state of a router that does not run; `ret_died` reports whether its owner will tend to it.
static const char *find_ended(const struct loan *loan, const char **ret_name, bool *ret_died)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(loan->testbed, &parties);
    for (size_t i = 0; i < count; i++) {
        struct party_info info;
        if (parties[i].kind != PARTY_ROUTER) {
            continue;
        }
        testbed_party_facts(loan->testbed, i, &info);
        if (info.state != ROUTER_RUNNING) {
            *ret_name = parties[i].name;
            *ret_died = testbed_router_has_died(loan->testbed, parties[i].router);
            return router_state_name(info.state);
        }
    }
    return NULL;
}

static int apply_scenario(struct loan *loan, struct error *err)
{
    if (loan->scenario == NULL) {
        return 0;
    }
    int rc = testbed_measure_as(loan->testbed, loan->scenario, loan->shares_move, err);
    if (rc == 0 && loan->network != SIZE_MAX) {
        testbed_keep_network(loan->testbed, loan->network);
    }
    return rc;
}

// ---- borrowing

static void give_back(struct loan *loan)
{
    detach(loan);
    owner_end(&loan->wire);
}

static int borrow(struct loan *loan, json_t *request, struct error *err)
{
    json_t *begun = NULL;
    int rc = owner_begin(request, &loan->wire, &begun, err);
    if (rc < 0) {
        return rc;
    }
    const char *id = json_string_value(json_object_get(begun, "id"));
    free(loan->id);
    loan->id = text_copy(id == NULL ? "" : id);
    json_decref(begun);
    return attach(loan, err);
}

// Borrows once all routers run. A router that has died is tended to before the next loan.
static int borrow_whole(struct loan *loan, json_t *request, struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + RENEW_WITHIN_NS;
    for (;;) {
        const char *router = NULL;
        bool died = false;
        int rc = borrow(loan, json_incref(request), err);
        if (rc < 0) {
            return rc;
        }
        const char *state = find_ended(loan, &router, &died);
        if (state == NULL) {
            return apply_scenario(loan, err);
        }
        if (!died || clock_monotonic_ns() > until_ns) {
            return fail(err, 0, "router %s of testbed %s is %s; vrbench create %s/%s makes it",
                        router, testbed_name(loan->testbed), state, testbed_name(loan->testbed),
                        router);
        }
        give_back(loan);
        rc = stop_sleep(RENEW_PAUSE_NS, err);
        if (rc < 0) {
            return rc;
        }
    }
}

static void loan_free(struct loan *loan)
{
    give_back(loan);
    free(loan->id);
    free(loan);
}

static json_t *request_loan(const struct loan *loan)
{
    json_t *request = owner_request("lend");
    json_object_set_new(request, "shares_move", json_boolean(loan->shares_move));
    return request;
}

int loan_take(const char *testbed, const char *network, bool shares_move, struct loan **ret,
              struct error *err)
{
    struct loan *loan = memory_new(1, sizeof *loan);
    *loan = (struct loan){.wire = WIRE_INIT, .network = SIZE_MAX, .shares_move = shares_move};
    json_t *request = request_loan(loan);
    json_set_text(request, "name", testbed);
    json_set_text(request, "network", network);
    int rc = borrow_whole(loan, request, err);
    json_decref(request);
    if (rc < 0) {
        loan_free(loan);
        return rc;
    }
    *ret = loan;
    return 0;
}

void loan_return(struct loan *loan)
{
    if (loan != NULL) {
        loan_free(loan);
    }
}

int loan_renew(struct loan *loan, struct error *err)
{
    give_back(loan);
    json_t *request = request_loan(loan);
    json_object_set_new(request, "name", json_string(loan->id));
    int rc = borrow_whole(loan, request, err);
    json_decref(request);
    return rc;
}

// ---- what is measured

int loan_scenario(const struct loan *loan, struct scenario **ret, struct error *err)
{
    const struct plan *plan = testbed_plan(loan->testbed);
    const struct testbed_party *parties = NULL;
    struct scenario *scenario = NULL;
    json_t *noted = scenario_note(plan->scenario);
    int rc = scenario_recall(noted, (unsigned)plan->usable.count, &scenario, err);
    json_decref(noted);
    if (rc < 0) {
        return rc;
    }
    scenario->topologies[0] = plan->topology;
    scenario->topology_count = 1;
    size_t count = testbed_parties(loan->testbed, &parties);
    for (size_t i = 0; i < count; i++) {
        struct allocation *allocation = parties[i].kind == PARTY_HOST
                                            ? &scenario->host.allocation
                                            : &scenario->routers[parties[i].router].allocation;
        if (parties[i].kind != PARTY_TESTER) {
            (void)testbed_get_allocation(loan->testbed, i, allocation, NULL);
        }
    }
    *ret = scenario;
    return 0;
}

int loan_measure(struct loan *loan, const struct scenario *scenario, size_t network,
                 struct error *err)
{
    loan->scenario = scenario;
    loan->network = network;
    return apply_scenario(loan, err);
}

bool loan_moves_shares(const struct loan *loan)
{
    return loan->shares_move;
}

struct testbed *loan_testbed(const struct loan *loan)
{
    return loan->testbed;
}
