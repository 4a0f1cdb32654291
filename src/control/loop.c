// SPDX-License-Identifier: GPL-3.0-or-later
// control/loop — see loop.h.
#include "control/loop.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "control/admit.h"
#include "control/advised.h"
#include "control/audit.h"
#include "control/costs.h"
#include "control/observe.h"
#include "control/reading.h"
#include "control/recent.h"
#include "control/status.h"
#include "owner/client.h"
#include "result/json_text.h"

#define LOOK_NS      (500 * NS_PER_MS) // between looks at the contracts file and the static plan
#define LOOK_SOON_NS (100 * NS_PER_MS) // the same if a contract was broken since then
#define AGAIN_NS     (200 * NS_PER_MS) // between attempts to reach an owner
#define AGAIN_MOST   50
#define PLAN_TRIFLE  0.1 // relative change of a static share that is not worth a request

struct loop {
    const struct control_job *job;
    struct owner_session *session;
    json_t *topology;
    char *testbed;
    struct contracts *contracts;
    struct stat contracts_stat; // of the file, when it was read
    struct control_map *map;
    struct control_setup setup;
    struct control_reading reading;
    struct controller *controller;
    struct control_share *plan; // that the owner has; weight 0 = none yet
    char **last_actions;        // by party; NULL = none
    bool *refused;              // by flow
    char *refusal;              // why the last action was not applied, reported; NULL = it was
    struct advised advised;
    unsigned actions;
    uint64_t began_ns, looked_ns;
    struct recent_least *margins; // by party
    double broken_s;              // of all networks together, in the last report to the owner
    int audit_errno;              // of the first line that the audit log did not take; 0 = none
};

// ---- messages

static void loop_write(struct loop *loop, char *line)
{
    if (line != NULL && loop->job->audit >= 0) {
        // One write for each line, so that lines of several writers do not mix.
        _cleanup_free_ char *whole = text_format("%s\n", line);
        const size_t length = strlen(whole);
        errno = 0;
        if (write(loop->job->audit, whole, length) != (ssize_t)length && loop->audit_errno == 0) {
            loop->audit_errno = errno != 0 ? errno : ENOSPC; // a part of a line: no space for more
            loop->job->say(loop->job->context, "the audit log lacks lines from here on");
        }
    }
    free(line);
}

static void loop_event(struct loop *loop, const char *event)
{
    loop->job->say(loop->job->context, event);
    loop_write(loop, audit_event(clock_realtime_ns(), loop->testbed, event));
}

// ---- contracts

static int contracts_load(struct loop *loop, struct contracts **ret, struct error *err)
{
    if (stat(loop->job->contracts, &loop->contracts_stat) < 0) {
        return fail(err, errno, "%s", loop->job->contracts);
    }
    return contracts_read(loop->job->contracts, ret, err);
}

// Refuses contracts that can't be kept, and reports those that can't be kept together. By the
// model's costs only: those learned from a light load are far above those at the contract's rate.
static void contracts_admit(struct loop *loop)
{
    struct observer *modelled = observer_new(&loop->setup);
    const struct control_view *view = observer_view(modelled);
    for (size_t f = 0; f < loop->setup.flow_count; f++) {
        _cleanup_free_ char *why = admit_refusal(view, f);
        loop->refused[f] = why != NULL;
        if (why != NULL) {
            _cleanup_free_ char *event = text_format("contract refused: %s", why);
            loop_event(loop, event);
            loop->setup.flows[f].has_contract = false;
        }
    }
    _cleanup_free_ char *overbooked = admit_overbooking(view);
    if (overbooked != NULL) {
        loop_event(loop, overbooked);
    }
    observer_free(modelled);
}

