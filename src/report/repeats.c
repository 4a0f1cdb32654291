// SPDX-License-Identifier: GPL-3.0-or-later
// report/repeats — see repeats.h.
#include "report/repeats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "result/bounds.h"

// Counts of one network, or of all together; losses are undisturbed ones. The goodput in bit/s is 0
// where TCP was not measured.
struct load_counts {
    double tx, lost, offered_pps, forwarded_pps, goodput_bps;
};

static struct load_counts counts_of(const struct point *point, const char *network)
{
    struct load_counts counts = {0};
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *one = &point->networks[i];
        if (network == NULL || text_equal(network_label(one), network)) {
            struct undisturbed_result undisturbed = network_undisturbed(one);
            counts.tx += (double)undisturbed.tx;
            counts.lost += (double)undisturbed.lost;
            counts.offered_pps += one->offered_pps;
            counts.forwarded_pps += one->forwarded_pps;
            counts.goodput_bps += one->tcp.measured ? one->tcp.goodput_bps : 0.0;
        }
    }
    return counts;
}

static int by_offered(const void *a, const void *b)
{
    double x = point_offered_pps(*(const struct point *const *)a);
    double y = point_offered_pps(*(const struct point *const *)b);
    return (x > y) - (x < y);
}

unsigned repeats_count(const struct sweep *sweep)
{
    unsigned most = 0;
    for (size_t i = 0; i < sweep->points; i++) {
        unsigned repeat = sweep->members[i]->repeat;
        most = repeat >= most ? repeat + 1 : most;
    }
    return most;
}

size_t repeat_points(const struct sweep *sweep, unsigned repeat, const struct point ***ret)
{
    const struct point **found = memory_new_array(const struct point *, sweep->points);
    size_t count = 0;
    for (size_t i = 0; i < sweep->points; i++) {
        const struct point *point = sweep->members[i];
        if (point->valid && point->repeat == repeat && point_tx(point) > 0) {
            found[count++] = point;
        }
    }
    if (count > 0) {
        qsort(found, count, sizeof(const struct point *), by_offered);
    }
    *ret = found;
    return count;
}

// False if no point has a goodput.
static bool goodput_of(const struct point *const *points, size_t count, const char *network,
                       struct span *ret)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, counts_of(points[i], network).goodput_bps);
    }
    *ret = (struct span){most, most};
    return most > 0;
}

// False if the points do not bound the figure.
static bool rate_of(const struct point *const *points, size_t count, enum repeat_rate rate,
                    const char *network, struct span *ret)
{
    if (rate == REPEAT_GOODPUT) {
        return goodput_of(points, count, network, ret);
    }
    _cleanup_free_ double *offered = memory_new_array(double, count);
    _cleanup_free_ double *loss = memory_new_array(double, count);
    double most = 0;
    bool saturated = false;
    size_t sent = 0;
    for (size_t i = 0; i < count; i++) {
        const struct load_counts counts = counts_of(points[i], network);
        if (counts.tx <= 0) {
            continue;
        }
        offered[sent] = counts.offered_pps;
        loss[sent] = counts.lost / counts.tx;
        most = fmax(most, counts.forwarded_pps);
        saturated = saturated || loss[sent] > HEADLINE_PDR;
        sent++;
    }
    if (rate == REPEAT_MAX) {
        *ret = (struct span){most, saturated ? most : (double)INFINITY};
        return most > 0;
    }
    struct bounds bounds =
        bounds_enclose(offered, loss, sent, rate == REPEAT_PDR ? HEADLINE_PDR : 0.0);
    *ret = (struct span){isnan(bounds.low) ? 0 : bounds.low,
                         isnan(bounds.high) ? (double)INFINITY : bounds.high};
    return isfinite(bounds.low) || isfinite(bounds.high);
}

struct span_list repeats_rate(const struct sweep *sweep, enum repeat_rate rate, size_t network)
{
    unsigned repeats = repeats_count(sweep);
    const char *name = network == REPEAT_ALL_NETWORKS ? NULL : sweep->networks[network];
    struct span_list list = {memory_new_array(struct span, repeats), 0};
    for (unsigned i = 0; i < repeats; i++) {
        _cleanup_free_ const struct point **own = NULL;
        size_t count = repeat_points(sweep, i, &own);
        list.count += count > 0 && rate_of(own, count, rate, name, &list.items[list.count]);
    }
    return list;
}

struct span repeats_middle(const struct span *items, size_t count)
{
    _cleanup_free_ double *low = memory_new_array(double, count);
    _cleanup_free_ double *high = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        low[i] = items[i].low;
        high[i] = items[i].high;
    }
    return (struct span){ranks_median(low, count), ranks_median(high, count)};
}
