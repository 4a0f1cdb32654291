// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/loan — a standing testbed that this process has borrowed from its owner, to measure on it.
 *
 * During the loan, the owner refuses all requests that would change the testbed, and another loan.
 * Only weights and caps may be set meanwhile, if the borrower permits that. The borrower attaches
 * to the testbed by its record and changes nothing that remains. If this process dies, the loan
 * ends. Called by cli/ and run/.
 */
#ifndef VRBENCH_OWNER_LOAN_H
#define VRBENCH_OWNER_LOAN_H

#include "testbed/testbed.h"

struct loan;

// Borrows a testbed by its name or id (NULL = any) and the name of one of its networks (NULL =
// any). `shares_move`: weights and caps may be set meanwhile. Exit status 2 if there is none or
// several.
int loan_take(const char *testbed, const char *network, bool shares_move, struct loan **ret,
              struct error *err);
// Returns the testbed. NULL is fine.
void loan_return(struct loan *loan);

// Makes the scenario that the testbed was built for, with its present CPU allocations and its
// topology only. The caller frees it.
int loan_scenario(const struct loan *loan, struct scenario **ret, struct error *err);
// Sets the scenario that is measured, which must outlive the loan; `network` is the only one that
// is sent on, SIZE_MAX = all. Fails with exit status 2 and the reason if the testbed does not fit.
int loan_measure(struct loan *loan, const struct scenario *scenario, size_t network,
                 struct error *err);
// Whether weights and caps may be set meanwhile.
bool loan_moves_shares(const struct loan *loan);
// The testbed as an object of this process.
struct testbed *loan_testbed(const struct loan *loan);
// After a router has died: returns the testbed, so that its owner restarts the router, and borrows
// it again. Fails if the router is not to be restarted. The object of the testbed is a new one.
int loan_renew(struct loan *loan, struct error *err);

#endif
