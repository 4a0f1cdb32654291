// SPDX-License-Identifier: GPL-3.0-or-later
// measure/losses — see losses.h. Called by trial.c once a trial has drained.
#include "measure/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "measure/ledger.h"

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
        *reason_of(ret, reason) = counter_growth(count_of(before, reason), count_of(after, reason));
    }
}

// The interfaces that lossy paths of the group enter or leave a crossing by: "eth0", "eth0, eth2".
// If none has lost packets, those of all paths.
static char *name_gates(const struct ledger *ledger, size_t crossing, bool out,
                        const struct point *point)
{
    const struct plan *plan = ledger->plan;
    _cleanup_free_ bool *used = memory_new_array(bool, 2 * plan->interface_count);
    for (size_t i = 0; i < ledger->path_count; i++) {
        const struct plan_path *path = &plan->paths[ledger->paths[i]];
        for (size_t k = 0; k < path->wire_count; k++) {
            const struct plan_wire wire = plan_hop(plan, path, k);
            size_t gate = out ? gate_out(wire.a) : gate_in(wire.b);
            used[gate] |= point->networks[ledger->paths[i]].lost > 0;
        }
    }
    char *names = NULL;
    for (unsigned all = 0; names == NULL && all < 2; all++) {
        for (size_t gate = crossing; gate != NO_GATE; gate = ledger->crossings.next[gate]) {
            if (gate_is_out(gate) == out && (used[gate] || all > 0)) {
                const char *name = plan->interfaces[gate_interface(gate)].name;
                char *longer = names == NULL ? text_copy(name) : text_format("%s, %s", names, name);
                free(names);
                names = longer;
            }
        }
    }
    return names == NULL ? text_copy("") : names;
}

// Places what entered a crossing and neither left it nor was counted as lost.
static void place_within(struct ledger *ledger, size_t crossing, uint64_t lost,
                         const struct point *point)
{
    const struct plan *plan = ledger->plan;
    const struct plan_interface *entry = &plan->interfaces[gate_interface(crossing)];
    const char *node = plan->nodes[entry->node].name;
    if (lost == 0) {
        return;
    }
    _cleanup_free_ char *from = name_gates(ledger, crossing, false, point);
    _cleanup_free_ char *to = name_gates(ledger, crossing, true, point);
    _cleanup_free_ char *where = entry->bridge >= 0
                                     ? text_format("%s:%s", node, plan->bridges[entry->bridge].name)
                                     : text_format("%s:%s to %s", node, from, to);
    if (ledger->watching && entry->bridge < 0) {
        // A node also consumes packets itself, and not all are of IP.
        lost = ledger_take(&ledger->stranded_left[entry->node], lost);
    }
    ledger_place_difference(ledger, lost, where);
    ledger->by_choice += lost;
}

static uint64_t place_ip_reasons(struct ledger *ledger, size_t node, bool six, uint64_t lost)
{
    struct ip_counters *counters = six ? ledger->ip6_left : ledger->ip_left;
    for (size_t i = 0; i < sizeof ip_reasons / sizeof ip_reasons[0]; i++) {
        char where[96];
        uint64_t taken = ledger_take(reason_of(&counters[node], &ip_reasons[i]), lost);
        snprintf(where, sizeof where, "%s %s: %s", ledger->plan->nodes[node].name,
                 six ? "IPv6" : "IP", ip_reasons[i].text);
        ledger_place(ledger, taken, where);
        lost -= taken;
    }
    return lost;
}

// What the interfaces of a crossing received and its node did not try to send.
static uint64_t lost_within(const struct ledger *ledger, size_t crossing)
{
    uint64_t entered = 0;
    uint64_t attempts = 0;
    for (size_t gate = crossing; gate != NO_GATE; gate = ledger->crossings.next[gate]) {
        struct link_counters link = ledger_link(ledger, gate_interface(gate));
        entered += gate_is_out(gate) ? 0 : link.rx_packets;
        attempts += gate_is_out(gate) ? link.tx_packets + link.tx_dropped : 0;
    }
    return counter_growth(attempts, entered);
}