// Makes the set-up of the contracts; of a running controller it replaces the former one.
static int contracts_apply(struct loop *loop, struct error *err)
{
    struct control_map *map = NULL;
    struct control_setup setup = {.cpu = 0.0};
    int rc = control_map_make(loop->topology, loop->contracts, &map, &setup, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *missing = control_map_missing(loop->topology, loop->contracts);
    setup.every_s = 1.0 / loop->job->rate_hz;
    control_map_free(loop->map);
    loop->map = map;
    control_costs_set(loop->job->model, loop->topology, loop->contracts, &setup);
    struct control_setup former = loop->setup;
    loop->setup = setup;
    if (loop->controller == NULL) {
        loop->controller = controller_new(&loop->setup, loop->job->policy, &control_limits_usual);
        control_reading_make(&loop->setup, &loop->reading);
        loop->plan = memory_new_array(struct control_share, setup.party_count);
        loop->last_actions = memory_new_array(char *, setup.party_count);
        loop->margins = memory_new_array(struct recent_least, setup.party_count);
        loop->refused = memory_new_array(bool, setup.flow_count);
    } else {
        controller_renew(loop->controller, &loop->setup);
        control_setup_clear(&former);
    }
    if (missing != NULL) {
        _cleanup_free_ char *event =
            text_format("testbed %s has no network of the contracts %s", loop->testbed, missing);
        loop_event(loop, event);
    }
    contracts_admit(loop);
    return 0;
}

// Reads the contracts file again if it has changed. An invalid one changes nothing.
static void contracts_look(struct loop *loop)
{
    struct stat now;
    const struct stat *before = &loop->contracts_stat;
    if (stat(loop->job->contracts, &now) < 0 ||
        (now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == before->st_mtim.tv_nsec && now.st_ino == before->st_ino &&
         now.st_size == before->st_size)) {
        return;
    }
    _cleanup_error_ struct error why = ERROR_INIT;
    struct contracts *contracts = NULL;
    int rc = contracts_load(loop, &contracts, &why);
    if (rc == 0) {
        struct contracts *former = loop->contracts;
        loop->contracts = contracts;
        rc = contracts_apply(loop, &why);
        contracts_free(rc == 0 ? former : contracts);
        loop->contracts = rc == 0 ? contracts : former;
    }
    _cleanup_free_ char *event =
        rc == 0 ? text_format("%s has changed: its contracts are in force", loop->job->contracts)
                : text_format("%s has changed, and its contracts are not in force: %s",
                              loop->job->contracts, why.text);
    loop_event(loop, event);
}

// ---- the owner

static json_t *request_control(const struct loop *loop)
{
    json_t *request = owner_request("control");
    const char *testbed = loop->testbed == NULL ? loop->job->testbed : loop->testbed;
    json_set_text(request, "testbed", testbed);
    json_object_set_new(request, "advise", json_boolean(loop->job->advise));
    json_object_set_new(request, "pid", json_integer(getpid()));
    return request;
}

// Connects to the owner and takes control of the testbed.
static int owner_connect_to(struct loop *loop, struct error *err)
{
    json_t *answer = NULL;
    owner_session_close(loop->session);
    loop->session = NULL;
    int rc = owner_session_open(&loop->session, err);
    rc = rc < 0 ? rc : owner_session_call(loop->session, request_control(loop), &answer, err);
    if (rc < 0) {
        return rc;
    }
    const char *testbed = json_string_value(json_object_get(answer, "testbed"));
    if (loop->testbed == NULL && testbed != NULL) {
        loop->testbed = text_copy(testbed);
    }
    if (loop->topology == NULL) {
        loop->topology = answer;
        return testbed == NULL ? fail(err, 0, "the testbed owner's answer is incomplete") : 0;
    }
    const bool same = json_equal(json_object_get(loop->topology, "networks"),
                                 json_object_get(answer, "networks"));
    json_decref(answer);
    return same ? 0 : fail(err, 0, "testbed %s was built differently meanwhile", loop->testbed);
}

// Leaves out parties whose shares are unknown, because they do not run: these stay.
static json_t *shares_json(const struct loop *loop, const struct control_share *shares)
{
    json_t *list = json_array();
    for (size_t i = 0; i < loop->setup.party_count; i++) {
        if (shares[i].weight > 0) {
            json_array_append_new(
                list, json_pack("{s:s, s:i, s:i}", "name", loop->setup.parties[i].name, "weight",
                                (int)shares[i].weight, "cap", (int)shares[i].cap));
        }
    }
    return list;
}

// Gives the owner the shares that it sets if this process vanishes. There are none before the first
// reading: the owner then leaves all shares as they are.
static int plan_send(struct loop *loop, struct error *err)
{
    struct control_share *plan = memory_new_array(struct control_share, loop->setup.party_count);
    bool differs = false;
    const bool known = controller_static_plan(loop->controller, plan);
    for (size_t i = 0; known && i < loop->setup.party_count; i++) {
        const double change = fabs((double)plan[i].weight - (double)loop->plan[i].weight);
        differs |= change > PLAN_TRIFLE * plan[i].weight || plan[i].cap != loop->plan[i].cap;
    }
    int rc = 0;
    if (differs && !loop->job->advise) {
        json_t *request = owner_request("plan");
        json_object_set_new(request, "shares", shares_json(loop, plan));
        rc = owner_session_call(loop->session, request, NULL, err);
        memcpy(loop->plan, plan, loop->setup.party_count * sizeof *plan);
    }
    free(plan);
    return rc;
}

// After the owner has ended: the next one takes the testbeds over.
static int owner_connect_again(struct loop *loop, struct error *err)
{
    int rc = -EPIPE;
    loop_event(loop, "the testbed owner has ended; the last shares stay until another one runs");
    for (unsigned attempt = 0; attempt < AGAIN_MOST && rc < 0; attempt++) {
        _cleanup_error_ struct error why = ERROR_INIT;
        rc = stop_sleep(AGAIN_NS, err);
        if (rc < 0) {
            return rc;
        }
        rc = owner_connect_to(loop, &why);
        if (rc < 0 && why.exit_status == EXIT_INPUT) {
            return fail(err, ENOENT, "testbed %s was taken down", loop->testbed);
        }
        if (rc < 0 && attempt + 1 == AGAIN_MOST) {
            error_move(err, &why);
            return rc;
        }
    }
    memset(loop->plan, 0, loop->setup.party_count * sizeof *loop->plan);
    controller_undone(loop->controller); // the last action may be in force in part
    rc = plan_send(loop, err);
    if (rc == 0) {
        loop_event(loop, "another testbed owner runs; control goes on");
    }
    return rc;
}

// Keeps the smallest margin of recent seconds: one that a short load left is seen after it, too.
static void margins_note(struct loop *loop)
{
    const uint64_t now_ns = clock_monotonic_ns();
    for (size_t i = 1; i < loop->setup.party_count; i++) {
        struct control_status status;
        control_status_make(&loop->setup, loop->controller, i, &status);
        recent_least_note(&loop->margins[i], now_ns, status.margin);
    }
}

// Reports the state of each router for samples.
static int status_send(struct loop *loop, struct error *err)
{
    json_t *parties = json_object();
    for (size_t i = 1; i < loop->setup.party_count; i++) {
        struct control_status status;
        control_status_make(&loop->setup, loop->controller, i, &status);
        status.margin = recent_least(&loop->margins[i]);
        json_object_set_new(parties, loop->setup.parties[i].name,
                            control_status_json(&status, loop->last_actions[i]));
    }
    loop->broken_s = control_broken_s(&loop->setup, loop->controller);
    json_t *request = owner_request("status");
    json_object_set_new(request, "parties", parties);
    return owner_session_call(loop->session, request, NULL, err);
}

// Takes control that the owner has withdrawn, having set the shares of the plan. The new lease has
// no plan yet. The owner also withdraws control of a testbed that is taken down.
static int control_take_again(struct loop *loop, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    memset(loop->plan, 0, loop->setup.party_count * sizeof *loop->plan);
    controller_undone(loop->controller);
    loop->looked_ns = 0; // the next report, which sends the plan, is due
    const int rc = owner_connect_to(loop, &why);
    if (rc == 0) {
        loop_event(loop, "the testbed owner had withdrawn control; taking it again");
    } else if (why.exit_status == EXIT_INPUT) {
        return fail(err, ENOENT, "testbed %s was taken down", loop->testbed);
    } else {
        error_move(err, &why);
    }
    return rc;
}

// ---- one step

static void refusal_forget(struct loop *loop)
{
    free(loop->refusal);
    loop->refusal = NULL;
}

// Puts an action in force. A busy testbed, or a router that died meanwhile, is no failure.
static int action_apply(struct loop *loop, const struct control_action *action, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    json_t *request = owner_request("shares");
    json_object_set_new(request, "shares", shares_json(loop, action->shares));
    int rc = owner_session_call(loop->session, request, NULL, &why);
    if (rc == -EPIPE) {
        return rc;
    }
    if (rc == -EPERM) {
        return control_take_again(loop, err);
    }
    if (rc < 0) {
        controller_undone(loop->controller);
        if (loop->refusal == NULL || !text_equal(loop->refusal, why.text)) {
            _cleanup_free_ char *event = text_format("no change: %s", why.text);
            loop_event(loop, event);
            refusal_forget(loop);
            loop->refusal = text_copy(why.text);
        }
        return stop_requested() ? fail_interrupted(err) : 0;
    }
    refusal_forget(loop);
    return 1;
}

static char *action_text(const struct loop *loop, const struct control_action *action)
{
    const struct control_view *view = controller_view(loop->controller);
    char *text = text_format("%s%s:", loop->job->advise ? "would act: " : "", action->reason);
    for (size_t i = 0; i < loop->setup.party_count; i++) {
        const struct control_party_view *party = &view->parties[i];
        const struct control_share *share = &action->shares[i];
        if (share->weight == party->weight && share->cap == party->cap) {
            continue;
        }
        _cleanup_free_ char *cap = share->cap == party->cap
                                       ? text_copy("")
                                       : text_format(" cap %u to %u %%", party->cap, share->cap);
        text_append(&text, " ", "%s %u to %u%s%s", loop->setup.parties[i].name, party->weight,
                    share->weight, cap, i + 1 < loop->setup.party_count ? "," : "");
    }
    return text;
}

static int loop_act(struct loop *loop, const struct control_action *action, struct error *err)
{
    const struct control_view *view = controller_view(loop->controller);
    int rc = loop->job->advise ? advised_take(&loop->advised, action, loop->setup.party_count)
                               : action_apply(loop, action, err);
    if (rc <= 0) {
        return rc;
    }
    loop->actions++;
    _cleanup_free_ char *text = action_text(loop, action);
    loop->job->say(loop->job->context, text);
    loop_write(loop, audit_action(clock_realtime_ns(), loop->testbed, loop->job->policy->name,
                                  loop->job->advise, view, action));
    for (size_t i = 0; i < loop->setup.party_count; i++) {
        if (action->shares[i].weight != view->parties[i].weight ||
            action->shares[i].cap != view->parties[i].cap) {
            free(loop->last_actions[i]);
            loop->last_actions[i] = text_copy(action->reason);
        }
    }
    return 0;
}

// Gives the owner what it must know of this controller. Control that was withdrawn is taken again.
static int loop_report(struct loop *loop, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = plan_send(loop, &why);
    rc = rc < 0 ? rc : status_send(loop, &why);
    if (rc == -EPERM) {
        return control_take_again(loop, err);
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    return rc;
}

static int loop_step(struct loop *loop, struct error *err)
{
    _cleanup_sample_ struct sample sample = {.began_ns = 0};
    struct control_action action = {.shares = NULL};
    int rc = owner_session_sample(loop->session, loop->testbed, &sample, err);
    if (rc < 0) {
        return rc;
    }
    if (sample.count == 0) {
        return 0; // the testbed is being taken down, or is not taken over yet
    }
    control_map_read(loop->map, &loop->setup, &sample, &loop->reading);
    if (controller_take(loop->controller, &loop->reading, NULL, &action)) {
        rc = loop_act(loop, &action, err);
    } else {
        refusal_forget(loop);
    }
    control_action_clear(&action);
    for (char *fault = NULL; (fault = controller_fault(loop->controller)) != NULL; free(fault)) {
        loop_event(loop, fault);
    }
    margins_note(loop);
    const uint64_t now_ns = clock_monotonic_ns();
    const double broken_s = control_broken_s(&loop->setup, loop->controller);
    const uint64_t look_ns = broken_s > loop->broken_s ? LOOK_SOON_NS : LOOK_NS;
    if (rc == 0 && now_ns - loop->looked_ns > look_ns) {
        loop->looked_ns = now_ns;
        contracts_look(loop);
        rc = loop->job->advise ? 0 : loop_report(loop, err);
    }
    return rc;
}

static int loop_go_on(struct loop *loop, struct error *err)
{
    const struct control_job *job = loop->job;
    const uint64_t every_ns = (uint64_t)((double)NS_PER_S / job->rate_hz);
    uint64_t next_ns = loop->began_ns;
    int rc = 0;
    while (rc == 0 && !stop_requested()) {
        _cleanup_error_ struct error why = ERROR_INIT;
        const uint64_t now_ns = clock_monotonic_ns();
        if (job->seconds > 0.0 &&
            (double)(now_ns - loop->began_ns) >= job->seconds * (double)NS_PER_S) {
            return 0;
        }
        next_ns = next_ns + every_ns < now_ns ? now_ns : next_ns + every_ns; // no burst when late
        rc = stop_sleep_until(next_ns, NULL) < 0 ? 0 : loop_step(loop, &why);
        if (rc == -EPIPE) {
            rc = owner_connect_again(loop, err);
        } else if (rc < 0) {
            error_move(err, &why);
        }
    }
    return stop_requested() ? 0 : rc;
}

// ---- the end

static void row_make(const struct loop *loop, size_t number, struct control_row *ret)
{
    const struct control_flow *flow = &loop->setup.flows[number];
    const struct control_tally *tally = controller_tally(loop->controller, number);
    const struct control_view *view = controller_view(loop->controller);
    const size_t first = flow->stage_count > 0 ? flow->stages[0] : CONTROL_HOST;
    *ret = (struct control_row){
        .network = text_copy(flow->name),
        .routers = text_copy(""),
        .has_contract = flow->has_contract || loop->refused[number],
        .refused = loop->refused[number],
        .contract = flow->contract,
        .tally = *tally,
        .margin = controller_margin(loop->controller, number),
        .loss = tally->offered > 0 ? (double)tally->lost / (double)tally->offered : NAN,
        .share = {view->parties[first].weight, view->parties[first].cap},
        .last_action =
            loop->last_actions[first] == NULL ? NULL : text_copy(loop->last_actions[first])};
    ret->offered_pps = tally->seconds > 0.0 ? (double)tally->offered / tally->seconds : 0.0;
    for (size_t s = 0; s < flow->stage_count; s++) {
        const size_t party = flow->stages[s];
        text_append(&ret->routers, " ", "%s", loop->setup.parties[party].name);
        ret->cost_ns += view->parties[party].cost_ns > 0.0 ? view->parties[party].cost_ns : NAN;
    }
}

static void report_make(const struct loop *loop, struct control_report *ret)
{
    ret->testbed = text_copy(loop->testbed);
    ret->actions = loop->actions;
    ret->seconds = (double)(clock_monotonic_ns() - loop->began_ns) / (double)NS_PER_S;
    ret->count = loop->setup.flow_count;
    ret->rows = memory_new_array(struct control_row, ret->count);
    for (size_t i = 0; i < ret->count; i++) {
        row_make(loop, i, &ret->rows[i]);
    }
}

void control_report_clear(struct control_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->rows[i].network);
        free(report->rows[i].routers);
        free(report->rows[i].last_action);
    }
    free(report->rows);
    free(report->testbed);
    *report = (struct control_report){.testbed = NULL};
}

