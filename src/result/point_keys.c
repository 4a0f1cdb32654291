// SPDX-License-Identifier: GPL-3.0-or-later
// result/point_keys — see point_keys.h.
#include "result/point_keys.h"

#include "result/result.h"

#define AT(type, member) offsetof(struct type, member)

static const struct key delay_keys[] = {
    {.name = "min", .kind = COUNT, .at = AT(delay_summary, min)},
    {.name = "p50", .kind = COUNT, .at = AT(delay_summary, p50)},
    {.name = "p99", .kind = COUNT, .at = AT(delay_summary, p99)},
    {.name = "max", .kind = COUNT, .at = AT(delay_summary, max)},
    {.name = "p999", .kind = COUNT_SET, .at = AT(delay_summary, p999)},
    {.name = "mean", .kind = COUNT_SET, .at = AT(delay_summary, mean)},
    {.name = NULL},
};

static const struct key delay_classes_keys[] = {
    {.name = "below_ns",
     .kind = COUNTS,
     .at = AT(delay_classes, below_ns),
     .aux = AT(delay_classes, count)},
    {.name = "packets",
     .kind = COUNTS,
     .at = AT(delay_classes, packets),
     .aux = AT(delay_classes, packets_count)},
    {.name = NULL},
};

static const struct key gap_keys[] = {
    {.name = "p50", .kind = COUNT, .at = AT(gap_summary, p50)},
    {.name = "p99", .kind = COUNT, .at = AT(gap_summary, p99)},
    {.name = "p999", .kind = COUNT, .at = AT(gap_summary, p999)},
    {.name = "max", .kind = COUNT, .at = AT(gap_summary, max)},
    {.name = NULL},
};

static const struct key undisturbed_keys[] = {
    {.name = "tx", .kind = COUNT, .at = AT(undisturbed_result, tx)},
    {.name = "rx", .kind = COUNT, .at = AT(undisturbed_result, rx)},
    {.name = "lost", .kind = COUNT, .at = AT(undisturbed_result, lost)},
    {.name = "loss_ratio",
     .kind = LOSS_RATIO,
     .at = AT(undisturbed_result, tx),
     .aux = AT(undisturbed_result, lost),
     .size = AT(undisturbed_result, rx)},
    {.name = NULL},
};

#define SAID(member)                                                                               \
    {                                                                                              \
        .name = #member, .kind = REAL_MAYBE, .at = AT(monitoring_result, member)                   \
    }

static const struct key monitoring_keys[] = {
    SAID(load_percent), SAID(raw_percent), SAID(text_percent), SAID(text_off), SAID(dut_percent),
    SAID(all_percent),  SAID(answer_s),    SAID(late_s),       {.name = NULL},
};

static const struct key rtt_keys[] = {
    {.name = "min", .kind = COUNT, .at = AT(rtt_summary, min)},
    {.name = "mean", .kind = COUNT, .at = AT(rtt_summary, mean)},
    {.name = "max", .kind = COUNT, .at = AT(rtt_summary, max)},
    {.name = NULL},
};

static const struct key tcp_keys[] = {
    {.name = "goodput_bps", .kind = REAL, .at = AT(tcp_result, goodput_bps)},
    {.name = "retransmits", .kind = COUNT, .at = AT(tcp_result, retransmits)},
    {.name = "rtt_ns",
     .kind = OBJECT_FLAG,
     .at = AT(tcp_result, rtt_ns),
     .aux = AT(tcp_result, rtt_ns.measured),
     .members = rtt_keys},
    {.name = "congestion", .kind = TEXT_MAYBE, .at = AT(tcp_result, congestion)},
    {.name = NULL},
};

// A count of packets that have numbers, which those of TCP have not.
#define COUNT_OF_NUMBERED(key, member)                                                             \
    {                                                                                              \
        .name = (key), .kind = COUNT_ELSE, .at = AT(network_result, member),                       \
        .aux = AT(network_result, tcp.measured)                                                    \
    }

