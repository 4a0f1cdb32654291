// SPDX-License-Identifier: GPL-3.0-or-later
// measure/losses — see losses.h. Called by trial.c once a trial has drained.
#include "measure/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

// State of the computation.
struct ledger {
    const struct plan *plan;
    const struct path_counters *before, *after;
    // For each node, of IPv4 and IPv6: counts of the IP layer that are not attributed to a path
    // yet.
    struct ip_counters *ip_left, *ip6_left;
    uint64_t *filters_left; // for each interface: the same for drops of its ingress and egress
                            // filters, which clsact counts together
    uint64_t *sockets_left; // for each node: the same for drops of full UDP sockets
    uint64_t *whole_left;   // for each node: the same for reassembled packets that no program read
    uint64_t *whole_due; // for each node: the part of whole_left that the remaining paths require
    uint64_t softnet_left;
    uint64_t by_choice;        // of all paths
    unsigned ip;               // IP version of the present path
    struct drop_result *drops; // of the present path
    size_t drop_count;
    uint64_t placed;
};

static uint64_t growth(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

// Difference of an interface's counters over the trial.
static struct link_counters link_growth(const struct ledger *ledger, size_t number)
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
        .rx_packets = growth(b->rx_packets, a->rx_packets),
        .tx_packets = growth(b->tx_packets, a->tx_packets),
        .rx_dropped = growth(b->rx_dropped, a->rx_dropped),
        .tx_dropped = growth(b->tx_dropped, a->tx_dropped),
        .rx_errors = growth(b->rx_errors, a->rx_errors),
        .tx_errors = growth(b->tx_errors, a->tx_errors),
        .rx_missed = growth(b->rx_missed, a->rx_missed),
        .qdisc_ingress = growth(b->qdisc_ingress, a->qdisc_ingress),
        .queue_full = growth(b->queue_full, a->queue_full),
        .qdisc_egress = growth(b->qdisc_egress, a->qdisc_egress),
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
                      const char *where)
{
    for (size_t i = 0; i < *row_count; i++) {
        if (strcmp((*rows)[i].where, where) == 0) {
            (*rows)[i].count += count;
            return;
        }
    }
    *rows = memory_resize(*rows, *row_count + 1, sizeof **rows);
    (*rows)[(*row_count)++] = (struct drop_result){.where = text_copy(where), .count = count};
}

static void place(struct ledger *ledger, uint64_t count, const char *where)
{
    if (count > 0) {
        ledger->placed += count;
        add_drops(&ledger->drops, &ledger->drop_count, count, where);
    }
}

// "node:interface suffix"
static void place_at(struct ledger *ledger, uint64_t count, size_t interface, const char *suffix)
{
    const struct plan_interface *at = &ledger->plan->interfaces[interface];
    char where[96];
    snprintf(where, sizeof where, "%s:%s %s", ledger->plan->nodes[at->node].name, at->name, suffix);
    place(ledger, count, where);
}

// Takes at most `wanted` from `*left`.
static uint64_t take(uint64_t *left, uint64_t wanted)
{
    uint64_t taken = *left < wanted ? *left : wanted;
    *left -= taken;
    return taken;
}

struct ip_reason {
    size_t offset;
    const char *text;
};
static const struct ip_reason ip_reasons[] = {
    {offsetof(struct ip_counters, in_hdr_errors), "header errors or TTL expired"},
    {offsetof(struct ip_counters, in_addr_errors), "address errors"},
    {offsetof(struct ip_counters, no_routes), "no route"},
    {offsetof(struct ip_counters, in_truncated), "truncated"},
    {offsetof(struct ip_counters, in_discards), "input discards"},
    {offsetof(struct ip_counters, out_discards), "output discards"},
    {offsetof(struct ip_counters, too_big), "packet too big"},
};

static uint64_t *reason_of(struct ip_counters *counters, const struct ip_reason *reason)
{
    return (uint64_t *)(void *)((char *)counters + reason->offset);
}

static uint64_t count_of(const struct ip_counters *counters, const struct ip_reason *reason)
{
    return *(const uint64_t *)(const void *)((const char *)counters + reason->offset);
}

static void ip_growth(const struct ip_counters *before, const struct ip_counters *after,
                      struct ip_counters *ret)
{
    for (size_t i = 0; i < sizeof ip_reasons / sizeof ip_reasons[0]; i++) {
        const struct ip_reason *reason = &ip_reasons[i];
        *reason_of(ret, reason) = growth(count_of(before, reason), count_of(after, reason));
    }
}

