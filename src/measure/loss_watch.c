// SPDX-License-Identifier: GPL-3.0-or-later
// measure/loss_watch — see loss_watch.h.
#include "measure/loss_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "measure/losses.h"

struct place {
    char *where;
    uint64_t settled; // reported since the base
};

// What queues that are gone had counted.
struct queue_counters {
    uint64_t ingress, full, egress;
};

struct loss_watch {
    const struct plan *plan;
    struct queue_counters *carried; // for each interface
    bool begun;                     // there is a reading
    bool *had;                      // for each interface: a reading has had it
    bool base_still;                // differences since the base are exact
    uint64_t delayed_ns;            // longest time that a packet may be in an impaired cable
    // The last still reading; if there is none since the counters began, the first one.
    struct loss_reading base;
    struct loss_reading last;
    // The end of the reading since which no packet counter has moved.
    uint64_t still_ended_ns;
    struct place *places;
    size_t place_count;
};

// ---- readings

static void reading_clear(struct loss_reading *reading)
{
    path_counters_clear(&reading->counters);
    *reading = (struct loss_reading){.began_ns = 0};
}

static void *copy_bytes(const void *from, size_t size)
{
    void *to = memory_new(size > 0 ? size : 1, 1);
    if (size > 0) {
        memcpy(to, from, size);
    }
    return to;
}

static struct loss_reading reading_copy(const struct loss_reading *from)
{
    struct loss_reading copy = *from;
    size_t count = from->counters.node_count;
    copy.counters.nodes = copy_bytes(from->counters.nodes, count * sizeof *copy.counters.nodes);
    for (size_t i = 0; i < count; i++) {
        struct namespace_counters *node = &copy.counters.nodes[i];
        node->links = copy_bytes(node->links, node->link_count * sizeof *node->links);
    }
    return copy;
}

static const struct link_counters *link_of(const struct loss_watch *watch,
                                           const struct loss_reading *reading, size_t number)
{
    const struct plan_interface *interface = &watch->plan->interfaces[number];
    return counters_link(&reading->counters.nodes[interface->node], interface->index);
}

static bool link_fell(const struct link_counters *a, const struct link_counters *b)
{
    return b->rx_packets < a->rx_packets || b->tx_packets < a->tx_packets ||
           b->rx_dropped < a->rx_dropped || b->tx_dropped < a->tx_dropped ||
           b->rx_errors < a->rx_errors || b->rx_missed < a->rx_missed;
}

// Programs replace queues while packets pass. A new queue's counter continues at the old one's.
static void continue_counter(uint64_t last, uint64_t *carried, uint64_t *now)
{
    if (*now + *carried < last) {
        *carried = last;
    }
    *now += *carried;
}

static void continue_queues(struct loss_watch *watch, struct loss_reading *now)
{
    for (size_t i = 0; watch->begun && i < watch->plan->interface_count; i++) {
        const struct plan_interface *interface = &watch->plan->interfaces[i];
        const struct namespace_counters *node = &now->counters.nodes[interface->node];
        const struct link_counters *last = link_of(watch, &watch->last, i);
        struct queue_counters *carried = &watch->carried[i];
        for (size_t k = 0; last != NULL && k < node->link_count; k++) {
            struct link_counters *link = &node->links[k];
            if (link->index == interface->index) {
                continue_counter(last->qdisc_ingress, &carried->ingress, &link->qdisc_ingress);
                continue_counter(last->queue_full, &carried->full, &link->queue_full);
                continue_counter(last->qdisc_egress, &carried->egress, &link->qdisc_egress);
            }
        }
    }
}

// Whether the counters aren't those of the last reading any more: one fell, or an interface came or
// went.
static bool restarted(const struct loss_watch *watch, const struct loss_reading *now)
{
    for (size_t i = 0; i < watch->plan->interface_count; i++) {
        const struct link_counters *a = link_of(watch, &watch->last, i);
        const struct link_counters *b = link_of(watch, now, i);
        if ((a == NULL) != (b == NULL) || (a != NULL && link_fell(a, b))) {
            return true;
        }
    }
    for (size_t n = 0; n < watch->plan->node_count; n++) {
        const struct namespace_counters *a = &watch->last.counters.nodes[n];
        const struct namespace_counters *b = &now->counters.nodes[n];
        if (b->ip.received < a->ip.received || b->ip6.received < a->ip6.received) {
            return true;
        }
    }
    return false;
}

static bool has_moved(const struct loss_watch *watch, const struct loss_reading *now)
{
    for (size_t i = 0; i < watch->plan->interface_count; i++) {
        const struct link_counters *a = link_of(watch, &watch->last, i);
        const struct link_counters *b = link_of(watch, now, i);
        if (a != NULL && b != NULL &&
            (a->rx_packets != b->rx_packets || a->tx_packets != b->tx_packets)) {
            return true;
        }
    }
    return false;
}

// ---- places

static void forget_places(struct loss_watch *watch)
{
    for (size_t i = 0; i < watch->place_count; i++) {
        free(watch->places[i].where);
    }
    free(watch->places);
    watch->places = NULL;
    watch->place_count = 0;
}

