// SPDX-License-Identifier: GPL-3.0-or-later
// Scenarios of several routers in a row, for test_chains.c and test_chain_losses.c.
#ifndef VRBENCH_TESTS_CHAIN_SCENARIOS_H
#define VRBENCH_TESTS_CHAIN_SCENARIOS_H

#define TRAFFIC "traffic: { lengths: [128], rates: { pps: [1000] } }\n"

static const char chain[] = "name: x\nrouters: { r1: , r2: , r3: }\n"
                            "networks: { NET0: { routers: [r1, r2, r3] } }\n" TRAFFIC;
// NET1 leaves at r2, NET2 comes in at r2, NET3 goes in the opposite direction.
static const char shared_links[] = "name: x\nrouters: { r1: , r2: , r3: }\n"
                                   "networks:\n"
                                   "  NET0: { routers: [r1, r2, r3] }\n"
                                   "  NET1: { routers: [r1, r2] }\n"
                                   "  NET2: { routers: [r2, r3], ip: 6 }\n"
                                   "  NET3: { routers: [r3, r2, r1] }\n" TRAFFIC;

#endif