static void loop_close(struct loop *loop)
{
    if (loop->session != NULL && !loop->job->advise) {
        (void)owner_session_call(loop->session, owner_request("release"), NULL, NULL);
    }
    owner_session_close(loop->session);
    for (size_t i = 0; loop->last_actions != NULL && i < loop->setup.party_count; i++) {
        free(loop->last_actions[i]);
    }
    free(loop->last_actions);
    free(loop->margins);
    free(loop->refused);
    free(loop->plan);
    advised_clear(&loop->advised);
    free(loop->refusal);
    controller_free(loop->controller);
    control_reading_clear(&loop->reading);
    control_setup_clear(&loop->setup);
    control_map_free(loop->map);
    contracts_free(loop->contracts);
    json_decref(loop->topology);
    free(loop->testbed);
}

int control_run(const struct control_job *job, struct control_report *ret, struct error *err)
{
    struct loop loop = {.job = job};
    int rc = contracts_load(&loop, &loop.contracts, err);
    rc = rc < 0 ? rc : owner_connect_to(&loop, err);
    rc = rc < 0 ? rc : contracts_apply(&loop, err);
    if (rc == 0) {
        loop.began_ns = clock_monotonic_ns(); // the plan follows the first reading
        _cleanup_free_ char *event =
            text_format("%s testbed %s by policy %s, %.0f readings a second",
                        job->advise ? "watching" : "controlling", loop.testbed, job->policy->name,
                        job->rate_hz);
        loop_event(&loop, event);
        rc = loop_go_on(&loop, err);
        report_make(&loop, ret);
    }
    if (rc == 0 && loop.audit_errno != 0) {
        rc = fail(err, loop.audit_errno, "the audit log lacks lines: writing it failed");
    }
    loop_close(&loop);
    return rc;
}