static const struct key network_keys[] = {
    {.name = "name", .kind = TEXT, .at = AT(network_result, name)},
    {.name = "direction", .kind = TEXT_MAYBE, .at = AT(network_result, direction)},
    {.name = "router", .kind = TEXT_MAYBE, .at = AT(network_result, router)},
    {.name = "routers",
     .kind = TEXTS_MAYBE,
     .at = AT(network_result, routers),
     .aux = AT(network_result, router_count)},
    {.name = "tx", .kind = COUNT, .at = AT(network_result, tx)},
    {.name = "unsent", .kind = COUNT, .at = AT(network_result, unsent)},
    {.name = "rx", .kind = COUNT, .at = AT(network_result, rx)},
    {.name = "lost", .kind = COUNT, .at = AT(network_result, lost)},
    {.name = "loss_ratio",
     .kind = LOSS_RATIO,
     .at = AT(network_result, tx),
     .aux = AT(network_result, lost),
     .size = AT(network_result, rx)},
    {.name = "tcp",
     .kind = OBJECT_FLAG,
     .at = AT(network_result, tcp),
     .aux = AT(network_result, tcp.measured),
     .members = tcp_keys},
    COUNT_OF_NUMBERED("duplicated", duplicated),
    COUNT_OF_NUMBERED("reordered", reordered),
    {.name = "offered_pps", .kind = REAL_MAYBE, .at = AT(network_result, offered_pps)},
    {.name = "forwarded_pps", .kind = REAL_MAYBE, .at = AT(network_result, forwarded_pps)},
    {.name = "delay_ns",
     .kind = OBJECT_FLAG,
     .at = AT(network_result, delay_ns),
     .aux = AT(network_result, delay_ns.measured),
     .members = delay_keys},
    {.name = "delay_classes",
     .kind = OBJECT_FLAG,
     .at = AT(network_result, delay_classes),
     .aux = AT(network_result, delay_classes.measured),
     .members = delay_classes_keys},
    {.name = "jitter_ns",
     .kind = REAL_FLAG,
     .at = AT(network_result, jitter_ns),
     .aux = AT(network_result, jitter_measured)},
    {.name = "gap_ns",
     .kind = OBJECT_FLAG,
     .at = AT(network_result, gap_ns),
     .aux = AT(network_result, gap_ns.measured),
     .members = gap_keys},
    COUNT_OF_NUMBERED("corrupt", corrupt),
    {.name = "requested_pps",
     .kind = REAL_FLAG,
     .at = AT(network_result, requested_pps),
     .aux = AT(network_result, has_requested)},
    {.name = "undisturbed",
     .kind = OBJECT_FLAG,
     .at = AT(network_result, undisturbed),
     .aux = AT(network_result, undisturbed.measured),
     .members = undisturbed_keys},
    {.name = "length", .kind = NUMBER_SET, .at = AT(network_result, length)},
    {.name = "fixed_load", .kind = TRUTH_SET, .at = AT(network_result, fixed_load)},
    {.name = NULL},
};

static const struct key cpu_part_keys[] = {
    {.name = "name", .kind = TEXT, .at = AT(cpu_part_result, name)},
    {.name = "percent", .kind = REAL, .at = AT(cpu_part_result, percent)},
    {.name = NULL},
};

static const struct key cpu_keys[] = {
    {.name = "name", .kind = TEXT, .at = AT(cpu_result, name)},
    {.name = "percent", .kind = REAL, .at = AT(cpu_result, percent)},
    {.name = "percent_within",
     .kind = REAL_FLAG,
     .at = AT(cpu_result, within),
     .aux = AT(cpu_result, has_within)},
    {.name = "ns_per_packet",
     .kind = REAL_FLAG,
     .at = AT(cpu_result, ns_per_packet),
     .aux = AT(cpu_result, has_ns_per_packet)},
    {.name = "parts",
     .kind = LIST_MAYBE,
     .at = AT(cpu_result, parts),
     .aux = AT(cpu_result, part_count),
     .members = cpu_part_keys,
     .size = sizeof(struct cpu_part_result)},
    {.name = "cap", .kind = NUMBER_SET, .at = AT(cpu_result, cap)},
    {.name = "weight", .kind = NUMBER_SET, .at = AT(cpu_result, weight)},
    {.name = "weight_end", .kind = NUMBER_SET, .at = AT(cpu_result, weight_end)},
    {.name = "cap_end", .kind = NUMBER_SET, .at = AT(cpu_result, cap_end)},
    {.name = NULL},
};