// Attributes the losses inside the node between two wires: first to counters, the rest to the node
// itself. The queue to the sink (`sink` is its interface, or NULL) fills only if the sink is too
// slow; returns what was lost there.
static uint64_t account_node(struct ledger *ledger, size_t rx, size_t tx, const size_t *sink,
                             uint64_t lost)
{
    const struct plan *plan = ledger->plan;
    const struct plan_interface *entry = &plan->interfaces[rx];
    const struct plan_node *node = &plan->nodes[entry->node];
    struct link_counters in = link_growth(ledger, rx);
    struct link_counters out = link_growth(ledger, tx);
    uint64_t taken = take(&ledger->filters_left[rx], lost);
    place_at(ledger, taken, rx, "ingress filter");
    lost -= taken;
    uint64_t queued = out.queue_full < lost ? out.queue_full : lost;
    place_at(ledger, queued, sink == NULL ? tx : *sink, sink == NULL ? "queue" : "receive ring");
    lost -= queued;
    taken = out.qdisc_egress < lost ? out.qdisc_egress : lost;
    place_at(ledger, taken, tx, "queue");
    lost -= taken;
    taken = take(&ledger->filters_left[tx], lost);
    place_at(ledger, taken, tx, "egress filter");
    lost -= taken;
    for (size_t i = 0; i < sizeof ip_reasons / sizeof ip_reasons[0]; i++) {
        char where[96];
        bool six = ledger->ip == 6;
        struct ip_counters *counters = six ? ledger->ip6_left : ledger->ip_left;
        taken = take(reason_of(&counters[entry->node], &ip_reasons[i]), lost);
        snprintf(where, sizeof where, "%s %s: %s", node->name, six ? "IPv6" : "IP",
                 ip_reasons[i].text);
        place(ledger, taken, where);
        lost -= taken;
    }
    taken = in.rx_dropped < lost ? in.rx_dropped : lost;
    place_at(ledger, taken, rx, "rx dropped");
    lost -= taken;
    taken = take(&ledger->softnet_left, lost);
    place(ledger, taken, "softnet backlog");
    lost -= taken;
    char where[96];
    if (entry->bridge >= 0) {
        snprintf(where, sizeof where, "%s:%s", node->name, plan->bridges[entry->bridge].name);
    } else {
        snprintf(where, sizeof where, "%s:%s to %s", node->name, entry->name,
                 plan->interfaces[tx].name);
    }
    place(ledger, lost, where);
    ledger->by_choice += lost;
    return sink == NULL ? 0 : queued;
}

// Attributes the losses on a wire, from the counters of its two ends.
static void account_wire(struct ledger *ledger, const struct plan_wire *wire)
{
    struct link_counters a = link_growth(ledger, wire->a);
    struct link_counters b = link_growth(ledger, wire->b);
    if (ledger->plan->port == PORT_TAP && plan_is_platforms(ledger->plan, wire)) {
        // A virtual machine reads packets from the tap's queue.
        place_at(ledger, a.tx_dropped, wire->a, "tap queue");
    } else if (plan_port(ledger->plan, wire->a) == PORT_NETBACK) {
        place_at(ledger, a.tx_dropped, wire->a, "vif queue");
    } else if (wire->made) {
        place_at(ledger, a.tx_dropped, wire->b, "receive ring");
    } else {
        place_at(ledger, a.tx_dropped, wire->a, "transmit");
    }
    uint64_t lost = growth(b.rx_packets, a.tx_packets);
    uint64_t missed = b.rx_missed < lost ? b.rx_missed : lost;
    place_at(ledger, missed, wire->b, "receive ring");
    lost -= missed;
    uint64_t errors = b.rx_errors < lost ? b.rx_errors : lost;
    place_at(ledger, errors, wire->b, "receive errors");
    place_at(ledger, lost - errors, wire->a, "link");
}

// Scales the frames placed so far down to at most `packets`, proportionally (largest remainders): a
// packet whose fragments were lost in several places is shared among them.
static void share_out(struct ledger *ledger, uint64_t packets)
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

