// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_delays — see page_delays.h.
#include "report/page_delays.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

struct delay_class {
    uint64_t below_ns, packets;
};

static int compare_classes(const void *a, const void *b)
{
    const struct delay_class *x = a;
    const struct delay_class *y = b;
    return x->below_ns < y->below_ns ? -1 : x->below_ns > y->below_ns;
}

// The classes of all repeats, sorted, those of equal bounds summed. The caller frees them.
static struct delay_class *step_classes(const struct load_step *step, const char *label,
                                        size_t *ret_count)
{
    size_t all = 0;
    for (size_t i = 0; i < step->repeats; i++) {
        const struct network_result *network = point_network(step->points[i], label);
        all += network == NULL ? 0 : network->delay_classes.count;
    }
    struct delay_class *classes = memory_new_array(struct delay_class, all);
    size_t count = 0;
    for (size_t i = 0; i < step->repeats; i++) {
        const struct network_result *network = point_network(step->points[i], label);
        for (size_t k = 0; network != NULL && k < network->delay_classes.count; k++) {
            classes[count++] = (struct delay_class){network->delay_classes.below_ns[k],
                                                    network->delay_classes.packets[k]};
        }
    }
    qsort(classes, count, sizeof *classes, compare_classes);
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        if (classes[i].below_ns == classes[last].below_ns) {
            classes[last].packets += classes[i].packets;
        } else {
            classes[++last] = classes[i];
        }
    }
    *ret_count = count == 0 ? 0 : last + 1;
    return classes;
}

static json_t *describe_network(const struct load_step *step, const char *label)
{
    size_t count = 0;
    _cleanup_free_ struct delay_class *classes = step_classes(step, label, &count);
    if (count == 0) {
        return json_null();
    }
    json_t *below = json_array();
    json_t *packets = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(below, json_real((double)classes[i].below_ns / 1e3));
        json_array_append_new(packets, json_integer((json_int_t)classes[i].packets));
    }
    return json_pack("{s:o, s:o}", "below_us", below, "packets", packets);
}

static bool has_delays(const struct sweep *sweep, const struct load_step *step)
{
    for (size_t i = 0; i < sweep->network_count; i++) {
        const struct network_result *network = point_network(step->first, sweep->networks[i]);
        if (network != NULL && network->delay_classes.count > 0) {
            return true;
        }
    }
    return false;
}

// The highest load without loss: an index of a step, or SIZE_MAX.
static size_t find_carried(const struct sweep *sweep)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < sweep->step_count; i++) {
        bool carried = sweep->network_count > 0;
        for (size_t k = 0; k < sweep->network_count; k++) {
            carried = carried && sweep->steps[i].network_loss[k] <= 0;
        }
        found = carried ? i : found;
    }
    return found;
}

static size_t find_nearest(const struct sweep *sweep, double offered_pps)
{
    size_t found = 0;
    for (size_t i = 1; i < sweep->step_count; i++) {
        double distance = fabs(sweep->steps[i].offered_pps - offered_pps);
        found = distance < fabs(sweep->steps[found].offered_pps - offered_pps) ? i : found;
    }
    return found;
}

json_t *page_delays(const struct sweep *sweep)
{
    json_t *list = json_array();
    size_t chosen[3];
    size_t count = 0;
    if (sweep->step_count == 0) {
        return list;
    }
    size_t carried = find_carried(sweep);
    if (carried != SIZE_MAX) {
        chosen[count++] = find_nearest(sweep, sweep->steps[carried].offered_pps / 2);
        chosen[count++] = carried;
    }
    chosen[count++] = sweep->step_count - 1;
    for (size_t i = 0; i < count; i++) {
        const struct load_step *step = &sweep->steps[chosen[i]];
        if ((i > 0 && chosen[i] == chosen[i - 1]) || !has_delays(sweep, step)) {
            continue;
        }
        json_t *networks = json_array();
        for (size_t k = 0; k < sweep->network_count; k++) {
            json_array_append_new(networks, describe_network(step, sweep->networks[k]));
        }
        double sent = step->offered_pps / (double)sweep->network_count;
        json_array_append_new(list, json_pack("{s:f, s:o}", "sent", sent, "networks", networks));
    }
    return list;
}
