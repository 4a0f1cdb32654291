// SPDX-License-Identifier: GPL-3.0-or-later
// measure/low_load — see low_load.h.
#include "measure/low_load.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#define PLACES_NAMED   2U
#define STEAL_LEAST    2.0 // percent of a CPU
#define PROGRAM_LEAST  5.0 // percent of a CPU
#define CAP_USED_LEAST 0.8 // of a cap

// The places with most losses.
static char *list_places(const struct point *point)
{
    char *text = text_copy("");
    uint64_t below = UINT64_MAX;
    const struct drop_result *last = NULL;
    for (size_t named = 0; named < PLACES_NAMED; named++) {
        const struct drop_result *most = NULL;
        for (size_t i = 0; i < point->drop_count; i++) {
            const struct drop_result *drop = &point->drops[i];
            bool later = drop->count < below || (drop->count == below && drop > last);
            if (drop->count > 0 && later && (most == NULL || drop->count > most->count)) {
                most = drop;
            }
        }
        if (most == NULL) {
            break;
        }
        text_append(&text, ", ", "%s %llu", most->where, (unsigned long long)most->count);
        below = most->count;
        last = most;
    }
    return text;
}

static void add_steal(const struct point *point, char **causes)
{
    const struct processor_result *worst = NULL;
    for (size_t i = 0; i < point->processor_count; i++) {
        const struct processor_result *one = &point->processors[i];
        worst = worst == NULL || one->steal_percent > worst->steal_percent ? one : worst;
    }
    if (worst != NULL && worst->steal_percent > STEAL_LEAST) {
        text_append(causes, ", ", "the hypervisor took %.0f %% of CPU %u (steal)",
                    worst->steal_percent, worst->cpu);
    }
}

// Undisturbed losses are outside the stalls that a heartbeat saw.
static void add_stalls(const struct point *point, char **causes)
{
    const struct processor_result *worst = NULL;
    for (size_t i = 0; i < point->processor_count; i++) {
        const struct processor_result *one = &point->processors[i];
        worst = worst == NULL || one->stalls.longest_ns > worst->stalls.longest_ns ? one : worst;
    }
    bool outside = point->has_left_out && point_undisturbed(point).lost > 0;
    if (worst != NULL && worst->stalls.count > 0 && !outside) {
        text_append(causes, ", ", "CPU %u was away for %.1f ms (a stall)", worst->cpu,
                    (double)worst->stalls.longest_ns / (double)NS_PER_MS);
    }
}

static void add_programs(const struct point *point, char **causes)
{
    for (size_t i = 0; i < point->other_count; i++) {
        const struct other_result *other = &point->others[i];
        if (other->percent >= PROGRAM_LEAST) {
            text_append(causes, ", ", "%s (pid %u) used %.0f %% of a CPU", other->name, other->pid,
                        other->percent);
        }
    }
}

static void add_caps(const struct point *point, char **causes)
{
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        if (cpu->cap > 0 && cpu->percent > CAP_USED_LEAST * (double)cpu->cap) {
            text_append(causes, ", ", "%s used its cap of %u %%", cpu->name, cpu->cap);
        }
    }
}

// Place of the losses, in words for a reader without the list of places.
static const char *name_device(const struct point *point)
{
    return text_equal(point->topology, "direct")
               ? "no disturbance was seen: the interfaces or the tester of this machine lose "
                 "packets"
               : "no disturbance was seen: the device under test loses packets at any load";
}

char *low_load_cause(const struct point *point, double pps)
{
    char rate[48];
    text_group_digits(pps, 0, rate);
    if (point->network_count == 0) {
        return text_format("nothing was measured at %s packets/s: %s", rate,
                           point->why_invalid == NULL ? "unknown" : point->why_invalid);
    }
    _cleanup_free_ char *places = list_places(point);
    char *causes = text_copy("");
    add_steal(point, &causes);
    add_stalls(point, &causes);
    add_programs(point, &causes);
    add_caps(point, &causes);
    char *text =
        text_format("lost %llu of %llu packets at %s packets/s (%s); likely cause: %s",
                    (unsigned long long)point_lost(point), (unsigned long long)point_tx(point),
                    rate, places[0] == '\0' ? "unexplained" : places,
                    causes[0] == '\0' ? name_device(point) : causes);
    free(causes);
    return text;
}
