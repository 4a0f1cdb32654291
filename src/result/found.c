// SPDX-License-Identifier: GPL-3.0-or-later
// result/found — see found.h.
#include "result/found.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "result/json_text.h"

static const char *const kind_names[] = {
    [FOUND_RATE] = "rate",       [FOUND_CAP] = "cap",         [FOUND_BURST] = "burst",
    [FOUND_LATENCY] = "latency", [FOUND_LOSS] = "loss",       [FOUND_RECOVERY] = "recovery",
    [FOUND_RESET] = "reset",     [FOUND_DENSITY] = "density", [FOUND_RFC2544] = "rfc2544"};
#define KIND_COUNT (sizeof kind_names / sizeof kind_names[0])

int found_kind_from_name(const char *name, enum found_kind *ret)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (text_equal(name, kind_names[i])) {
            *ret = (enum found_kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

const char *found_kind_name(enum found_kind kind)
{
    return kind_names[kind];
}

void found_list_add(struct found_list *list, struct found *found)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = *found;
    *found = (struct found){0};
}

void found_list_clear(struct found_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].topology);
        free(list->items[i].network);
        free(list->items[i].router);
        free(list->items[i].goal);
        free(list->items[i].unstable);
    }
    free(list->items);
    *list = (struct found_list){0};
}

static json_t *pair_to_json(double low, double high)
{
    json_t *pair = json_object();
    json_set_real(pair, "low", low);
    json_set_real(pair, "high", high);
    return pair;
}

static void add_burst(const struct found *found, json_t *row)
{
    json_object_set_new(row, "network", json_string(found->network));
    json_set_real(row, "at_pps", found->at_pps);
    json_set_real(row, "throughput_pps", found->throughput_pps);
    json_object_set_new(row, "burst_frames",
                        pair_to_json(found->carried_frames, found->lost_frames));
    json_object_set_new(row, "implied_buffer_ns",
                        pair_to_json(found->implied_s[0] * 1e9, found->implied_s[1] * 1e9));
    json_object_set_new(row, "buffer_ns",
                        pair_to_json(found->buffer_s[0] * 1e9, found->buffer_s[1] * 1e9));
}

static void add_rate(const struct found *found, json_t *row)
{
    json_object_set_new(row, "network", json_string(found->network));
    json_set_real(row, "relevant_lower_pps", found->lower_pps);
    json_set_real(row, "relevant_upper_pps", found->upper_pps);
    json_set_real(row, "conditional_pps", found->conditional_pps);
}

static void add_density(const struct found *found, json_t *row)
{
    json_object_set_new(row, "routers", json_integer(found->routers));
    json_object_set_new(row, "networks", json_integer(found->networks));
    json_object_set_new(row, "network", json_string(found->network));
    json_set_real(row, "relevant_lower_pps", found->lower_pps);
    json_set_real(row, "relevant_upper_pps", found->upper_pps);
    json_object_set_new(
        row, "total_pps",
        pair_to_json(found->networks * found->lower_pps, found->networks * found->upper_pps));
    json_object_set_new(row, "share", pair_to_json(found->share_low, found->share_high));
    json_set_real(row, "host_percent", found->host_percent);
    json_set_real(row, "dut_percent", found->dut_percent);
}

static void add_cap(const struct found *found, json_t *row)
{
    json_object_set_new(row, "router", json_string(found->router));
    json_set_real(row, "at_pps", found->at_pps);
    json_t *cap = json_object();
    if (found->short_cap > 0) {
        json_object_set_new(cap, "low", json_integer(found->short_cap));
    }
    if (found->enough_cap > 0) {
        json_object_set_new(cap, "high", json_integer(found->enough_cap));
    }
    json_object_set_new(row, "cap_percent", cap);
}

// What the kinds have in common that are measured at a load which depends on the throughput.
static void add_load(const struct found *found, json_t *row)
{
    json_object_set_new(row, "network", json_string(found->network));
    json_set_real(row, "at_pps", found->at_pps);
    json_set_real(row, "load_percent", found->load_percent);
    json_set_real(row, "throughput_pps", found->throughput_pps);
    if (found->trials > 0) {
        json_object_set_new(row, "tx", json_integer((json_int_t)found->tx));
        json_object_set_new(row, "lost", json_integer((json_int_t)found->lost));
        json_object_set_new(row, "unsent", json_integer((json_int_t)found->unsent));
    }
}

static void add_latency(const struct found *found, json_t *row)
{
    const struct found_delay *delay = &found->delay;
    add_load(found, row);
    if (!delay->measured) {
        return;
    }
    json_object_set_new(row, "delay_ns",
                        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "mean",
                                  delay->mean.value, "mean_low", delay->mean.low, "mean_high",
                                  delay->mean.high, "min", delay->min, "p50", delay->p50, "p99",
                                  delay->p99, "p999", delay->p999, "max", delay->max));
}

static void add_loss(const struct found *found, json_t *row)
{
    add_load(found, row);
    if (found->tx > 0) {
        json_set_real(row, "frame_loss_ratio", (double)found->lost / (double)found->tx);
    }
}

static void add_recovery(const struct found *found, json_t *row)
{
    const struct found_time *time = &found->time;
    add_load(found, row);
    json_set_real(row, "after_pps", found->after_pps);
    if (!time->measured) {
        return;
    }
    json_object_set_new(row, "lost_after", json_integer((json_int_t)found->lost_after));
    json_object_set_new(row, "recovery_ns", pair_to_json(time->low_ns, time->high_ns));
    json_set_real(row, "longest_ns", time->longest_ns);
    json_set_real(row, "resolution_ns", time->resolution_ns);
}

static void add_reset(const struct found *found, json_t *row)
{
    const struct found_time *time = &found->time;
    add_load(found, row);
    json_set_text(row, "router", found->router);
    if (!time->measured) {
        return;
    }
    json_object_set_new(row, "over", json_boolean(found->over));
    json_object_set_new(row, "outage_ns", pair_to_json(time->low_ns, time->high_ns));
    json_set_real(row, "shortest_ns", time->shortest_ns);
    json_set_real(row, "longest_ns", time->longest_ns);
    json_set_real(row, "resolution_ns", time->resolution_ns);
    json_set_real(row, "outage_by_loss_ns",
                  (double)found->lost / (double)found->trials / found->at_pps * 1e9);
}

static void (*const add_figures[])(const struct found *found, json_t *row) = {
    [FOUND_RATE] = add_rate,       [FOUND_CAP] = add_cap,         [FOUND_BURST] = add_burst,
    [FOUND_LATENCY] = add_latency, [FOUND_LOSS] = add_loss,       [FOUND_RECOVERY] = add_recovery,
    [FOUND_RESET] = add_reset,     [FOUND_DENSITY] = add_density,
};

json_t *found_to_json(const struct found_list *list)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct found *found = &list->items[i];
        json_t *row = json_pack(
            "{s:s, s:s, s:i, s:s, s:s, s:f, s:b, s:s, s:f, s:I}", "of", kind_names[found->of],
            "topology", found->topology, "length", (int)found->length, "goal", found->goal, "rule",
            found->rule, "loss_ratio", found->loss_ratio, "regular", found->regular, "end",
            found->end, "trial_s", found->trial_s, "trials", (json_int_t)found->trials);
        json_set_text(row, "unstable", found->unstable);
        add_figures[found->of](found, row);
        json_array_append_new(rows, row);
    }
    return rows;
}
