// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/verdict — what a rule can find, and the figures that rules compare with. The programme
 * draws its loads by the same figures. Of every ratio, CPU is percent of one CPU and loss is the
 * frame loss ratio.
 */
#ifndef VRBENCH_STUDY_VERDICT_H
#define VRBENCH_STUDY_VERDICT_H

enum claim_verdict { CLAIM_UNDECIDED, CLAIM_CONFIRMED, CLAIM_REFUTED };

// 1 Host cost. At the same offered load and length, for each length: "a lot" is at least this share
// of the CPU of host and routers, bridged; "next to none" at most this share of the host's bridged
// CPU, dedicated. Refuted below and above the second figure of each.
#define HOST_MUCH          0.25
#define HOST_LITTLE        0.10
#define NEXT_TO_NONE       0.10
#define NOT_NEXT_TO_NONE   0.50
// 2 Packet length. Each shorter length needs at least this factor more CPU at the same bit rate.
#define LENGTH_FACTOR      1.10
// 3 Number of routers. Routing CPU of two dedicated routers over that of one: twice, within this.
#define TWICE_WITHIN       0.15
// The host's bridged CPU as (number of routers)^b, fitted over 1, 2 and 4: above this b it grows
// faster than linearly.
#define FASTER_THAN_LINEAR 1.05
// CPU under the same load in testbeds made one after the other differs by this share, however
// still each of them is: added to the spread of what is set against each other here.
#define RUN_TO_RUN         0.10
// Conditions whose CPU is compared must carry their load but for this loss.
#define LOSS_CARRIED       0.01
// 4 Overload. A fall counts from this share of the highest forwarding rate on; that there is none
// is believed only if so many times the load of that rate were offered.
#define OVERLOAD_FACTOR    1.3
#define FALL               0.05
// 5 Caps. At loads that need this factor more than the cap, loss above that without a cap by at
// least this; a network not concerned must lose no more than LOSS_CARRIED above it.
#define NEED_ABOVE_CAP     1.15
#define CAP_LOSS           0.03
// 6 Priority. Only under contention: CPU of host and routers together of at least this share of
// theirs. A move counts from so many points of share of CPU, and this share of the forwarding rate.
#define CONTENDED          0.85
#define SHARE_MOVED        0.03
#define RATE_MOVED         0.03
// 7 Tester limits. What a routed topology forwards may exceed the highest load that direct carries
// by this; only above the load that direct can't carry is the claim refuted.
#define BOUND_WITHIN       0.03
// 8 Memory. Total over 1 to 16 routers on a straight line to within this share of the largest total
// (refuted beyond three times it); the routers of the largest run take at most this share of the
// machine's memory.
#define LINEAR_WITHIN      0.10
#define MEMORY_SHARE       0.10

#endif
