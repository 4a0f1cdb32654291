// SPDX-License-Identifier: GPL-3.0-or-later
// measure/node_losses — see node_losses.h.
#include "measure/node_losses.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

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

void node_losses_begin(struct ledger *ledger)
{
    const size_t count = ledger->plan->node_count;
    ledger->ip_left = memory_new_array(struct ip_counters, count);
    ledger->ip6_left = memory_new_array(struct ip_counters, count);
    ledger->stranded_left = memory_new_array(uint64_t, count);
    for (size_t n = 0; n < count; n++) {
        const struct namespace_counters *before = &ledger->before->nodes[n];
        const struct namespace_counters *after = &ledger->after->nodes[n];
        ip_growth(&before->ip, &after->ip, &ledger->ip_left[n]);
        ip_growth(&before->ip6, &after->ip6, &ledger->ip6_left[n]);
        ledger->stranded_left[n] =
            stranded(&before->ip, &after->ip) + stranded(&before->ip6, &after->ip6);
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
                text_append(&names, ", ", "%s", plan->interfaces[gate_interface(gate)].name);
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
    ledger->tester.by_choice += lost;
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
static uint64_t place_in_queues(struct ledger *ledger, size_t at, uint64_t lost)
{
    struct link_counters out = ledger_link(ledger, at);
    size_t sink = ledger->sinks[at];
    uint64_t queued = out.queue_full < lost ? out.queue_full : lost;
    ledger_place_at(ledger, queued, sink == NO_GATE ? at : sink,
                    sink == NO_GATE ? "queue" : "receive ring");
    if (sink != NO_GATE) {
        uint64_t *ring =
            plan_in_cables(ledger->plan, sink) ? &ledger->tester.cables : &ledger->tester.sink_ring;
        *ring += queued;
    }
    lost -= queued;
    uint64_t taken = out.qdisc_egress < lost ? out.qdisc_egress : lost;
    ledger_place_at(ledger, taken, at, "queue");
    return lost - taken;
}

// The losses at one gate of a crossing that its counters name.
static uint64_t place_at_gate(struct ledger *ledger, size_t gate, uint64_t lost)
{
    size_t at = gate_interface(gate);
    if (gate_is_out(gate)) {
        lost = place_in_queues(ledger, at, lost);
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
static void account_impairment(struct ledger *ledger, size_t crossing)
{
    const size_t *next = ledger->crossings.next;
    uint64_t lost = most_named(ledger, lost_within(ledger, crossing));
    for (size_t gate = crossing; gate != NO_GATE; gate = next[gate]) {
        lost = gate_is_out(gate) ? place_in_queues(ledger, gate_interface(gate), lost) : lost;
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
        ledger->tester.by_choice += taken;
        lost = not_named(ledger, lost - taken);
        ledger_place_difference(ledger, lost, failed);
        uint64_t held = ledger->noisy ? held_most(plan_cable_delay_ns(ledger->plan, entry)) : 0;
        ledger->tester.cables += counter_growth(held, lost);
        lost = most_named(ledger, 0);
    }
}

// Attributes the losses inside a node between wires: first to counters, the rest to the node
// itself.
static void account_crossing(struct ledger *ledger, size_t crossing, const struct point *point)
{
    const size_t *next = ledger->crossings.next;
    const struct plan_interface *entry = &ledger->plan->interfaces[gate_interface(crossing)];
    size_t node = entry->node;
    // The IP layer of a bridge's node may be that of the whole machine.
    bool by_ip = !ledger->watching || entry->bridge < 0;
    uint64_t lost = most_named(ledger, lost_within(ledger, crossing));
    for (unsigned out = 0; out < 2; out++) {
        for (size_t gate = crossing; gate != NO_GATE; gate = next[gate]) {
            lost = gate_is_out(gate) == (out > 0) ? place_at_gate(ledger, gate, lost) : lost;
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

void node_losses_account(struct ledger *ledger, size_t crossing, const struct point *point)
{
    if (plan_in_cables(ledger->plan, gate_interface(crossing))) {
        account_impairment(ledger, crossing);
    } else {
        account_crossing(ledger, crossing, point);
    }
}
