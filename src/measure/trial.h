// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/trial — one trial on a standing testbed: read, start, run, stop, drain, read again.
 *
 * A bench is a testbed with an engine on it; it runs trials one after another. Whatever keeps a
 * trial from being trusted is written into its point (`valid`, `why_invalid`).
 */
#ifndef VRBENCH_MEASURE_TRIAL_H
#define VRBENCH_MEASURE_TRIAL_H

#include "result/result.h"
#include "testbed/testbed.h"
#include "traffic/engine.h"

struct bench;

// Builds the testbed for one topology of a scenario and opens the engine on it.
int bench_open(const struct scenario *scenario, enum topology topology, struct bench **ret,
               struct error *err);
// Takes it all down again. NULL is fine.
int bench_close(struct bench *bench, struct error *err);
// Makes ready to read CPU as the study did, for trials of `duration_ns`: an agent's script measures
// for a third of it, asked so that it is done at two thirds.
int bench_read_by_snmp(struct bench *bench, uint64_t duration_ns, struct error *err);
const struct testbed *bench_testbed(const struct bench *bench);

struct trial_request {
    unsigned length; // of the scenario's length layer
    double pps;      // a network
    uint64_t duration_ns;
    unsigned step, repeat; // noted in the point
    bool by_snmp;          // CPU of host and routers is read as bench_read_by_snmp() made ready
};

// How often a trial is run before it is kept although the machine was robbed of CPU meanwhile.
#define TRIAL_ATTEMPTS 4U

// Runs a trial, again (at most `attempts` in all) while the hypervisor took CPU that the figures
// needed or the engine's counts can't be believed; the least robbed one is kept. -EINTR if a stop
// was requested, -EBADMSG if none of the attempts gave counts to believe: nothing is kept.
int trial_run(struct bench *bench, const struct trial_request *request, unsigned attempts,
              struct point *ret, struct error *err);

#endif