static const struct key memory_keys[] = {
    {.name = "name", .kind = TEXT, .at = AT(memory_result, name)},
    {.name = "bytes", .kind = COUNT, .at = AT(memory_result, bytes)},
    {.name = NULL},
};

static const struct key start_keys[] = {
    {.name = "name", .kind = TEXT, .at = AT(start_result, name)},
    {.name = "ns", .kind = COUNT, .at = AT(start_result, ns)},
    {.name = NULL},
};

static const struct key drop_keys[] = {
    {.name = "where", .kind = TEXT, .at = AT(drop_result, where)},
    {.name = "count", .kind = COUNT, .at = AT(drop_result, count)},
    {.name = NULL},
};

static const struct key stall_keys[] = {
    {.name = "count", .kind = COUNT, .at = AT(stall_summary, count)},
    {.name = "total_ns", .kind = COUNT, .at = AT(stall_summary, total_ns)},
    {.name = "longest_ns", .kind = COUNT, .at = AT(stall_summary, longest_ns)},
    {.name = NULL},
};

static const struct key other_keys[] = {
    {.name = "name", .kind = TEXT, .at = AT(other_result, name)},
    {.name = "pid", .kind = NUMBER, .at = AT(other_result, pid)},
    {.name = "percent", .kind = REAL, .at = AT(other_result, percent)},
    {.name = NULL},
};

static const struct key processor_keys[] = {
    {.name = "cpu", .kind = NUMBER, .at = AT(processor_result, cpu)},
    {.name = "used_by", .kind = TEXT, .at = AT(processor_result, used_by)},
    {.name = "busy_percent", .kind = REAL, .at = AT(processor_result, busy_percent)},
    {.name = "steal_percent", .kind = REAL, .at = AT(processor_result, steal_percent)},
    {.name = "stalls",
     .kind = OBJECT_FLAG,
     .at = AT(processor_result, stalls),
     .aux = AT(processor_result, stalls.measured),
     .members = stall_keys},
    {.name = "interrupts", .kind = COUNT_SET, .at = AT(processor_result, interrupts)},
    {.name = "interrupts_most_of",
     .kind = TEXT_MAYBE,
     .at = AT(processor_result, interrupts_most_of)},
    {.name = "softirq_percent", .kind = REAL_MAYBE, .at = AT(processor_result, softirq_percent)},
    {.name = "softirqs_most_of", .kind = TEXT_MAYBE, .at = AT(processor_result, softirqs_most_of)},
    {.name = NULL},
};

static const struct key interval_network_keys[] = {
    {.name = "name", .kind = TEXT, .at = AT(interval_network, name)},
    {.name = "direction", .kind = TEXT_MAYBE, .at = AT(interval_network, direction)},
    {.name = "tx", .kind = COUNT, .at = AT(interval_network, tx)},
    {.name = "unsent", .kind = COUNT, .at = AT(interval_network, unsent)},
    {.name = "rx", .kind = COUNT, .at = AT(interval_network, rx)},
    {.name = "lost", .kind = COUNT, .at = AT(interval_network, lost)},
    {.name = NULL},
};

static const struct key interval_keys[] = {
    {.name = "from_s", .kind = REAL, .at = AT(interval_result, from_s)},
    {.name = "to_s", .kind = REAL, .at = AT(interval_result, to_s)},
    {.name = "networks",
     .kind = LIST,
     .at = AT(interval_result, networks),
     .aux = AT(interval_result, network_count),
     .members = interval_network_keys,
     .size = sizeof(struct interval_network)},
    {.name = NULL},
};

