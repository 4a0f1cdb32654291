// SPDX-License-Identifier: GPL-3.0-or-later
// measure/meter — see meter.h. Called by trial.c.
#include "measure/meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "measure/meter_domain.h"

// The number of packets by which a party's time is divided.
static uint64_t packets_of(const struct testbed_party *party, const struct point *point)
{
    uint64_t packets = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        if (network->tcp.measured) {
            continue; // its acknowledgements cost CPU time too, and are not counted
        }
        switch (party->kind) {
        case PARTY_TESTER:
            packets += network->tx;
            break;
        case PARTY_HOST:
            packets += network->rx;
            break;
        case PARTY_ROUTER:
            packets += network_passes(network, party->name) ? network->rx : 0;
            break;
        }
    }
    return packets;
}

static const char *used_by(const struct plan *plan, unsigned cpu)
{
    if (plan->topology != TOPOLOGY_DIRECT && plan->shared_cpus) {
        return "shared";
    }
    return cpu_list_has(&plan->tester_cpus, cpu) ? "tester" : "dut";
}

// Time that the host's kernel counts as stolen from a CPU of `cpus`.
static double stolen(const struct testbed *testbed, const struct meter_reading *before,
                     const struct meter_reading *after, size_t cpu)
{
    double steal = meter_growth(before->times[cpu].steal_ns, after->times[cpu].steal_ns);
    uint64_t others = 0;
    bool known = meter_others_ns(testbed, before, after, &others);
    return known && (double)others < steal ? (double)others : steal;
}

static void account_processors(const struct testbed *testbed, const struct meter_reading *before,
                               const struct meter_reading *after, struct point *point)
{
    const struct plan *plan = testbed_plan(testbed);
    point->processor_count = before->cpus.count;
    point->processors = memory_new_array(struct processor_result, point->processor_count);
    for (size_t i = 0; i < point->processor_count; i++) {
        double busy = meter_growth(before->times[i].busy_ns, after->times[i].busy_ns);
        double idle = meter_growth(before->times[i].idle_ns, after->times[i].idle_ns);
        double steal = stolen(testbed, before, after, i);
        double whole =
            busy + idle + meter_growth(before->times[i].steal_ns, after->times[i].steal_ns);
        point->processors[i] = (struct processor_result){
            .cpu = before->cpus.cpus[i],
            .used_by = text_copy(used_by(plan, before->cpus.cpus[i])),
            .busy_percent = whole > 0.0 ? 100.0 * busy / whole : 0.0,
            .steal_percent = whole > 0.0 ? 100.0 * steal / whole : 0.0,
            .softirq_percent = (double)NAN,
        };
    }
}

// Sums the parts of a party and, if `apart` and there are several, lists them.
static void account_parts(const struct meter_party *before, const struct meter_party *after,
                          bool apart, uint64_t sending_ns, struct cpu_result *cpu, double *ret_ns)
{
    double sum = 0.0;
    if (apart && after->count > 1) {
        cpu->parts = memory_new_array(struct cpu_part_result, after->count);
        cpu->part_count = after->count;
    }
    for (size_t i = 0; i < after->count; i++) {
        uint64_t was = i < before->count ? before->parts[i].ns : 0;
        double ns = meter_growth(was, after->parts[i].ns);
        sum += ns;
        if (cpu->parts != NULL) {
            cpu->parts[i] = (struct cpu_part_result){.name = text_copy(after->parts[i].name),
                                                     .percent = 100.0 * ns / (double)sending_ns};
        }
    }
    *ret_ns = sum;
}

// CPU time in ns of the device under test's CPUs that is not metered for host, routers or (if CPUs
// are shared) the tester. /proc/stat has the resolution of ticks, so it may be slightly too small.
static double rest_ns(const struct testbed *testbed, const struct meter_reading *before,
                      const struct meter_reading *after)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    double rest = 0.0;
    for (size_t i = 0; i < before->cpus.count; i++) {
        if (cpu_list_has(&plan->dut_cpus, before->cpus.cpus[i])) {
            rest += meter_growth(before->times[i].busy_ns, after->times[i].busy_ns);
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool there = parties[i].kind != PARTY_TESTER || plan->shared_cpus;
        rest -= there ? meter_party_growth(&before->parties[i], &after->parties[i]) : 0.0;
    }
    return rest > 0.0 ? rest : 0.0;
}

