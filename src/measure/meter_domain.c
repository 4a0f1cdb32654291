// SPDX-License-Identifier: GPL-3.0-or-later
// measure/meter_domain — see meter_domain.h. Called by meter.c and verdict.c.
#include "measure/meter_domain.h"

#include <math.h>

bool meter_others_ns(const struct testbed *testbed, const struct meter_reading *before,
                     const struct meter_reading *after, uint64_t *ret)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    if (!before->has_hypervisor || !after->has_hypervisor) {
        return false;
    }
    double others = meter_growth(before->hypervisor.all_ns, after->hypervisor.all_ns) -
                    meter_growth(before->hypervisor.host_ns, after->hypervisor.host_ns);
    for (size_t i = 0; i < count; i++) {
        others -= parties[i].kind == PARTY_ROUTER
                      ? meter_party_growth(&before->parties[i], &after->parties[i])
                      : 0.0;
    }
    *ret = others > 0.0 ? (uint64_t)others : 0;
    return true;
}

// Time that the kernel charged to the tester's tasks.
static double charged_to_tester(const struct testbed *testbed, const struct meter_reading *before,
                                const struct meter_reading *after)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    double charged = 0.0;
    for (size_t i = 0; i < count; i++) {
        charged += parties[i].kind == PARTY_TESTER
                       ? meter_party_growth(&before->parties[i], &after->parties[i])
                       : 0.0;
    }
    return charged;
}

static double stolen_from(const struct cpu_list *cpus, const struct meter_reading *before,
                          const struct meter_reading *after)
{
    double sum = 0.0;
    for (size_t i = 0; i < before->cpus.count; i++) {
        for (size_t j = 0; j < cpus->count; j++) {
            sum += before->cpus.cpus[i] == cpus->cpus[j]
                       ? meter_growth(before->times[i].steal_ns, after->times[i].steal_ns)
                       : 0.0;
        }
    }
    return sum;
}

// CPU time of the virtual CPUs of those numbers.
static double got_by(const struct cpu_list *cpus, const struct hypervisor_times *before,
                     const struct hypervisor_times *after)
{
    double sum = 0.0;
    for (size_t i = 0; i < cpus->count; i++) {
        unsigned cpu = cpus->cpus[i];
        bool known = cpu < before->host_vcpu_count && cpu < after->host_vcpu_count;
        sum += known ? meter_growth(before->host_vcpus[cpu].ns, after->host_vcpus[cpu].ns) : 0.0;
    }
    return sum;
}

struct domain_split domain_split(double whole, double charged, double own, double stolen)
{
    double most = fmin(charged, whole);
    struct domain_split split = {.tester_ns = fmin(most, own)};
    if (isinf(own)) {
        double least = fmin(most, fmax(0.0, charged - stolen));
        double likely = whole > 0.0 ? charged * whole / (whole + stolen) : 0.0;
        split.tester_ns = fmin(most, fmax(least, likely));
        split.within_ns = fmax(most - split.tester_ns, split.tester_ns - least);
    }
    split.host_ns = whole - split.tester_ns;
    return split;
}

bool meter_domain_split(const struct testbed *testbed, const struct meter_reading *before,
                        const struct meter_reading *after, struct domain_split *ret)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct hypervisor_times *was = &before->hypervisor;
    const struct hypervisor_times *now = &after->hypervisor;
    if (!before->has_hypervisor || !after->has_hypervisor) {
        return false;
    }
    bool alone = plan->topology == TOPOLOGY_DIRECT || !plan->shared_cpus;
    double own = alone ? got_by(&plan->tester_cpus, was, now) : INFINITY;
    *ret = domain_split(meter_growth(was->host_ns, now->host_ns),
                        charged_to_tester(testbed, before, after), own,
                        stolen_from(&plan->tester_cpus, before, after));
    return true;
}
