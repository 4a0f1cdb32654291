// SPDX-License-Identifier: GPL-3.0-or-later
// measure/losses — see losses.h. Called by trial.c once a trial has drained.
#include "measure/losses.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "measure/ledger.h"
#include "measure/node_losses.h"

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
                             const struct path_ends *ends, const struct point *point)
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
        ledger->tester.sink_socket += unread[i];
        ledger_place_at(ledger, no_room[i], plan_receiver(plan, path), "socket of the sink");
        ledger_place_at(ledger, unread[i] - no_room[i], plan_receiver(plan, path),
                        "not read by the sink");
    }
}

// Attributes the losses on the wires of a path and in the nodes between them, except those that
// another path of the group has attributed.
static void account_way(struct ledger *ledger, const struct plan_path *path,
                        const struct traffic_count *count, const struct point *point,
                        struct path_ends *ends)
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
            node_losses_account(ledger, crossing, point);
        }
        if (!ledger->wired[gate_out(wire.a)]) {
            ledger->wired[gate_out(wire.a)] = true;
            account_wire(ledger, &wire);
            ledger->tester.cables +=
                plan_in_cables(plan, wire.b) ? ledger_link(ledger, wire.a).tx_dropped : 0;
        }
    }
}

// Attributes the losses at the sink of a path.
static void account_sink(struct ledger *ledger, const struct plan_path *path,
                         const struct traffic_count *count, struct path_ends *ends)
{
    const struct plan *plan = ledger->plan;
    uint64_t each = count->fragments > 1 ? count->fragments : 1;
    const struct plan_wire last = plan_hop(plan, path, path->wire_count - 1);
    struct link_counters end = ledger_link(ledger, last.b);
    // On a lent link, packets that the sender drops are lost by the device.
    ledger->tester.sink_ring += end.rx_missed;
    ledger->tester.sink_ring += last.made ? ledger_link(ledger, last.a).tx_dropped : 0;
    ledger->tester.sink_socket += count->sink_drops;
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
                          const struct point *point)
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
        account_way(ledger, &plan->paths[number], &counts[number], point, &ends[i]);
        company |= counts[number].company;
    }
    for (size_t i = 0; i < ledger->path_count; i++) {
        size_t number = ledger->paths[i];
        account_sink(ledger, &plan->paths[number], &counts[number], &ends[i]);
    }
    if (company) {
        account_programs(ledger, counts, ends, point);
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

static void account(const struct plan *plan, const struct path_counters *before,
                    const struct path_counters *after, const struct traffic_count *counts,
                    bool watching, struct point *point, struct tester_losses *ret_tester)
{
    struct ledger ledger = {
        .plan = plan,
        .before = before,
        .after = after,
        .filters_left = memory_new_array(uint64_t, plan->interface_count),
        .sockets_left = memory_new_array(uint64_t, plan->node_count),
        .whole_left = memory_new_array(uint64_t, plan->node_count),
        .whole_due = memory_new_array(uint64_t, plan->node_count),
        .watching = watching,
        .softnet_left = counter_growth(before->softnet_dropped, after->softnet_dropped),
    };
    for (size_t n = 0; n < plan->node_count; n++) {
        ledger.sockets_left[n] =
            counter_growth(before->nodes[n].udp.rcvbuf_errors, after->nodes[n].udp.rcvbuf_errors);
        ledger.whole_left[n] =
            counter_growth(before->nodes[n].udp.reassembled, after->nodes[n].udp.reassembled);
    }
    node_losses_begin(&ledger);
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
    for (size_t i = 0; i < plan->path_count; i++) {
        uint64_t lost = 0;
        if (select_group(&ledger, i) == 0) {
            continue;
        }
        for (size_t k = 0; k < ledger.path_count; k++) {
            lost += point->networks[ledger.paths[k]].lost;
        }
        account_group(&ledger, counts, point);
        ledger_settle(&ledger, lost, point);
    }
    // The queues of a virtual machine's guest are not among the counters.
    ledger.tester.by_choice = plan->port == PORT_VETH ? ledger.tester.by_choice : 0;
    *ret_tester = ledger.tester;
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