// Adds a part to a party's figure.
static void add_part(struct cpu_result *cpu, const char *first, const char *name, double percent)
{
    if (cpu->part_count == 0) { // the figure had a single part so far
        cpu->parts = memory_new(1, sizeof *cpu->parts);
        cpu->parts[cpu->part_count++] =
            (struct cpu_part_result){.name = text_copy(first), .percent = cpu->percent};
    }
    cpu->parts = memory_resize(cpu->parts, cpu->part_count + 1, sizeof *cpu->parts);
    cpu->parts[cpu->part_count++] =
        (struct cpu_part_result){.name = text_copy(name), .percent = percent};
    cpu->percent += percent;
}

// For a host in a domain, and the tester in the same domain: replaces the time charged by its
// kernel by the time that the hypervisor gave to the domain. The host's time that no task is
// charged with is its part "rest".
static void account_in_domain(const struct domain_split *split, enum party_kind kind,
                              const struct meter_party *after, uint64_t sending_ns,
                              struct cpu_result *cpu, double *ns)
{
    double whole = kind == PARTY_TESTER ? split->tester_ns : split->host_ns;
    double named = *ns < whole ? *ns : whole;
    for (size_t i = 0; i<cpu->part_count && * ns> 0.0; i++) {
        cpu->parts[i].percent *= named / *ns;
    }
    cpu->percent = 100.0 * named / (double)sending_ns;
    if (kind == PARTY_HOST) {
        add_part(cpu, after->parts[0].name, METER_REST,
                 100.0 * (whole - named) / (double)sending_ns);
    }
    cpu->has_within = split->within_ns > 0.0;
    cpu->within = 100.0 * split->within_ns / (double)sending_ns;
    *ns = whole;
}

void meter_account(const struct testbed *testbed, const struct meter_reading *before,
                   const struct meter_reading *after, uint64_t sending_ns, struct point *point)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    struct domain_split split;
    bool in_domain = meter_domain_split(testbed, before, after, &split);
    point->cpu = memory_new_array(struct cpu_result, count);
    point->cpu_count = count;
    point->memory = memory_new_array(struct memory_result, count);
    point->starts = memory_new_array(struct start_result, count);
    point->cpu_total_percent = 0.0;
    for (size_t i = 0; i < count; i++) {
        double ns = 0.0;
        struct cpu_result *cpu = &point->cpu[i];
        bool apart = parties[i].kind != PARTY_TESTER;
        account_parts(&before->parties[i], &after->parties[i], apart, sending_ns, cpu, &ns);
        uint64_t packets = packets_of(&parties[i], point);
        cpu->name = text_copy(parties[i].name);
        cpu->percent = 100.0 * ns / (double)sending_ns;
        if (in_domain && parties[i].kind != PARTY_ROUTER) {
            account_in_domain(&split, parties[i].kind, &after->parties[i], sending_ns, cpu, &ns);
        } else if (parties[i].kind == PARTY_HOST && testbed_rest_is_hosts(testbed)) {
            double rest = rest_ns(testbed, before, after);
            add_part(cpu, after->parties[i].parts[0].name, METER_REST,
                     100.0 * rest / (double)sending_ns);
            ns += rest;
        }
        cpu->has_ns_per_packet = packets > 0;
        cpu->ns_per_packet = packets > 0 ? ns / (double)packets : 0.0;
        if (parties[i].kind != PARTY_TESTER) {
            point->cpu_total_percent += point->cpu[i].percent;
        }
        if (parties[i].memory_bytes > 0) {
            point->memory[point->memory_count++] = (struct memory_result){
                .name = text_copy(parties[i].name), .bytes = parties[i].memory_bytes};
        }
        if (parties[i].start_ns > 0) {
            point->starts[point->start_count++] = (struct start_result){
                .name = text_copy(parties[i].name), .ns = parties[i].start_ns};
        }
    }
    account_processors(testbed, before, after, point);
}

uint64_t meter_stolen_ns(const struct testbed *testbed, const struct meter_reading *before,
                         const struct meter_reading *after, bool tester)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct cpu_list *cpus = tester ? &plan->tester_cpus : &plan->dut_cpus;
    uint64_t most = 0;
    for (size_t i = 0; i < before->cpus.count; i++) {
        uint64_t ns = (uint64_t)stolen(testbed, before, after, i);
        if (cpu_list_has(cpus, before->cpus.cpus[i]) && ns > most) {
            most = ns;
        }
    }
    return most;
}