// The lost packets of a path that its missing fragments cannot explain, even if each belongs to
// another packet.
static uint64_t whole_due(const struct ledger *ledger, const struct plan_path *path,
                          const struct traffic_count *count, uint64_t lost)
{
    const struct plan *plan = ledger->plan;
    struct link_counters first = link_growth(ledger, plan_sender(plan, path));
    struct link_counters end = link_growth(ledger, plan_receiver(plan, path));
    uint64_t own = count->tx * count->fragments;
    uint64_t attempts = first.tx_packets + first.tx_dropped;
    uint64_t sent = attempts > own ? attempts : own;
    return count->company && count->fragments > 1 ? growth(growth(end.rx_packets, sent), lost) : 0;
}

// Attributes `unseen` frames that arrived at a sink program but were not read: its socket was full,
// or it had ended. Of fragmented packets only those that the IP layer reassembled count here.
// Fragments whose packet is incomplete are no loss of their own; the frames placed on the way are
// converted to packets.
static void account_program(struct ledger *ledger, const struct plan_path *path,
                            const struct traffic_count *count, uint64_t untaken, uint64_t unseen,
                            uint64_t lost, struct tester_losses *tester)
{
    const struct plan *plan = ledger->plan;
    size_t source = plan_sender(plan, path);
    size_t sink = plan_receiver(plan, path);
    uint64_t each = count->fragments > 1 ? count->fragments : 1;
    size_t node = plan->interfaces[sink].node;
    uint64_t unread = unseen;
    if (each > 1) {
        // Paths may share the sink's counters: each first takes what it requires.
        (void)take(&ledger->whole_due[node], whole_due(ledger, path, count, lost));
        uint64_t left_for_it = growth(ledger->whole_due[node], ledger->whole_left[node]);
        unread = unseen / each < left_for_it ? unseen / each : left_for_it;
        ledger->whole_left[node] -= unread;
    }
    uint64_t no_room = take(&ledger->sockets_left[node], unread);
    if (each > 1) {
        uint64_t elsewhere = growth(unread, lost);
        share_out(ledger, elsewhere);
        uint64_t left = growth(ledger->placed, elsewhere);
        // A source that finds the first ring full does not send the packet's other fragments.
        uint64_t given_up = untaken / each < left ? untaken / each : left;
        place_at(ledger, given_up, source, "not taken");
    }
    unread -= no_room;
    tester->sink_socket += no_room + unread;
    place_at(ledger, no_room, sink, "socket of the sink");
    place_at(ledger, unread, sink, "not read by the sink");
}

static void account_path(struct ledger *ledger, const struct plan_path *path,
                         const struct traffic_count *count, uint64_t lost,
                         struct tester_losses *tester)
{
    const struct plan *plan = ledger->plan;
    uint64_t each = count->fragments > 1 ? count->fragments : 1;
    uint64_t own = count->tx * each; // in frames
    uint64_t company = 0;            // frames of the engine's own packets
    uint64_t untaken = 0;
    for (size_t i = 0; i < path->wire_count; i++) {
        const struct plan_wire wire = plan_hop(plan, path, i);
        struct link_counters a = link_growth(ledger, wire.a);
        uint64_t attempts = a.tx_packets + a.tx_dropped;
        if (i == 0) {
            untaken = growth(attempts, own);
            company = count->company ? growth(own, attempts) : 0;
            // Packets that other programs send beside the source are not its own.
            place_at(ledger, each > 1 || count->chatter ? 0 : untaken, wire.a, "not taken");
        } else {
            size_t rx = plan_hop(plan, path, i - 1).b;
            uint64_t within = growth(attempts, link_growth(ledger, rx).rx_packets);
            bool last = wire.made && i + 1 == path->wire_count;
            tester->sink_ring += account_node(ledger, rx, wire.a, last ? &wire.b : NULL, within);
        }
        account_wire(ledger, &wire);
    }
    const struct plan_wire last = plan_hop(plan, path, path->wire_count - 1);
    struct link_counters end = link_growth(ledger, last.b);
    // On a lent link, packets that the sender drops are lost by the device.
    tester->sink_ring += end.rx_missed;
    tester->sink_ring += last.made ? link_growth(ledger, last.a).tx_dropped : 0;
    tester->sink_socket += count->sink_drops;
    place_at(ledger, count->sink_drops, last.b, "socket of the sink");
    place_at(ledger, count->corrupt, last.b, "corrupt on arrival");
    uint64_t known = count->rx + count->duplicated + count->corrupt + count->strays + count->stale +
                     count->sink_drops;
    uint64_t unseen = growth(known * each + company, end.rx_packets);
    if (count->company) {
        account_program(ledger, path, count, untaken, unseen, lost, tester);
    } else if (!count->chatter) {
        place_at(ledger, unseen, last.b, "not seen by the sink");
    }
}

