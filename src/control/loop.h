// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/loop — controls a standing testbed: reads samples through the owner, passes them to a
 * controller, and requests the shares that it returns.
 *
 * Called by cli/cmd_control.
 */
#ifndef VRBENCH_CONTROL_LOOP_H
#define VRBENCH_CONTROL_LOOP_H

#include "control/control.h"
#include "control/policy.h"
#include "model/model.h"

struct control_job {
    const char *contracts; // path of the contracts file
    const char *testbed;   // NULL = the caller's only one
    const struct control_policy *policy;
    const struct model *model; // costs of packets; NULL = they are learned from the load
    double rate_hz;
    double seconds; // 0 = until a stop is requested
    bool advise;    // changes nothing
    int audit;      // descriptor of the audit log, whose writes do not wait; -1 = none
    // Reports an action or event.
    void (*say)(void *context, const char *text);
    void *context;
};

// A network at the end.
struct control_row {
    char *network, *routers;
    bool has_contract, refused;
    struct control_contract contract;
    struct control_tally tally;
    double offered_pps, loss;   // over the whole time
    double cost_ns;             // of a packet, sum over its routers; NaN = unknown
    double margin;              // part of its share that it did not need at the end; NaN = unknown
    struct control_share share; // of its first router
    char *last_action;          // that changed its first router's share; NULL = none
};

struct control_report {
    char *testbed;
    double seconds;
    unsigned actions; // that were put in force; with `advise` those that were reported
    struct control_row *rows;
    size_t count;
};

// Controls until the time is over or a stop is requested; both are no failures. Once control has
// begun, `ret` is filled in even if it fails afterwards, as when the testbed is taken down; before,
// its testbed stays NULL.
int control_run(const struct control_job *job, struct control_report *ret, struct error *err);
void control_report_clear(struct control_report *report);
#define _cleanup_control_report_ __attribute__((cleanup(control_report_clear)))

#endif
