// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/verdict — the possible verdicts, and the figures that rules compare with. The programme
 * draws its loads by the same figures. CPU is percent of one CPU, and loss is the frame loss ratio.
 */
#ifndef VRBENCH_STUDY_VERDICT_H
#define VRBENCH_STUDY_VERDICT_H

enum claim_verdict { CLAIM_UNDECIDED, CLAIM_CONFIRMED, CLAIM_REFUTED };

// 1 Host cost. At the same offered load, for each length: "a lot" is at least this share of the CPU
// of host and routers, bridged; "next to none" at most this share of the host's bridged CPU,
// dedicated. Refuted below and above the second figure of each.
#define HOST_MUCH          0.25
#define HOST_LITTLE        0.10
#define NEXT_TO_NONE       0.10
#define NOT_NEXT_TO_NONE   0.50
// 2 Packet length. Each shorter length requires at least this factor more CPU at the same bit rate.
#define LENGTH_FACTOR      1.10
// 3 Number of routers. Ratio of the routing CPU of two dedicated routers to that of one: twice,
// within this.
#define TWICE_WITHIN       0.15
// The host's bridged CPU as (number of routers)^b, fitted over 1, 2 and 4: above this b it grows
// faster than linearly.
#define FASTER_THAN_LINEAR 1.05
// Relative difference of CPU under the same load between testbeds made one after the other: the
// interval of the comparison is widened by it.
#define RUN_TO_RUN         0.10
// Conditions whose CPU is compared must carry their load up to this loss.
#define LOSS_CARRIED       0.01
// 4 Overload. A fall counts from this share of the highest forwarding rate on, at this factor of
// that rate's load and more: nearer loads hardly differ from it.
#define OVERLOAD_FACTOR    1.3
#define FALL               0.05
// 5 Caps. At loads that require this factor more than the cap, the loss must exceed that without a
// cap by at least this; the loss of other networks must not.
#define NEED_ABOVE_CAP     1.3
#define CAP_LOSS           0.03
// 6 Priority. Only under contention: host and routers together use at least this share of their
// CPU, and lose this share of the packets. A move counts from so many points of share of CPU, and
// this share of the forwarding rate.
#define CONTENDED          0.85
#define CONTENDED_LOSS     0.05
#define SHARE_MOVED        0.03
#define RATE_MOVED         0.03
// 7 Tester limits. A routed topology may exceed the highest load that direct carries by this; the
// claim is refuted only above the load that direct cannot carry.
#define BOUND_WITHIN       0.03
// 8 Memory. The total over 1 to 16 routers lies on a straight line within this share of the largest
// total (refuted beyond three times it); the routers of the largest run take at most this share of
// the machine's memory.
#define LINEAR_WITHIN      0.10
#define MEMORY_SHARE       0.10
// 9 and 10 Monitoring. An error counts from so many percent of a CPU on; it is read at these
// factors of the carried load; answers are slowed down from this factor on.
#define MONITOR_ERROR      5.0
#define WATCH_BELOW        0.02
#define WATCH_ABOVE        1.6
#define ANSWER_FACTOR      2.0
// 11 Prediction. The interval of a prediction is widened by RUN_TO_RUN; one that is wider than this
// share of the predicted figure predicts nothing.
#define WIDE_PREDICTION    0.5
// 12 Control. The greatest loss that the contract allows, its rate as a multiple of the load, and
// the load as a part of what one router carries.
#define CONTRACT_LOSS      0.01
#define CONTRACT_RATE      1.05
#define CONTRACT_LOAD      0.65

#endif