// Makes the places of one path sum to its losses, and moves them to the point. More than was lost
// may have been placed if duplicates were dropped; the excess is taken off the latest places of the
// path.
static void settle(struct ledger *ledger, uint64_t lost, struct point *point)
{
    if (lost > ledger->placed) {
        place(ledger, lost - ledger->placed, "unexplained");
    }
    uint64_t excess = ledger->placed - lost;
    for (size_t i = ledger->drop_count; i > 0 && excess > 0; i--) {
        excess -= take(&ledger->drops[i - 1].count, excess);
    }
    for (size_t i = 0; i < ledger->drop_count; i++) {
        if (ledger->drops[i].count > 0) {
            add_drops(&point->drops, &point->drop_count, ledger->drops[i].count,
                      ledger->drops[i].where);
        }
        free(ledger->drops[i].where);
    }
    free(ledger->drops);
    ledger->drops = NULL;
    ledger->drop_count = 0;
    ledger->placed = 0;
}

void losses_count_packets(const struct plan *plan, const struct path_counters *before,
                          const struct path_counters *after, struct traffic_count *counts)
{
    const struct ledger ledger = {.plan = plan, .before = before, .after = after};
    for (size_t i = 0; i < plan->path_count; i++) {
        struct link_counters first = link_growth(&ledger, plan_sender(plan, &plan->paths[i]));
        struct link_counters last = link_growth(&ledger, plan_receiver(plan, &plan->paths[i]));
        uint64_t tx = first.tx_packets + first.tx_dropped;
        counts[i].tx = tx;
        counts[i].rx = last.rx_packets < tx ? last.rx_packets : tx;
    }
}

void losses_account(const struct plan *plan, const struct path_counters *before,
                    const struct path_counters *after, const struct traffic_count *counts,
                    struct point *point, struct tester_losses *ret_tester)
{
    struct ledger ledger = {
        .plan = plan,
        .before = before,
        .after = after,
        .ip_left = memory_new_array(struct ip_counters, plan->node_count),
        .ip6_left = memory_new_array(struct ip_counters, plan->node_count),
        .filters_left = memory_new_array(uint64_t, plan->interface_count),
        .sockets_left = memory_new_array(uint64_t, plan->node_count),
        .whole_left = memory_new_array(uint64_t, plan->node_count),
        .whole_due = memory_new_array(uint64_t, plan->node_count),
        .softnet_left = growth(before->softnet_dropped, after->softnet_dropped),
    };
    for (size_t n = 0; n < plan->node_count; n++) {
        ledger.sockets_left[n] =
            growth(before->nodes[n].udp.rcvbuf_errors, after->nodes[n].udp.rcvbuf_errors);
        ledger.whole_left[n] =
            growth(before->nodes[n].udp.reassembled, after->nodes[n].udp.reassembled);
        ip_growth(&before->nodes[n].ip, &after->nodes[n].ip, &ledger.ip_left[n]);
        ip_growth(&before->nodes[n].ip6, &after->nodes[n].ip6, &ledger.ip6_left[n]);
    }
    for (size_t i = 0; i < plan->interface_count; i++) {
        ledger.filters_left[i] = link_growth(&ledger, i).qdisc_ingress;
    }
    for (size_t i = 0; i < plan->path_count; i++) {
        size_t sink = plan_receiver(plan, &plan->paths[i]);
        uint64_t *whole = &ledger.whole_left[plan->interfaces[sink].node];
        (void)take(whole, counts[i].rx + counts[i].duplicated);
        ledger.whole_due[plan->interfaces[sink].node] +=
            whole_due(&ledger, &plan->paths[i], &counts[i], point->networks[i].lost);
    }
    *ret_tester = (struct tester_losses){0};
    for (size_t i = 0; i < plan->path_count; i++) {
        uint64_t lost = point->networks[i].lost;
        ledger.ip = plan->scenario->networks[plan->paths[i].network].ip;
        account_path(&ledger, &plan->paths[i], &counts[i], lost, ret_tester);
        settle(&ledger, lost, point);
    }
    // The queues of a virtual machine's guest are not among the counters.
    ret_tester->by_choice = plan->port == PORT_VETH ? ledger.by_choice : 0;
    free(ledger.ip_left);
    free(ledger.ip6_left);
    free(ledger.filters_left);
    free(ledger.sockets_left);
    free(ledger.whole_left);
    free(ledger.whole_due);
}
