// SPDX-License-Identifier: GPL-3.0-or-later
// measure/crossings — see crossings.h.
#include "measure/crossings.h"

#include <stdlib.h>

#include "base/text.h"

// Disjoint sets: each element leads to a lower one of its set, the lowest to itself.
static size_t set_of(size_t *parents, size_t element)
{
    while (parents[element] != element) {
        parents[element] = parents[parents[element]];
        element = parents[element];
    }
    return element;
}

static void join_sets(size_t *parents, size_t one, size_t other)
{
    size_t a = set_of(parents, one);
    size_t b = set_of(parents, other);
    parents[a > b ? a : b] = a > b ? b : a;
}

static size_t *new_sets(size_t count)
{
    size_t *parents = memory_new_array(size_t, count);
    for (size_t i = 0; i < count; i++) {
        parents[i] = i;
    }
    return parents;
}

static void join_path(const struct plan *plan, const struct plan_path *path,
                      struct crossings *crossings)
{
    size_t entered = NO_GATE;
    for (size_t i = 0; i < path->wire_count; i++) {
        const struct plan_wire wire = plan_hop(plan, path, i);
        if (entered != NO_GATE) {
            join_sets(crossings->crossing, entered, gate_out(wire.a));
            join_sets(crossings->group, entered, gate_out(wire.a));
        }
        entered = gate_in(wire.b);
        join_sets(crossings->group, gate_out(wire.a), entered);
    }
}

void crossings_make(const struct plan *plan, bool answers, struct crossings *ret)
{
    const size_t count = 2 * plan->interface_count;
    struct crossings made = {.crossing = new_sets(count),
                             .next = memory_new_array(size_t, count),
                             .group = new_sets(count)};
    for (size_t i = 0; i < plan->path_count; i++) {
        join_path(plan, &plan->paths[i], &made);
        if (answers) {
            struct plan_path back = plan->paths[i];
            back.reverse = !back.reverse;
            join_path(plan, &back, &made);
        }
    }
    size_t *latest = memory_new_array(size_t, count);
    for (size_t i = 0; i < count; i++) {
        size_t first = set_of(made.crossing, i);
        made.crossing[i] = first;
        made.group[i] = set_of(made.group, i);
        made.next[i] = NO_GATE;
        if (first != i) {
            made.next[latest[first]] = i;
        }
        latest[first] = i;
    }
    free(latest);
    *ret = made;
}

void crossings_clear(struct crossings *crossings)
{
    free(crossings->crossing);
    free(crossings->next);
    free(crossings->group);
    *crossings = (struct crossings){0};
}

size_t crossings_group(const struct plan *plan, const struct crossings *crossings,
                       const struct plan_path *path)
{
    return crossings->group[gate_out(plan_sender(plan, path))];
}