// The losses in the queues of a gate by which packets leave. A queue to a sink, or to an impaired
// cable, fills only if the tester is too slow. Returns the rest.
static uint64_t place_in_queues(struct ledger *ledger, size_t at, uint64_t lost,
                                struct tester_losses *tester)
{
    struct link_counters out = ledger_link(ledger, at);
    size_t sink = ledger->sinks[at];
    uint64_t queued = out.queue_full < lost ? out.queue_full : lost;
    ledger_place_at(ledger, queued, sink == NO_GATE ? at : sink,
                    sink == NO_GATE ? "queue" : "receive ring");
    if (sink != NO_GATE) {
        uint64_t *ring = plan_in_cables(ledger->plan, sink) ? &tester->cables : &tester->sink_ring;
        *ring += queued;
    }
    lost -= queued;
    uint64_t taken = out.qdisc_egress < lost ? out.qdisc_egress : lost;
    ledger_place_at(ledger, taken, at, "queue");
    return lost - taken;
}

// The losses at one gate of a crossing that its counters name.
static uint64_t place_at_gate(struct ledger *ledger, size_t gate, uint64_t lost,
                              struct tester_losses *tester)
{
    size_t at = gate_interface(gate);
    if (gate_is_out(gate)) {
        lost = place_in_queues(ledger, at, lost, tester);
    }
    uint64_t taken = ledger_take(&ledger->filters_left[at], lost);
    ledger_place_at(ledger, taken, at, gate_is_out(gate) ? "egress filter" : "ingress filter");
    return lost - taken;
}

// Packets of other programs that a cable may hold when the counters are read: so many, and so many
// for each second of its delay.
#define HELD_LEAST 4U
#define HELD_PER_S 4U

static uint64_t held_most(uint64_t delay_ns)
{
    return delay_ns == 0 ? 0 : HELD_LEAST + HELD_PER_S * delay_ns / NS_PER_S;
}

// Attributes the losses inside an impaired cable: first to full queues behind it, then to the
// impairment, whose drops the ingress filter or the queueing discipline counts. What remains is the
// tester's own: the cable should have carried it, unless it still holds some packets of other
// programs.
static void account_impairment(struct ledger *ledger, size_t crossing, struct tester_losses *tester)
{
    const size_t *next = ledger->crossings.next;
    uint64_t lost = most_named(ledger, lost_within(ledger, crossing));
    for (size_t gate = crossing; gate != NO_GATE; gate = next[gate]) {
        lost =
            gate_is_out(gate) ? place_in_queues(ledger, gate_interface(gate), lost, tester) : lost;
    }
    for (size_t gate = crossing; gate != NO_GATE; gate = next[gate]) {
        if (gate_is_out(gate)) {
            continue;
        }
        size_t entry = gate_interface(gate);
        const struct plan_cable *cable = plan_cable_of(ledger->plan, entry);
        const char *name = cable->a == entry ? cable->name_a : cable->name_b;
        _cleanup_free_ char *by_choice = text_format("impairment of %s", name);
        _cleanup_free_ char *failed = text_format("impaired cable of %s", name);
        uint64_t taken = ledger_take(&ledger->filters_left[entry], lost);
        ledger_place(ledger, taken, by_choice);
        ledger->by_choice += taken;
        lost = not_named(ledger, lost - taken);
        ledger_place_difference(ledger, lost, failed);
        uint64_t held = ledger->noisy ? held_most(plan_cable_delay_ns(ledger->plan, entry)) : 0;
        tester->cables += counter_growth(held, lost);
        lost = most_named(ledger, 0);
    }
}

// Attributes the losses inside a node between wires: first to counters, the rest to the node
// itself.
static void account_crossing(struct ledger *ledger, size_t crossing, const struct point *point,
                             struct tester_losses *tester)
{
    const size_t *next = ledger->crossings.next;
    const struct plan_interface *entry = &ledger->plan->interfaces[gate_interface(crossing)];
    size_t node = entry->node;
    // The IP layer of a bridge's node may be that of the whole machine.
    bool by_ip = !ledger->watching || entry->bridge < 0;
    uint64_t lost = most_named(ledger, lost_within(ledger, crossing));
    for (unsigned out = 0; out < 2; out++) {
        for (size_t gate = crossing; gate != NO_GATE; gate = next[gate]) {
            lost =
                gate_is_out(gate) == (out > 0) ? place_at_gate(ledger, gate, lost, tester) : lost;
        }
    }
    lost = ledger->four && by_ip ? place_ip_reasons(ledger, node, false, lost) : lost;
    lost = ledger->six && by_ip ? place_ip_reasons(ledger, node, true, lost) : lost;
    for (size_t gate = crossing; gate != NO_GATE; gate = next[gate]) {
        if (!gate_is_out(gate)) {
            uint64_t dropped = ledger_link(ledger, gate_interface(gate)).rx_dropped;
            uint64_t taken = dropped < lost ? dropped : lost;
            ledger_place_at(ledger, taken, gate_interface(gate), "rx dropped");
            lost -= taken;
        }
    }
    lost = not_named(ledger, lost);
    uint64_t taken = ledger_take(&ledger->softnet_left, lost); // the whole machine's
    ledger_place_difference(ledger, taken, "softnet backlog");
    place_within(ledger, crossing, lost - taken, point);
}