static const struct key control_keys[] = {
    {.name = "router", .kind = TEXT, .at = AT(control_result, router)},
    {.name = "contract", .kind = TEXT, .at = AT(control_result, contract)},
    {.name = "broken_s", .kind = REAL_MAYBE, .at = AT(control_result, broken_s)},
    {.name = "margin_percent", .kind = SIGNED_MAYBE, .at = AT(control_result, margin_percent)},
    {.name = "last_action", .kind = TEXT_MAYBE, .at = AT(control_result, last_action)},
    {.name = NULL},
};

#define A_LIST_OF(kind_of_it, key, member, counter, keys, type)                                    \
    {                                                                                              \
        .name = (key), .kind = (kind_of_it), .at = AT(point, member), .aux = AT(point, counter),   \
        .members = (keys), .size = sizeof(struct type)                                             \
    }
#define LIST_OF(key, member, counter, keys, type) A_LIST_OF(LIST, key, member, counter, keys, type)

const struct key point_keys[] = {
    {.name = "schema", .kind = SCHEMA},
    {.name = "scenario", .kind = TEXT, .at = AT(point, scenario)},
    {.name = "topology", .kind = TEXT, .at = AT(point, topology)},
    {.name = "platform", .kind = TEXT, .at = AT(point, platform)},
    {.name = "engine", .kind = TEXT, .at = AT(point, engine)},
    {.name = "method", .kind = TEXT_MAYBE, .at = AT(point, method)},
    {.name = "length", .kind = NUMBER, .at = AT(point, length)},
    {.name = "length_layer", .kind = TEXT, .at = AT(point, length_layer)},
    {.name = "mix", .kind = TEXT_MAYBE, .at = AT(point, mix)},
    {.name = "mean_length",
     .kind = REAL_FLAG,
     .at = AT(point, mean_length),
     .aux = AT(point, has_mean_length)},
    {.name = "flows", .kind = NUMBER_SET, .at = AT(point, flows)},
    {.name = "flows_by", .kind = TEXT_MAYBE, .at = AT(point, flows_by)},
    {.name = "repeat", .kind = NUMBER, .at = AT(point, repeat)},
    {.name = "duration_s", .kind = REAL, .at = AT(point, duration_s)},
    {.name = "requested_pps", .kind = REAL, .at = AT(point, requested_pps)},
    LIST_OF("networks", networks, network_count, network_keys, network_result),
    LIST_OF("cpu", cpu, cpu_count, cpu_keys, cpu_result),
    {.name = "cpu_total_percent", .kind = CPU_TOTAL, .at = AT(point, cpu_total_percent)},
    LIST_OF("memory", memory, memory_count, memory_keys, memory_result),
    A_LIST_OF(LIST_MAYBE, "start", starts, start_count, start_keys, start_result),
    LIST_OF("drops", drops, drop_count, drop_keys, drop_result),
    {.name = "valid", .kind = TRUTH, .at = AT(point, valid)},
    {.name = "why_invalid", .kind = TEXT_MAYBE, .at = AT(point, why_invalid)},
    {.name = "unstable", .kind = TEXT_MAYBE, .at = AT(point, unstable)},
    {.name = "step", .kind = NUMBER, .at = AT(point, step)},
    {.name = "attempts", .kind = NUMBER, .at = AT(point, attempts)},
    LIST_OF("processors", processors, processor_count, processor_keys, processor_result),
    {.name = "throttled_ns", .kind = COUNT_SET, .at = AT(point, throttled_ns)},
    {.name = "major_faults", .kind = COUNT_SET, .at = AT(point, major_faults)},
    A_LIST_OF(LIST_MAYBE, "others", others, other_count, other_keys, other_result),
    A_LIST_OF(LIST_MAYBE, "intervals", intervals, interval_count, interval_keys, interval_result),
    {.name = "monitoring",
     .kind = OBJECT_FLAG,
     .at = AT(point, monitoring),
     .aux = AT(point, monitoring.measured),
     .members = monitoring_keys},
    A_LIST_OF(LIST_MAYBE, "control", control, control_count, control_keys, control_result),
    {.name = "left_out_ratio",
     .kind = REAL_FLAG,
     .at = AT(point, left_out_ratio),
     .aux = AT(point, has_left_out)},
    {.name = NULL},
};
