// SPDX-License-Identifier: GPL-3.0-or-later
// measure/ledger — see ledger.h.
#include "measure/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct link_counters ledger_link(const struct ledger *ledger, size_t number)
{
    const struct plan_interface *interface = &ledger->plan->interfaces[number];
    const struct link_counters *b =
        counters_link(&ledger->before->nodes[interface->node], interface->index);
    const struct link_counters *a =
        counters_link(&ledger->after->nodes[interface->node], interface->index);
    if (a == NULL || b == NULL) {
        return (struct link_counters){0};
    }
    struct link_counters grown = {
        .rx_packets = counter_growth(b->rx_packets, a->rx_packets),
        .tx_packets = counter_growth(b->tx_packets, a->tx_packets),
        .rx_dropped = counter_growth(b->rx_dropped, a->rx_dropped),
        .tx_dropped = counter_growth(b->tx_dropped, a->tx_dropped),
        .rx_errors = counter_growth(b->rx_errors, a->rx_errors),
        .tx_errors = counter_growth(b->tx_errors, a->tx_errors),
        .rx_missed = counter_growth(b->rx_missed, a->rx_missed),
        .qdisc_ingress = counter_growth(b->qdisc_ingress, a->qdisc_ingress),
        .queue_full = counter_growth(b->queue_full, a->queue_full),
        .impaired = counter_growth(b->impaired, a->impaired),
        .qdisc_egress = counter_growth(b->qdisc_egress, a->qdisc_egress),
    };
    if (plan_port(ledger->plan, number) == PORT_NETBACK) {
        // Both counters mean that the router had no room for the packet.
        grown.tx_dropped += grown.rx_dropped;
        grown.rx_dropped = 0;
    }
    return grown;
}

// Adds to the row of that place; appends a row if there is none.
static void add_drops(struct drop_result **rows, size_t *row_count, uint64_t count,
                      const char *where, bool by_difference)
{
    for (size_t i = 0; i < *row_count; i++) {
        if (strcmp((*rows)[i].where, where) == 0 && (*rows)[i].by_difference == by_difference) {
            (*rows)[i].count += count;
            return;
        }
    }
    *rows = memory_resize(*rows, *row_count + 1, sizeof **rows);
    (*rows)[(*row_count)++] = (struct drop_result){
        .where = text_copy(where), .count = count, .by_difference = by_difference};
}

void ledger_place(struct ledger *ledger, uint64_t count, const char *where)
{
    if (count > 0) {
        ledger->placed += count;
        add_drops(&ledger->drops, &ledger->drop_count, count, where, false);
    }
}

void ledger_place_difference(struct ledger *ledger, uint64_t count, const char *where)
{
    if (count > 0) {
        ledger->placed += count;
        // A trial's places don't distinguish the two.
        add_drops(&ledger->drops, &ledger->drop_count, count, where, ledger->watching);
    }
}

char *ledger_name(const struct ledger *ledger, size_t interface, const char *suffix)
{
    const struct plan_interface *at = &ledger->plan->interfaces[interface];
    return text_format("%s:%s %s", ledger->plan->nodes[at->node].name, at->name, suffix);
}

void ledger_place_at(struct ledger *ledger, uint64_t count, size_t interface, const char *suffix)
{
    char *where = ledger_name(ledger, interface, suffix);
    ledger_place(ledger, count, where);
    free(where);
}

uint64_t ledger_take(uint64_t *left, uint64_t wanted)
{
    uint64_t taken = *left < wanted ? *left : wanted;
    *left -= taken;
    return taken;
}

void ledger_share_out(struct ledger *ledger, uint64_t packets)
{
    uint64_t frames = ledger->placed;
    if (frames <= packets) {
        return;
    }
    uint64_t given = 0;
    double *rest = memory_new_array(double, ledger->drop_count);
    for (size_t i = 0; i < ledger->drop_count; i++) {
        double share = (double)ledger->drops[i].count * (double)packets / (double)frames;
        ledger->drops[i].count = (uint64_t)share;
        rest[i] = share - (double)ledger->drops[i].count;
        given += ledger->drops[i].count;
    }
    while (given < packets) {
        size_t most = 0;
        for (size_t i = 1; i < ledger->drop_count; i++) {
            most = rest[i] > rest[most] ? i : most;
        }
        ledger->drops[most].count++;
        rest[most] -= 1.0;
        given++;
    }
    free(rest);
    ledger->placed = given;
}

void ledger_settle(struct ledger *ledger, uint64_t lost, struct point *point)
{
    lost = ledger->watching ? ledger->placed : lost;
    if (lost > ledger->placed) {
        ledger_place(ledger, lost - ledger->placed, "unexplained");
    }
    uint64_t excess = ledger->placed - lost;
    for (size_t i = ledger->drop_count; i > 0 && excess > 0; i--) {
        excess -= ledger_take(&ledger->drops[i - 1].count, excess);
    }
    for (size_t i = 0; i < ledger->drop_count; i++) {
        if (ledger->drops[i].count > 0) {
            add_drops(&point->drops, &point->drop_count, ledger->drops[i].count,
                      ledger->drops[i].where, ledger->drops[i].by_difference);
        }
        free(ledger->drops[i].where);
    }
    free(ledger->drops);
    ledger->drops = NULL;
    ledger->drop_count = 0;
    ledger->placed = 0;
}
