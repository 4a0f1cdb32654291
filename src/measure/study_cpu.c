// SPDX-License-Identifier: GPL-3.0-or-later
// measure/study_cpu — see study_cpu.h.
#include "measure/study_cpu.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"

static void remove_party(struct point *point, size_t at)
{
    struct cpu_result *cpu = &point->cpu[at];
    cpu_result_clear(cpu);
    memmove(cpu, cpu + 1, (point->cpu_count - at - 1) * sizeof *cpu);
    point->cpu_count--;
}

static void replace_figure(const struct xen_domain *domain, struct cpu_result *cpu)
{
    log_note("study", "CPU of %s: %.1f %% over SNMP, %.1f %% by its counters over the whole trial",
             cpu->name, domain->cpu_percent, cpu->percent);
    cpu->percent = domain->cpu_percent;
    cpu->has_within = false;
    cpu->has_ns_per_packet = false;
    cpu_result_clear_parts(cpu);
}

void study_cpu_replace(const struct xen_stats *stats, const char *why, struct point *point)
{
    double total = 0.0;
    point->method = text_copy("study");
    for (size_t i = 0; i < point->cpu_count;) {
        struct cpu_result *cpu = &point->cpu[i];
        const char *name = text_equal(cpu->name, "host") ? XEN_STATS_HOST : cpu->name;
        const struct xen_domain *domain = xen_stats_find(stats, name);
        if (text_equal(cpu->name, "tester")) {
            i++;
        } else if (domain == NULL) {
            point_invalidate(point, "CPU of %s is unknown: %s", cpu->name,
                             why == NULL ? "the SNMP reading does not contain it" : why);
            remove_party(point, i);
        } else {
            replace_figure(domain, cpu);
            total += cpu->percent;
            i++;
        }
    }
    point->cpu_total_percent = total;
}
