// SPDX-License-Identifier: GPL-3.0-or-later
// result/result — see result.h. Ownership of points, and sums that several readers use.
#include "result/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

void cpu_result_clear_parts(struct cpu_result *cpu)
{
    for (size_t i = 0; i < cpu->part_count; i++) {
        free(cpu->parts[i].name);
    }
    free(cpu->parts);
    cpu->parts = NULL;
    cpu->part_count = 0;
}

void cpu_result_clear(struct cpu_result *cpu)
{
    cpu_result_clear_parts(cpu);
    free(cpu->name);
    *cpu = (struct cpu_result){.name = NULL};
}

void point_clear(struct point *point)
{
    if (point == NULL) {
        return;
    }
    free(point->scenario);
    free(point->topology);
    free(point->platform);
    free(point->engine);
    free(point->method);
    free(point->length_layer);
    free(point->mix);
    free(point->flows_by);
    for (size_t i = 0; i < point->network_count; i++) {
        free(point->networks[i].name);
        free(point->networks[i].direction);
        free(point->networks[i].label);
        free(point->networks[i].router);
        for (size_t k = 0; k < point->networks[i].router_count; k++) {
            free(point->networks[i].routers[k]);
        }
        free(point->networks[i].routers);
        free(point->networks[i].tcp.congestion);
        free(point->networks[i].delay_classes.below_ns);
        free(point->networks[i].delay_classes.packets);
    }
    free(point->networks);
    for (size_t i = 0; i < point->cpu_count; i++) {
        cpu_result_clear(&point->cpu[i]);
    }
    free(point->cpu);
    for (size_t i = 0; i < point->memory_count; i++) {
        free(point->memory[i].name);
    }
    free(point->memory);
    for (size_t i = 0; i < point->start_count; i++) {
        free(point->starts[i].name);
    }
    free(point->starts);
    for (size_t i = 0; i < point->drop_count; i++) {
        free(point->drops[i].where);
    }
    free(point->drops);
    for (size_t i = 0; i < point->processor_count; i++) {
        free(point->processors[i].used_by);
        free(point->processors[i].interrupts_most_of);
        free(point->processors[i].softirqs_most_of);
    }
    free(point->processors);
    for (size_t i = 0; i < point->other_count; i++) {
        free(point->others[i].name);
    }
    free(point->others);
    for (size_t i = 0; i < point->control_count; i++) {
        free(point->control[i].router);
        free(point->control[i].contract);
        free(point->control[i].last_action);
    }
    free(point->control);
    for (size_t i = 0; i < point->interval_count; i++) {
        for (size_t k = 0; k < point->intervals[i].network_count; k++) {
            free(point->intervals[i].networks[k].name);
            free(point->intervals[i].networks[k].direction);
        }
        free(point->intervals[i].networks);
    }
    free(point->intervals);
    free(point->why_invalid);
    free(point->unstable);
    memset(point, 0, sizeof *point);
}

void point_free(struct point *point)
{
    point_clear(point);
    free(point);
}

void point_invalidate(struct point *point, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    _cleanup_free_ char *reason = text_format_args(format, args);
    va_end(args);
    text_append(&point->why_invalid, "; ", "%s", reason);
    point->valid = false;
}

bool point_tester_was_limit(const struct point *point)
{
    if (point->valid || point->why_invalid == NULL) {
        return false;
    }
    // Reasons are joined by "; ".
    for (const char *reason = point->why_invalid; reason != NULL;) {
        if (!text_starts(reason, POINT_TESTER_LIMIT)) {
            return false;
        }
        reason = strstr(reason, "; ");
        reason = reason == NULL ? NULL : reason + 2;
    }
    return true;
}

bool point_was_disturbed(const struct point *point)
{
    return !point->valid && !point_tester_was_limit(point);
}

const char *network_label(const struct network_result *network)
{
    return network->label == NULL ? network->name : network->label;
}

void point_make_labels(struct point *point)
{
    for (size_t i = 0; i < point->network_count; i++) {
        struct network_result *network = &point->networks[i];
        free(network->label);
        network->label = network->direction == NULL
                             ? NULL
                             : text_format("%s %s", network->name, network->direction);
    }
}

