// SPDX-License-Identifier: GPL-3.0-or-later
// measure/loss_watch — see loss_watch.h.
#include "measure/loss_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "measure/ledger.h"
#include "measure/losses.h"

#define FIRST_READINGS 5U // of which that with the fewest packets on the way is the first
#define FIRST_APART_NS (2U * NS_PER_MS)
// More than was ever lost: what exceeds the counted losses is "unexplained", which is no place.
#define LOST_MOST      (1ULL << 60)
#define NO_PLACE       "unexplained"

struct place {
    char *where;
    uint64_t settled;                     // reported
    uint64_t recent[LOSS_WATCH_READINGS]; // lost since the first reading, the latest one last
};

struct loss_watch {
    struct node node;
    const struct plan *plan;
    struct path_counters first;
    struct place *places;
    size_t place_count;
    // When the recent readings were taken, and the one before them.
    uint64_t taken_ns[LOSS_WATCH_READINGS + 1];
};

// The losses between two readings, by place, in point->drops.
static void compare(const struct plan *plan, const struct path_counters *before,
                    const struct path_counters *after, struct point *point)
{
    struct tester_losses tester;
    const struct ledger ledger = {.plan = plan, .before = before, .after = after};
    _cleanup_free_ struct traffic_count *counts =
        memory_new_array(struct traffic_count, plan->path_count);
    point->network_count = plan->path_count;
    point->networks = memory_new_array(struct network_result, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct plan_path *path = &plan->paths[i];
        struct link_counters sender = ledger_link(&ledger, plan_sender(plan, path));
        counts[i].tx = sender.tx_packets + sender.tx_dropped;
        counts[i].rx = ledger_link(&ledger, plan_receiver(plan, path)).rx_packets;
        counts[i].chatter = plan->topology != TOPOLOGY_DIRECT &&
                            plan->scenario->networks[path->network].behind_sink.prefix;
        point->networks[i].lost = LOST_MOST;
    }
    losses_account(plan, before, after, counts, point, &tester);
}

static uint64_t sum_of(const struct point *point)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < point->drop_count; i++) {
        sum += text_equal(point->drops[i].where, NO_PLACE) ? 0 : point->drops[i].count;
    }
    return sum;
}

// Takes readings, and keeps that from which most is lost until the last one: fewer packets were on
// the way.
static int read_first(struct loss_watch *watch, struct error *err)
{
    struct path_counters readings[FIRST_READINGS] = {0};
    size_t best = 0;
    uint64_t most = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < FIRST_READINGS; i++) {
        rc = watch->node.ops->read_counters(&watch->node, &readings[i], err);
        clock_sleep(FIRST_APART_NS);
    }
    for (size_t i = 0; rc == 0 && i < FIRST_READINGS; i++) {
        _cleanup_point_ struct point point = {0};
        compare(watch->plan, &readings[i], &readings[FIRST_READINGS - 1], &point);
        uint64_t sum = sum_of(&point);
        best = sum > most ? i : best;
        most = sum > most ? sum : most;
    }
    if (rc == 0) {
        watch->first = readings[best];
        readings[best] = (struct path_counters){0};
    }
    for (size_t i = 0; i < FIRST_READINGS; i++) {
        path_counters_clear(&readings[i]);
    }
    return rc;
}

int loss_watch_open(struct testbed *testbed, struct loss_watch **ret, struct error *err)
{
    struct loss_watch *watch = memory_new(1, sizeof *watch);
    *watch = (struct loss_watch){.node = testbed_node(testbed), .plan = testbed_plan(testbed)};
    int rc = read_first(watch, err);
    if (rc < 0) {
        loss_watch_close(watch);
        return rc;
    }
    for (size_t i = 0; i <= LOSS_WATCH_READINGS; i++) {
        watch->taken_ns[i] = clock_realtime_ns();
    }
    *ret = watch;
    return 0;
}

void loss_watch_close(struct loss_watch *watch)
{
    if (watch != NULL) {
        for (size_t i = 0; i < watch->place_count; i++) {
            free(watch->places[i].where);
        }
        free(watch->places);
        path_counters_clear(&watch->first);
        free(watch);
    }
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

static uint64_t least_recent(const struct place *place)
{
    uint64_t least = place->recent[0];
    for (size_t i = 1; i < LOSS_WATCH_READINGS; i++) {
        least = place->recent[i] < least ? place->recent[i] : least;
    }
    return least;
}

int loss_watch_look(struct loss_watch *watch,
                    void (*lost)(void *context, const struct loss_seen *seen), void *context,
                    struct error *err)
{
    const size_t last = LOSS_WATCH_READINGS - 1;
    _cleanup_path_counters_ struct path_counters now = {0};
    _cleanup_point_ struct point point = {0};
    int rc = watch->node.ops->read_counters(&watch->node, &now, err);
    if (rc < 0) {
        return rc;
    }
    memmove(watch->taken_ns, watch->taken_ns + 1, LOSS_WATCH_READINGS * sizeof watch->taken_ns[0]);
    watch->taken_ns[LOSS_WATCH_READINGS] = clock_realtime_ns();
    for (size_t i = 0; i < watch->place_count; i++) {
        uint64_t *recent = watch->places[i].recent;
        memmove(recent, recent + 1, last * sizeof *recent);
        recent[last] = 0;
    }
    compare(watch->plan, &watch->first, &now, &point);
    for (size_t i = 0; i < point.drop_count; i++) {
        if (!text_equal(point.drops[i].where, NO_PLACE)) {
            place_of(watch, point.drops[i].where)->recent[last] = point.drops[i].count;
        }
    }
    for (size_t i = 0; i < watch->place_count; i++) {
        struct place *place = &watch->places[i];
        uint64_t least = least_recent(place);
        if (least > place->settled) {
            // The oldest recent reading contains the loss, the one before it did not.
            const struct loss_seen seen = {.where = place->where,
                                           .count = least - place->settled,
                                           .from_ns = watch->taken_ns[0],
                                           .to_ns = watch->taken_ns[1]};
            place->settled = least;
            lost(context, &seen);
        }
    }
    return 0;
}
