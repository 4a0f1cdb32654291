// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor/tester — measures the tester alone: each of vrbench's own engines in topology direct,
 * where source and sink are joined by one cable and no router forwards. Called by `vrbench doctor`.
 */
#ifndef VRBENCH_DOCTOR_TESTER_H
#define VRBENCH_DOCTOR_TESTER_H

#include "result/result.h"

// One trial of an engine.
struct tester_row {
    const char *engine;
    double requested_pps; // 0 = as fast as possible
    struct point point;   // no networks: nothing was measured, see why_invalid
    double pacing_error;  // (offered - requested) / requested; NAN if as fast as possible
    double ns_per_packet; // CPU time of source and sink per packet received; NAN = not measured
};

struct tester_report {
    unsigned length; // of the IP packets, in bytes
    struct tester_row *rows;
    size_t count;
    const char *chosen; // engine that "auto" stands for on this machine
    char *why;          // why that engine
    char *lacking;      // why the machine can't run the other engine; NULL = it can
};

// Measures both engines with packets of 64 bytes, a second for each load, on the CPUs that a run
// would use. Fails with exit status 3 if the machine can't measure at all, and with -EINTR if a
// stop was requested. The caller clears ret_report, also after a failure.
int tester_measure(struct tester_report *ret_report, struct error *err);
void tester_report_clear(struct tester_report *report);

#endif
