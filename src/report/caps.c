// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/caps — see caps.h.
 *
 * A party required more than its cap if it used its cap or more; if packets were lost at the places
 * where it should have taken them; or if packets were lost while the CPUs of host and routers had
 * idle time. Points in which its cap was set to another value say nothing about either cap.
 */
#include "report/caps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mean.h"
#include "base/text.h"
#include "report/words.h"

#define LOSS_ENOUGH 0.01 // frame loss ratio above which lack of CPU is taken as the cause
#define SPARE_BELOW 0.9  // of the CPUs' time: below this, CPUs have idle time

// A point counts here if it is valid, or invalid only because its cap was not held.
static bool is_witness(const struct point *point)
{
    const char *reason = point->why_invalid;
    while (!point->valid && reason != NULL) {
        if (!text_starts(reason, "the cap of ")) {
            return false;
        }
        reason = strstr(reason, "; ");
        reason = reason == NULL ? NULL : reason + 2;
    }
    return true;
}

// Packets lost where the party takes them: "r1t3:eth0 receive ring", "r1t3 IP: …".
static uint64_t lost_at(const struct point *point, const char *party)
{
    size_t length = strlen(party);
    uint64_t count = 0;
    for (size_t i = 0; i < point->drop_count; i++) {
        const char *where = point->drops[i].where;
        if (text_starts(where, party) && (where[length] == ':' || where[length] == ' ')) {
            count += point->drops[i].count;
        }
    }
    return count;
}

static bool has_time_to_spare(const struct point *point)
{
    size_t cpus = 0;
    for (size_t i = 0; i < point->processor_count; i++) {
        cpus += !text_equal(point->processors[i].used_by, "tester");
    }
    return cpus > 0 && point->cpu_total_percent < SPARE_BELOW * 100.0 * (double)cpus;
}

static size_t caps_of(const struct point *point)
{
    size_t count = 0;
    for (size_t i = 0; i < point->cpu_count; i++) {
        count += point->cpu[i].cap > 0;
    }
    return count;
}

static bool is_loaded(const struct point *point, const struct cpu_result *cpu)
{
    bool host = text_equal(cpu->name, "host");
    uint64_t tx = 0;
    uint64_t lost = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        if (host || network_passes(network, cpu->name)) {
            tx += network->tx;
            lost += network->lost;
        }
    }
    double enough = LOSS_ENOUGH * (double)tx;
    return cpu->percent >= (double)cpu->cap ||
           (tx > 0 && (double)lost_at(point, cpu->name) >= enough) ||
           (tx > 0 && (double)lost >= enough && caps_of(point) == 1 && has_time_to_spare(point));
}

static struct cap_use *cap_entry(struct cap_use **list, size_t *count, const struct cpu_result *cpu)
{
    for (size_t i = 0; i < *count; i++) {
        if ((*list)[i].cap == cpu->cap && text_equal((*list)[i].party, cpu->name)) {
            return &(*list)[i];
        }
    }
    *list = memory_resize(*list, *count + 1, sizeof **list);
    struct cap_use *entry = &(*list)[(*count)++];
    *entry = (struct cap_use){
        .party = cpu->name, .cap = cpu->cap, .used = (double)NAN, .off = (double)NAN};
    return entry;
}

// CPU used in the loaded points of an entry.
static void conclude(const struct sweep *sweep, struct cap_use *entry)
{
    _cleanup_free_ double *used = memory_new_array(double, sweep->points);
    for (size_t i = 0; i < sweep->points; i++) {
        const struct point *point = sweep->members[i];
        const struct cpu_result *cpu = point_cpu(point, entry->party);
        if (cpu == NULL || cpu->cap != entry->cap || cpu_cap_has_moved(cpu) || !is_witness(point)) {
            continue;
        }
        entry->points++;
        if (is_loaded(point, cpu)) {
            used[entry->loaded++] = cpu->percent;
            // fmax() ignores NaN.
            entry->off = fmax(entry->off, fabs(cpu->percent - (double)entry->cap));
        }
    }
    if (entry->loaded > 0) {
        values_sort(used, entry->loaded);
        entry->used = (used[(entry->loaded - 1) / 2] + used[entry->loaded / 2]) / 2;
    }
}

size_t caps_compute(const struct sweep *sweep, struct cap_use **ret)
{
    struct cap_use *list = NULL;
    size_t count = 0;
    for (size_t i = 0; i < sweep->points; i++) {
        const struct point *point = sweep->members[i];
        for (size_t k = 0; k < point->cpu_count; k++) {
            if (point->cpu[k].cap > 0 && !cpu_cap_has_moved(&point->cpu[k])) {
                (void)cap_entry(&list, &count, &point->cpu[k]);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        conclude(sweep, &list[i]);
    }
    *ret = list;
    return count;
}

bool cap_is_held(const struct cap_use *cap)
{
    return cap->loaded > 0 && cap->off <= CAP_WITHIN;
}

char *cap_use_text(const struct sweep *sweep, const struct cap_use *cap)
{
    _cleanup_free_ char *length = words_length(sweep->first);
    _cleanup_free_ char *head = text_format("%s, %s: the cap of %s, %u %% of a CPU,",
                                            sweep->first->topology, length, cap->party, cap->cap);
    if (cap->loaded == 0) {
        return text_format("%s was not tested: no undisturbed point required more CPU", head);
    }
    return text_format(
        "%s was %sheld: %.1f %% used where more was required (%zu of %zu points, off "
        "by at most %.1f)",
        head, cap_is_held(cap) ? "" : "not ", cap->used, cap->loaded, cap->points, cap->off);
}
