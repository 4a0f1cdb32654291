// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/loan — a standing testbed that its owner lends to another process, which measures on it.
 *
 * The borrower attaches to the testbed by its record. What it does to the testbed ends with its
 * process (BPF links, sockets, programs of engines), except the priorities that testbed_reclaim()
 * restores. Called by owner/: the owner's side, and the borrower's.
 */
#ifndef VRBENCH_TESTBED_LOAN_H
#define VRBENCH_TESTBED_LOAN_H

#include "linux/process.h"
#include "testbed/testbed.h"

// Writes to the record which process borrows the testbed, and whether the loan permits that weights
// and caps are set meanwhile.
int testbed_lend(struct testbed *testbed, pid_t borrower, bool shares_move, struct error *err);
// Whether the present loan permits that, according to the record.
bool testbed_loan_moves_shares(const struct testbed *testbed);
// Whether a living process has borrowed the testbed, according to the record.
bool testbed_is_lent(const struct testbed *testbed, struct process_id *ret_borrower);
// Restores what a borrower that was killed left behind, and removes the borrower from the record.
int testbed_reclaim(struct testbed *testbed, struct error *err);

// Prepares an attached testbed for measuring another scenario on it, which must outlive the
// testbed's object: lengths, rates and everything else of `traffic` become those of the scenario.
// Fails with exit status 2 and the reason if the testbed does not fit the scenario. With
// `shares_move`, weights and caps may differ, since they may be set meanwhile.
int testbed_measure_as(struct testbed *testbed, const struct scenario *scenario, bool shares_move,
                       struct error *err);
// Forgets the paths of all networks except one: only its packets are sent and counted.
void testbed_keep_network(struct testbed *testbed, size_t network);

// Gives a session (of the record: [leader, start time, nice value]) the priority back that it had
// before a process in it, which was killed, sent packets.
void session_restore(const json_t *session);

#endif