static struct place *place_of(struct loss_watch *watch, const char *where)
{
    for (size_t i = 0; i < watch->place_count; i++) {
        if (text_equal(watch->places[i].where, where)) {
            return &watch->places[i];
        }
    }
    watch->places = memory_resize(watch->places, watch->place_count + 1, sizeof *watch->places);
    watch->places[watch->place_count] = (struct place){.where = text_copy(where)};
    return &watch->places[watch->place_count++];
}

// ---- the watch

static uint64_t greatest_delay(const struct plan *plan)
{
    uint64_t most = 0;
    for (size_t i = 0; i < plan->cable_count; i++) {
        const struct plan_cable *cable = &plan->cables[i];
        const struct impairment *ends[] = {cable->at_a, cable->at_b};
        for (size_t k = 0; k < 2; k++) {
            uint64_t delay_ns =
                ends[k] == NULL ? 0 : ends[k]->delay_ns + ends[k]->jitter_ns + ends[k]->queue_ns;
            most = delay_ns > most ? delay_ns : most;
        }
    }
    return most;
}

struct loss_watch *loss_watch_new(const struct plan *plan)
{
    struct loss_watch *watch = memory_new(1, sizeof *watch);
    *watch = (struct loss_watch){.plan = plan,
                                 .carried =
                                     memory_new_array(struct queue_counters, plan->interface_count),
                                 .had = memory_new_array(bool, plan->interface_count),
                                 .delayed_ns = greatest_delay(plan)};
    return watch;
}

void loss_watch_free(struct loss_watch *watch)
{
    if (watch != NULL) {
        forget_places(watch);
        reading_clear(&watch->base);
        reading_clear(&watch->last);
        free(watch->had);
        free(watch->carried);
        free(watch);
    }
}

static void set_base(struct loss_watch *watch, const struct loss_reading *now, bool still)
{
    reading_clear(&watch->base);
    watch->base = reading_copy(now);
    watch->base_still = still;
    forget_places(watch);
}

// Reports what was lost since the base.
static void report(struct loss_watch *watch, const struct loss_reading *now, bool still,
                   void (*lost)(void *context, const struct loss_seen *seen), void *context)
{
    _cleanup_point_ struct point point = {0};
    losses_seen(watch->plan, &watch->base.counters, &now->counters, &point);
    for (size_t i = 0; i < point.drop_count; i++) {
        const struct drop_result *drop = &point.drops[i];
        struct loss_seen seen = {.where = drop->where,
                                 .count = drop->count,
                                 .by_difference = drop->by_difference,
                                 .from_ns = watch->last.began_ns,
                                 .to_ns = now->ended_ns};
        if (drop->by_difference) {
            seen.from_ns = watch->base.began_ns;
            seen.to_ns = watch->still_ended_ns;
            if (still && watch->base_still) {
                lost(context, &seen);
            }
            continue;
        }
        struct place *place = place_of(watch, drop->where);
        if (drop->count > place->settled) {
            seen.count -= place->settled;
            place->settled = drop->count;
            lost(context, &seen);
        }
    }
}

void loss_watch_take(struct loss_watch *watch, struct loss_reading *reading,
                     void (*lost)(void *context, const struct loss_seen *seen), void *context)
{
    for (size_t i = 0; i < watch->plan->interface_count; i++) {
        watch->had[i] |= link_of(watch, reading, i) != NULL;
    }
    continue_queues(watch, reading);
    bool anew = !watch->begun || restarted(watch, reading);
    if (anew || has_moved(watch, reading)) {
        watch->still_ended_ns = reading->ended_ns;
    }
    bool still = reading->began_ns >= watch->still_ended_ns + LOSS_STILL_NS + watch->delayed_ns;
    if (!anew) {
        report(watch, reading, still, lost, context);
    }
    if (anew || still) {
        set_base(watch, reading, still);
    }
    watch->begun = true;
    reading_clear(&watch->last);
    watch->last = *reading;
    *reading = (struct loss_reading){.began_ns = 0};
}

int loss_watch_look(struct loss_watch *watch, struct testbed *testbed,
                    void (*lost)(void *context, const struct loss_seen *seen), void *context,
                    struct error *err)
{
    const struct node node = testbed_node(testbed);
    struct loss_reading reading = {.began_ns = clock_realtime_ns()};
    int rc = node.ops->read_counters(&node, &reading.counters, err);
    if (rc < 0) {
        reading_clear(&reading);
        return rc;
    }
    reading.ended_ns = clock_realtime_ns();
    loss_watch_take(watch, &reading, lost, context);
    return 0;
}

bool loss_watch_is_still(const struct loss_watch *watch)
{
    return watch->base_still;
}

char *loss_watch_lacks(const struct loss_watch *watch)
{
    const struct plan *plan = watch->plan;
    for (size_t i = 0; watch->begun && i < plan->interface_count; i++) {
        if (watch->had[i] && link_of(watch, &watch->last, i) == NULL) {
            return text_format("%s:%s", plan->nodes[plan->interfaces[i].node].name,
                               plan->interfaces[i].name);
        }
    }
    return NULL;
}