// Attributes the losses on a wire, from the counters of its two ends.
static void account_wire(struct ledger *ledger, const struct plan_wire *wire)
{
    struct link_counters a = ledger_link(ledger, wire->a);
    struct link_counters b = ledger_link(ledger, wire->b);
    if (ledger->plan->port == PORT_TAP && plan_is_platforms(ledger->plan, wire)) {
        // A virtual machine reads packets from the tap's queue.
        ledger_place_at(ledger, a.tx_dropped, wire->a, "tap queue");
    } else if (plan_port(ledger->plan, wire->a) == PORT_NETBACK) {
        ledger_place_at(ledger, a.tx_dropped, wire->a, "vif queue");
    } else if (wire->made) {
        ledger_place_at(ledger, a.tx_dropped, wire->b, "receive ring");
    } else {
        ledger_place_at(ledger, a.tx_dropped, wire->a, "transmit");
    }
    uint64_t lost = most_named(ledger, counter_growth(b.rx_packets, a.tx_packets));
    uint64_t missed = b.rx_missed < lost ? b.rx_missed : lost;
    ledger_place_at(ledger, missed, wire->b, "receive ring");
    lost -= missed;
    uint64_t errors = b.rx_errors < lost ? b.rx_errors : lost;
    ledger_place_at(ledger, errors, wire->b, "receive errors");
    _cleanup_free_ char *link = ledger_name(ledger, wire->a, "link");
    ledger_place_difference(ledger, not_named(ledger, lost - errors), link);
}

// The lost packets of a path that its missing fragments cannot explain, even if each belongs to
// another packet.
static uint64_t whole_due(const struct ledger *ledger, const struct plan_path *path,
                          const struct traffic_count *count, uint64_t lost)
{
    const struct plan *plan = ledger->plan;
    struct link_counters first = ledger_link(ledger, plan_sender(plan, path));
    struct link_counters end = ledger_link(ledger, plan_receiver(plan, path));
    uint64_t own = count->tx * count->fragments;
    uint64_t attempts = first.tx_packets + first.tx_dropped;
    uint64_t sent = attempts > own ? attempts : own;
    return count->company && count->fragments > 1
               ? counter_growth(counter_growth(end.rx_packets, sent), lost)
               : 0;
}

// Frames of a path that its ends count.
struct path_ends {
    uint64_t untaken; // its first ring did not take them
    uint64_t company; // of the engine's own packets
    uint64_t unseen;  // arrived, but its sink did not count them
};

// Attributes frames that arrived at sink programs but were not read: the socket was full, or the
// program had ended. Of fragmented packets only those that the IP layer reassembled count here.
// Fragments whose packet is incomplete are no loss of their own; the frames placed on the way are
// converted to packets.
static void account_programs(struct ledger *ledger, const struct traffic_count *counts,
                             const struct path_ends *ends, const struct point *point,
                             struct tester_losses *tester)
{
    const struct plan *plan = ledger->plan;
    _cleanup_free_ uint64_t *unread = memory_new_array(uint64_t, ledger->path_count);
    _cleanup_free_ uint64_t *no_room = memory_new_array(uint64_t, ledger->path_count);
    uint64_t elsewhere = 0; // packets lost on the way
    bool fragments = false;
    for (size_t i = 0; i < ledger->path_count; i++) {
        size_t number = ledger->paths[i];
        const struct traffic_count *count = &counts[number];
        const struct plan_path *path = &plan->paths[number];
        size_t node = plan->interfaces[plan_receiver(plan, path)].node;
        uint64_t lost = point->networks[number].lost;
        uint64_t each = count->fragments > 1 ? count->fragments : 1;
        unread[i] = ends[i].unseen;
        if (each > 1) {
            // Paths may share the sink's counters: each first takes what it requires.
            (void)ledger_take(&ledger->whole_due[node], whole_due(ledger, path, count, lost));
            uint64_t left_for_it =
                counter_growth(ledger->whole_due[node], ledger->whole_left[node]);
            unread[i] = unread[i] / each < left_for_it ? unread[i] / each : left_for_it;
            ledger->whole_left[node] -= unread[i];
        }
        no_room[i] = ledger_take(&ledger->sockets_left[node], unread[i]);
        elsewhere += counter_growth(unread[i], lost);
        fragments |= each > 1;
    }
    if (fragments) {
        ledger_share_out(ledger, elsewhere);
    }
    uint64_t left = counter_growth(ledger->placed, elsewhere);
    for (size_t i = 0; i < ledger->path_count; i++) {
        size_t number = ledger->paths[i];
        const struct plan_path *path = &plan->paths[number];
        uint64_t each = counts[number].fragments > 1 ? counts[number].fragments : 1;
        // A source that finds the first ring full does not send the packet's other fragments.
        uint64_t given_up = each > 1 ? ledger_take(&left, ends[i].untaken / each) : 0;
        ledger_place_at(ledger, given_up, plan_sender(plan, path), "not taken");
        tester->sink_socket += unread[i];
        ledger_place_at(ledger, no_room[i], plan_receiver(plan, path), "socket of the sink");
        ledger_place_at(ledger, unread[i] - no_room[i], plan_receiver(plan, path),
                        "not read by the sink");
    }
}