double point_mean_length(const struct point *point)
{
    return point->has_mean_length ? point->mean_length : point->length;
}

char *point_length_text(const struct point *point)
{
    return point->mix == NULL ? text_format("%u B", point->length)
                              : text_format("%s (%u B)", point->mix, point->length);
}

uint64_t point_tx(const struct point *point)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].tx;
    }
    return sum;
}

uint64_t point_rx(const struct point *point)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].rx;
    }
    return sum;
}

uint64_t point_lost(const struct point *point)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].lost;
    }
    return sum;
}

struct undisturbed_result network_undisturbed(const struct network_result *network)
{
    return network->undisturbed.measured && network->undisturbed.tx > 0
               ? network->undisturbed
               : (struct undisturbed_result){false, network->tx, network->rx, network->lost};
}

struct undisturbed_result point_undisturbed(const struct point *point)
{
    struct undisturbed_result sum = {.measured = point->has_left_out};
    for (size_t i = 0; i < point->network_count; i++) {
        struct undisturbed_result one = network_undisturbed(&point->networks[i]);
        sum.tx += one.tx;
        sum.rx += one.rx;
        sum.lost += one.lost;
    }
    return sum;
}

double point_offered_pps(const struct point *point)
{
    double sum = 0.0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].offered_pps;
    }
    return sum;
}

const char *network_router(const struct network_result *network, size_t at)
{
    if (network->router_count == 0) {
        return at == 0 ? network->router : NULL;
    }
    return at < network->router_count ? network->routers[at] : NULL;
}

bool network_passes(const struct network_result *network, const char *router)
{
    const char *name = NULL;
    for (size_t i = 0; (name = network_router(network, i)) != NULL; i++) {
        if (text_equal(name, router)) {
            return true;
        }
    }
    return false;
}

char *network_routers_text(const struct network_result *network)
{
    char *text = NULL;
    const char *name = NULL;
    for (size_t i = 0; (name = network_router(network, i)) != NULL; i++) {
        text_append(&text, " ", "%s", name);
    }
    return text;
}

const struct network_result *point_network(const struct point *point, const char *label)
{
    for (size_t i = 0; i < point->network_count; i++) {
        if (text_equal(network_label(&point->networks[i]), label)) {
            return &point->networks[i];
        }
    }
    return NULL;
}

const struct cpu_result *point_cpu(const struct point *point, const char *name)
{
    for (size_t i = 0; i < point->cpu_count; i++) {
        if (text_equal(point->cpu[i].name, name)) {
            return &point->cpu[i];
        }
    }
    return NULL;
}

bool cpu_cap_has_moved(const struct cpu_result *cpu)
{
    return cpu->weight_end > 0 && cpu->cap_end != cpu->cap;
}

void point_list_add(struct point_list *list, struct point *point)
{
    // The array's size doubles when the count is a power of two, so no capacity is stored.
    if ((list->count & (list->count - 1)) == 0) {
        size_t room = list->count == 0 ? 1 : list->count * 2;
        list->items = memory_resize(list->items, room, sizeof *list->items);
    }
    list->items[list->count++] = *point;
    memset(point, 0, sizeof *point);
}

struct left_out_summary point_list_left_out(const struct point_list *list)
{
    struct left_out_summary summary = {0};
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct point *point = &list->items[i];
        if (point->valid && point->has_left_out) {
            count++;
            summary.ratio += point->left_out_ratio;
            summary.cleared += point_lost(point) > 0 && point_undisturbed(point).lost == 0;
        }
    }
    summary.ratio = count == 0 ? 0.0 : summary.ratio / (double)count;
    return summary;
}

void point_list_clear(struct point_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        point_clear(&list->items[i]);
    }
    free(list->items);
    *list = (struct point_list){NULL, 0};
}

size_t point_list_invalid(const struct point_list *list)
{
    size_t invalid = 0;
    for (size_t i = 0; i < list->count; i++) {
        invalid += !list->items[i].valid;
    }
    return invalid;
}
