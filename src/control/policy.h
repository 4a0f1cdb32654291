// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/policy — the interface of policies, and the sums that several of them need.
 *
 * A policy maps what readings show to a share for each party. A new policy is one file and one row
 * of the table in policy.c.
 */
#ifndef VRBENCH_CONTROL_POLICY_H
#define VRBENCH_CONTROL_POLICY_H

#include "control/control.h"

struct control_policy {
    const char *name;
    const char *summary;
    bool foresees; // requires future loads, which only the simulator knows
    bool lazy;     // acts only if a party lacks its share, or a contract is broken
    // Fills `ret` with a share for each party, in any unit; all positive.
    void (*divide)(const struct control_view *view, double *ret);
};

extern const struct control_policy control_policy_contract, control_policy_static,
    control_policy_peak, control_policy_rate_cost, control_policy_oracle;

const struct control_policy *control_policy_called(const char *name); // NULL if there is none

// ---- sums (need.c)

// Percent of a CPU that `pps` packets/s of a flow cost at a party; 0 if it does not pass there or
// its cost is unknown.
double need_at(const struct control_view *view, size_t flow, size_t party, double pps);
// The rate of a flow that its contract covers, of an offered one; 0 without a contract.
double need_covered(const struct control_flow *flow, double pps);
// Percent that each party needs so that all flows of `pps` lose nothing. `offered` are their whole
// loads: threads of a party share its time equally, so a flow of a great load delays others there.
void need_of_loads(const struct control_view *view, const double *pps, const double *offered,
                   double *ret);
// A load of a flow in packets/s, as a policy sees it.
typedef double need_load(const struct control_view *view, size_t flow);
// Divides the CPU in proportion to what parties need for these loads, at least 1 % for each.
void need_share_loads(const struct control_view *view, need_load *load, double *ret);
// Divides the CPU in proportion to what parties need for the rates of the contracts; `load` are the
// whole loads, for need_of_loads(). As long as the present needs together fit the CPU, these shares
// keep every contract: a party lacks CPU only below a water level at which all parties together use
// less than they need (docs/control.md).
void need_reserve(const struct control_view *view, need_load *load, double *ret);
// Divides the CPU: grants the part of these loads that contracts cover in the order of priorities
// as far as it suffices, and divides what is left in proportion to what the contracts may still
// demand.
void need_by_priority(const struct control_view *view, need_load *load, double *ret);
// Whether need_by_priority() grants a flow less than its contract covers, for each flow.
void need_denied(const struct control_view *view, need_load *load, bool *ret);
// Whether the part of these loads that contracts cover needs more CPU than there is.
bool need_exceeds(const struct control_view *view, need_load *load);
// Numbers of the flows with contracts, in the order in which they are served. The caller frees it.
size_t *need_order(const struct control_view *view, size_t *ret_count);
// What the weights in force guarantee to each party if all others want more.
void need_guaranteed(const struct control_view *view, double *ret);

#endif