// Attributes the losses on the wires of a path and in the nodes between them, except those that
// another path of the group has attributed.
static void account_way(struct ledger *ledger, const struct plan_path *path,
                        const struct traffic_count *count, const struct point *point,
                        struct path_ends *ends, struct tester_losses *tester)
{
    const struct plan *plan = ledger->plan;
    uint64_t each = count->fragments > 1 ? count->fragments : 1;
    uint64_t own = count->tx * each; // in frames
    for (size_t i = 0; i < path->wire_count; i++) {
        const struct plan_wire wire = plan_hop(plan, path, i);
        size_t crossing = ledger->crossings.crossing[gate_out(wire.a)];
        if (i == 0) {
            struct link_counters a = ledger_link(ledger, wire.a);
            uint64_t attempts = a.tx_packets + a.tx_dropped;
            ends->untaken = counter_growth(attempts, own);
            ends->company = count->company ? counter_growth(own, attempts) : 0;
            // Packets that other programs send beside the source are not its own.
            ledger_place_at(ledger, each > 1 || count->chatter ? 0 : ends->untaken, wire.a,
                            "not taken");
        } else if (!ledger->seen[crossing]) {
            ledger->seen[crossing] = true;
            if (plan_in_cables(plan, wire.a)) {
                account_impairment(ledger, crossing, tester);
            } else {
                account_crossing(ledger, crossing, point, tester);
            }
        }
        if (!ledger->wired[gate_out(wire.a)]) {
            ledger->wired[gate_out(wire.a)] = true;
            account_wire(ledger, &wire);
            tester->cables +=
                plan_in_cables(plan, wire.b) ? ledger_link(ledger, wire.a).tx_dropped : 0;
        }
    }
}

// Attributes the losses at the sink of a path.
static void account_sink(struct ledger *ledger, const struct plan_path *path,
                         const struct traffic_count *count, struct path_ends *ends,
                         struct tester_losses *tester)
{
    const struct plan *plan = ledger->plan;
    uint64_t each = count->fragments > 1 ? count->fragments : 1;
    const struct plan_wire last = plan_hop(plan, path, path->wire_count - 1);
    struct link_counters end = ledger_link(ledger, last.b);
    // On a lent link, packets that the sender drops are lost by the device.
    tester->sink_ring += end.rx_missed;
    tester->sink_ring += last.made ? ledger_link(ledger, last.a).tx_dropped : 0;
    tester->sink_socket += count->sink_drops;
    ledger_place_at(ledger, count->sink_drops, last.b, "socket of the sink");
    ledger_place_at(ledger, count->corrupt, last.b, "corrupt on arrival");
    uint64_t known = count->rx + count->duplicated + count->corrupt + count->strays + count->stale +
                     count->sink_drops;
    ends->unseen = counter_growth(known * each + ends->company, end.rx_packets);
    if (!count->company && !count->chatter) {
        ledger_place_at(ledger, ends->unseen, last.b, "not seen by the sink");
    }
}

// Attributes the losses of all paths of the present group.
static void account_group(struct ledger *ledger, const struct traffic_count *counts,
                          const struct point *point, struct tester_losses *tester)
{
    const struct plan *plan = ledger->plan;
    _cleanup_free_ struct path_ends *ends = memory_new_array(struct path_ends, ledger->path_count);
    bool company = false;
    ledger->noisy = false;
    for (size_t i = 0; i < ledger->path_count; i++) {
        const struct traffic_count *count = &counts[ledger->paths[i]];
        ledger->noisy |= count->company || count->chatter;
    }
    for (size_t i = 0; i < ledger->path_count; i++) {
        size_t number = ledger->paths[i];
        account_way(ledger, &plan->paths[number], &counts[number], point, &ends[i], tester);
        company |= counts[number].company;
    }
    for (size_t i = 0; i < ledger->path_count; i++) {
        size_t number = ledger->paths[i];
        account_sink(ledger, &plan->paths[number], &counts[number], &ends[i], tester);
    }
    if (company) {
        account_programs(ledger, counts, ends, point, tester);
    }
}

void losses_count_packets(const struct plan *plan, const struct path_counters *before,
                          const struct path_counters *after, struct traffic_count *counts)
{
    const struct ledger ledger = {.plan = plan, .before = before, .after = after};
    for (size_t i = 0; i < plan->path_count; i++) {
        struct link_counters first = ledger_link(&ledger, plan_sender(plan, &plan->paths[i]));
        struct link_counters last = ledger_link(&ledger, plan_receiver(plan, &plan->paths[i]));
        uint64_t tx = first.tx_packets + first.tx_dropped;
        counts[i].tx = tx;
        counts[i].rx = last.rx_packets < tx ? last.rx_packets : tx;
    }
}

// Prepares the crossings of the plan's paths.
static void prepare_crossings(struct ledger *ledger, const struct traffic_count *counts)
{
    const struct plan *plan = ledger->plan;
    bool answers = false;
    ledger->seen = memory_new_array(bool, 2 * plan->interface_count);
    ledger->wired = memory_new_array(bool, 2 * plan->interface_count);
    ledger->sinks = memory_new_array(size_t, plan->interface_count);
    ledger->paths = memory_new_array(size_t, plan->path_count);
    for (size_t i = 0; i < plan->interface_count; i++) {
        ledger->sinks[i] = NO_GATE;
    }
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct plan_path *path = &plan->paths[i];
        const struct plan_wire last = plan_hop(plan, path, path->wire_count - 1);
        ledger->sinks[last.a] = last.made ? last.b : NO_GATE;
        for (size_t k = 1; k < path->wire_count; k++) {
            const struct plan_wire wire = plan_hop(plan, path, k);
            if (plan_in_cables(plan, wire.b)) {
                ledger->sinks[wire.a] = wire.b;
            }
        }
        answers |= counts[i].company || counts[i].chatter;
    }
    crossings_make(plan, answers, &ledger->crossings);
    ledger->groups = memory_new_array(size_t, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        ledger->groups[i] = crossings_group(plan, &ledger->crossings, &plan->paths[i]);
    }
}

// Selects the paths of the group of path `first`; 0 if an earlier path is in that group.
static size_t select_group(struct ledger *ledger, size_t first)
{
    const struct plan *plan = ledger->plan;
    ledger->path_count = 0;
    ledger->four = ledger->six = false;
    if (ledger->wired[gate_out(plan_sender(plan, &plan->paths[first]))]) {
        return 0;
    }
    for (size_t i = first; i < plan->path_count; i++) {
        if (ledger->groups[i] == ledger->groups[first]) {
            bool six = plan->scenario->networks[plan->paths[i].network].ip == 6;
            ledger->paths[ledger->path_count++] = i;
            ledger->six |= six;
            ledger->four |= !six;
        }
    }
    return ledger->path_count;
}

static void ledger_clear(struct ledger *ledger)
{
    free(ledger->ip_left);
    free(ledger->ip6_left);
    free(ledger->filters_left);
    free(ledger->sockets_left);
    free(ledger->whole_left);
    free(ledger->whole_due);
    free(ledger->stranded_left);
    free(ledger->seen);
    free(ledger->wired);
    free(ledger->sinks);
    free(ledger->groups);
    free(ledger->paths);
    crossings_clear(&ledger->crossings);
}

// Packets that the IP layer received, and neither delivered, forwarded nor counted as dropped.
static uint64_t stranded(const struct ip_counters *before, const struct ip_counters *after)
{
    struct ip_counters dropped;
    uint64_t known = counter_growth(before->delivered, after->delivered) +
                     counter_growth(before->forwarded, after->forwarded) +
                     counter_growth(before->multicast, after->multicast) +
                     counter_growth(before->fragments, after->fragments);
    ip_growth(before, after, &dropped);
    for (size_t i = 0; i < sizeof ip_reasons / sizeof ip_reasons[0]; i++) {
        known += count_of(&dropped, &ip_reasons[i]);
    }
    return counter_growth(known, counter_growth(before->received, after->received));
}

static void account(const struct plan *plan, const struct path_counters *before,
                    const struct path_counters *after, const struct traffic_count *counts,
                    bool watching, struct point *point, struct tester_losses *ret_tester)
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
        .watching = watching,
        .stranded_left = memory_new_array(uint64_t, plan->node_count),
        .softnet_left = counter_growth(before->softnet_dropped, after->softnet_dropped),
    };
    for (size_t n = 0; n < plan->node_count; n++) {
        ledger.sockets_left[n] =
            counter_growth(before->nodes[n].udp.rcvbuf_errors, after->nodes[n].udp.rcvbuf_errors);
        ledger.whole_left[n] =
            counter_growth(before->nodes[n].udp.reassembled, after->nodes[n].udp.reassembled);
        ip_growth(&before->nodes[n].ip, &after->nodes[n].ip, &ledger.ip_left[n]);
        ip_growth(&before->nodes[n].ip6, &after->nodes[n].ip6, &ledger.ip6_left[n]);
        ledger.stranded_left[n] = stranded(&before->nodes[n].ip, &after->nodes[n].ip) +
                                  stranded(&before->nodes[n].ip6, &after->nodes[n].ip6);
    }
    for (size_t i = 0; i < plan->interface_count; i++) {
        ledger.filters_left[i] = ledger_link(&ledger, i).qdisc_ingress;
    }
    for (size_t i = 0; i < plan->cable_count; i++) {
        const struct plan_cable *cable = &plan->cables[i];
        ledger.filters_left[cable->a] += ledger_link(&ledger, cable->b).impaired;
        ledger.filters_left[cable->b] += ledger_link(&ledger, cable->a).impaired;
    }
    for (size_t i = 0; i < plan->path_count; i++) {
        size_t sink = plan_receiver(plan, &plan->paths[i]);
        uint64_t *whole = &ledger.whole_left[plan->interfaces[sink].node];
        (void)ledger_take(whole, counts[i].rx + counts[i].duplicated);
        ledger.whole_due[plan->interfaces[sink].node] +=
            whole_due(&ledger, &plan->paths[i], &counts[i], point->networks[i].lost);
    }
    prepare_crossings(&ledger, counts);
    *ret_tester = (struct tester_losses){0};
    for (size_t i = 0; i < plan->path_count; i++) {
        uint64_t lost = 0;
        if (select_group(&ledger, i) == 0) {
            continue;
        }
        for (size_t k = 0; k < ledger.path_count; k++) {
            lost += point->networks[ledger.paths[k]].lost;
        }
        account_group(&ledger, counts, point, ret_tester);
        ledger_settle(&ledger, lost, point);
    }
    // The queues of a virtual machine's guest are not among the counters.
    ret_tester->by_choice = plan->port == PORT_VETH ? ledger.by_choice : 0;
    ledger_clear(&ledger);
}

void losses_account(const struct plan *plan, const struct path_counters *before,
                    const struct path_counters *after, const struct traffic_count *counts,
                    struct point *point, struct tester_losses *ret_tester)
{
    account(plan, before, after, counts, false, point, ret_tester);
}

void losses_seen(const struct plan *plan, const struct path_counters *before,
                 const struct path_counters *after, struct point *point)
{
    struct tester_losses tester;
    _cleanup_free_ struct traffic_count *counts =
        memory_new_array(struct traffic_count, plan->path_count);
    losses_count_packets(plan, before, after, counts);
    point->network_count = plan->path_count;
    point->networks = memory_new_array(struct network_result, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct plan_path *path = &plan->paths[i];
        // A sink doesn't count what arrives, so nothing that arrives is lost there.
        const struct ledger ledger = {.plan = plan, .before = before, .after = after};
        counts[i].rx = ledger_link(&ledger, plan_receiver(plan, path)).rx_packets;
        counts[i].chatter = plan->topology != TOPOLOGY_DIRECT &&
                            plan->scenario->networks[path->network].behind_sink.prefix;
        point->networks[i].lost = 1; // perhaps
    }
    account(plan, before, after, counts, true, point, &tester);
}
