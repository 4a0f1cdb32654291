// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/point_json — converts a point to JSON and back (format: docs/results.md).
 *
 * One table of keys a struct drives both directions, so writer and reader accept the same keys.
 * Called by the store (which also reads each point back before writing it), the fuzzer and the
 * tests. Keys outside the tables are ignored: a later version may add keys without a new schema
 * number.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "result/point_check.h"
#include "result/store.h"

enum kind {
    TEXT,        // char *, never empty
    TEXT_MAYBE,  // char *, absent if NULL
    NUMBER,      // unsigned
    NUMBER_SET,  // unsigned, absent if 0
    COUNT,       // uint64_t
    COUNT_SET,   // uint64_t, absent if 0
    COUNT_ELSE,  // uint64_t, absent if and only if the bool at `aux`, of an earlier key, is true
    REAL,        // double, not negative
    REAL_MAYBE,  // double, not negative, absent if NaN
    REAL_FLAG,   // double, not negative; the bool at `aux` = present
    TRUTH,       // bool
    TRUTH_SET,   // bool, absent if false
    SCHEMA,      // the constant RESULT_SCHEMA
    LOSS_RATIO,  // lost / tx, counts at `aux` and `at` (and rx at `size`), absent if tx is 0
    CPU_TOTAL,   // REAL_MAYBE, absent if neither the host nor a router was metered
    OBJECT_FLAG, // a nested struct; the bool at `aux` = present
    LIST,        // pointer to structs, their number (size_t) at `aux`
    LIST_MAYBE,  // as LIST, absent if empty
};

struct key {
    const char *name;
    enum kind kind;
    size_t at, aux;
    const struct key *members; // of OBJECT_FLAG, LIST, LIST_MAYBE; the last row has the name NULL
    size_t size;               // of LIST, LIST_MAYBE: size of one struct; else see above
};

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

#define A_LIST_OF(kind_of_it, key, member, counter, keys, type)                                    \
    {                                                                                              \
        .name = (key), .kind = (kind_of_it), .at = AT(point, member), .aux = AT(point, counter),   \
        .members = (keys), .size = sizeof(struct type)                                             \
    }
#define LIST_OF(key, member, counter, keys, type) A_LIST_OF(LIST, key, member, counter, keys, type)

static const struct key point_keys[] = {
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
    {.name = "step", .kind = NUMBER, .at = AT(point, step)},
    {.name = "attempts", .kind = NUMBER, .at = AT(point, attempts)},
    LIST_OF("processors", processors, processor_count, processor_keys, processor_result),
    A_LIST_OF(LIST_MAYBE, "others", others, other_count, other_keys, other_result),
    A_LIST_OF(LIST_MAYBE, "intervals", intervals, interval_count, interval_keys, interval_result),
    {.name = "monitoring",
     .kind = OBJECT_FLAG,
     .at = AT(point, monitoring),
     .aux = AT(point, monitoring.measured),
     .members = monitoring_keys},
    {.name = "left_out_ratio",
     .kind = REAL_FLAG,
     .at = AT(point, left_out_ratio),
     .aux = AT(point, has_left_out)},
    {.name = NULL},
};

static json_t *put_keys(const struct key *keys, const void *from);

// Whether the figure of a list entry is a number. An entry with NaN was not measured and is left
// out.
static bool is_measured(const struct key *keys, const char *from)
{
    for (; keys->name != NULL; keys++) {
        if (keys->kind == REAL && !isfinite(*(const double *)(const void *)(from + keys->at))) {
            return false;
        }
    }
    return true;
}

// json_real() and json_string() return NULL for NaN, infinity and text that is not UTF-8. Such a
// member is left out; reading the point back then reports it.
static json_t *put_member(const struct key *key, const void *from)
{
    const char *field = (const char *)from + key->at;
    const char *aux = (const char *)from + key->aux;
    json_t *array;
    uint64_t count;
    switch (key->kind) {
    case TEXT:
    case TEXT_MAYBE:
        return *(char *const *)field == NULL ? NULL : json_string(*(char *const *)field);
    case NUMBER:
        return json_integer(*(const unsigned *)field);
    case NUMBER_SET:
        return *(const unsigned *)field == 0 ? NULL : json_integer(*(const unsigned *)field);
    case COUNT_SET:
        count = *(const uint64_t *)field;
        return count == 0 || count > INT64_MAX ? NULL : json_integer((json_int_t)count);
    case COUNT_ELSE:
        if (*(const bool *)aux) {
            return NULL;
        }
        __attribute__((fallthrough));
    case COUNT:
        count = *(const uint64_t *)field;
        return count > INT64_MAX ? NULL : json_integer((json_int_t)count);
    case REAL:
    case REAL_MAYBE:
        return json_real(*(const double *)field);
    case CPU_TOTAL:
        return point_meters_dut(from) ? json_real(*(const double *)field) : NULL;
    case REAL_FLAG:
        return *(const bool *)aux ? json_real(*(const double *)field) : NULL;
    case TRUTH:
        return json_boolean(*(const bool *)field);
    case TRUTH_SET:
        return *(const bool *)field ? json_true() : NULL;
    case SCHEMA:
        return json_integer(RESULT_SCHEMA);
    case LOSS_RATIO:
        count = *(const uint64_t *)field;
        return count == 0 ? NULL : json_real((double)*(const uint64_t *)aux / (double)count);
    case OBJECT_FLAG:
        return *(const bool *)aux ? put_keys(key->members, field) : NULL;
    case LIST_MAYBE:
        if (*(const size_t *)aux == 0) {
            return NULL;
        }
        __attribute__((fallthrough));
    case LIST:
        array = json_array();
        for (size_t i = 0; i < *(const size_t *)aux; i++) {
            const char *item = *(const char *const *)field + i * key->size;
            if (is_measured(key->members, item)) {
                json_array_append_new(array, put_keys(key->members, item));
            }
        }
        return array;
    }
    return NULL;
}

static json_t *put_keys(const struct key *keys, const void *from)
{
    json_t *object = json_object();
    for (; keys->name != NULL; keys++) {
        json_t *member = put_member(keys, from);
        if (member != NULL) {
            json_object_set_new(object, keys->name, member);
        }
    }
    return object;
}

json_t *point_to_json(const struct point *point)
{
    return put_keys(point_keys, point);
}

static int get_real(const char *name, const json_t *json, double *ret, struct error *err)
{
    double value = json_number_value(json);
    if (!json_is_number(json) || value < 0) {
        return fail_input(err, "%s: must be a number not below 0", name);
    }
    *ret = value;
    return 0;
}

static int get_count(const char *name, const json_t *json, uint64_t max, uint64_t *ret,
                     struct error *err)
{
    json_int_t value = json_integer_value(json);
    if (!json_is_integer(json) || value < 0 || (uint64_t)value > max) {
        return fail_input(err, "%s: must be a whole number from 0 to %llu", name,
                          (unsigned long long)max);
    }
    *ret = (uint64_t)value;
    return 0;
}

static int get_text(const char *name, const json_t *json, char **ret, struct error *err)
{
    if (!json_is_string(json) || json_string_length(json) == 0) {
        return fail_input(err, "%s: must be a non-empty text", name);
    }
    *ret = text_copy(json_string_value(json));
    return 0;
}

static int get_keys(const struct key *keys, const json_t *json, void *to, struct error *err);

static int get_list(const struct key *key, const json_t *json, void *field, size_t *count,
                    struct error *err)
{
    if (!json_is_array(json)) {
        return fail_input(err, "%s: must be a list", key->name);
    }
    size_t wanted = json_array_size(json);
    char *items = memory_new(wanted, key->size);
    // Owned by the point from here on, so that a failure frees it.
    *(char **)field = items;
    *count = wanted;
    for (size_t i = 0; i < wanted; i++) {
        int rc = get_keys(key->members, json_array_get(json, i), items + i * key->size, err);
        if (rc < 0) {
            error_context(err, "%s[%zu]", key->name, i);
            return rc;
        }
    }
    return 0;
}

// The loss ratio is not stored, because tx and lost are; the value read must agree with them.
static int check_loss_ratio(const struct key *key, const json_t *json, const char *counts,
                            struct error *err)
{
    uint64_t tx = *(const uint64_t *)(const void *)(counts + key->at);
    uint64_t lost = *(const uint64_t *)(const void *)(counts + key->aux);
    uint64_t rx = *(const uint64_t *)(const void *)(counts + key->size);
    double ratio = 0;
    int rc = get_real(key->name, json, &ratio, err);
    if (rc < 0) {
        return rc;
    }
    if (tx == 0) {
        return fail_input(err, "%s: present, but no packet was sent", key->name);
    }
    if (rx > tx || lost != tx - rx) {
        return 0; // point_check() finds a better reason to refuse it
    }
    if (fabs(ratio - (double)lost / (double)tx) > 1e-9) {
        return fail_input(err, "%s: must be lost / tx", key->name);
    }
    return 0;
}

// Whether a key may be absent, given the values of earlier keys.
static bool may_be_absent(const struct key *key, const void *to)
{
    switch (key->kind) {
    case TEXT_MAYBE:
    case NUMBER_SET:
    case COUNT_SET:
    case TRUTH_SET:
    case REAL_MAYBE:
    case REAL_FLAG:
    case CPU_TOTAL:
    case OBJECT_FLAG:
    case LIST_MAYBE:
        return true;
    case COUNT_ELSE:
        return *(const bool *)((const char *)to + key->aux);
    case LOSS_RATIO:
        return *(const uint64_t *)(const void *)((const char *)to + key->at) == 0;
    default:
        return false;
    }
}

static int get_member(const struct key *key, const json_t *json, void *to, struct error *err)
{
    char *field = (char *)to + key->at;
    char *aux = (char *)to + key->aux;
    uint64_t count = 0;
    int rc;
    switch (key->kind) {
    case TEXT:
    case TEXT_MAYBE:
        return get_text(key->name, json, (char **)field, err);
    case NUMBER:
    case NUMBER_SET:
        rc = get_count(key->name, json, UINT_MAX, &count, err);
        if (rc == 0) {
            *(unsigned *)field = (unsigned)count;
        }
        return rc;
    case COUNT_ELSE:
        if (*(const bool *)aux) {
            return fail_input(err, "%s: present together with tcp", key->name);
        }
        __attribute__((fallthrough));
    case COUNT:
    case COUNT_SET:
        return get_count(key->name, json, INT64_MAX, (uint64_t *)field, err);
    case REAL_FLAG:
        *(bool *)aux = true;
        return get_real(key->name, json, (double *)field, err);
    case REAL:
    case REAL_MAYBE:
    case CPU_TOTAL:
        return get_real(key->name, json, (double *)field, err);
    case TRUTH:
    case TRUTH_SET:
        if (!json_is_boolean(json)) {
            return fail_input(err, "%s: must be true or false", key->name);
        }
        *(bool *)field = json_is_true(json);
        return 0;
    case SCHEMA:
        if (!json_is_integer(json) || json_integer_value(json) != RESULT_SCHEMA) {
            return fail_input(err, "%s: this program supports schema %d only", key->name,
                              RESULT_SCHEMA);
        }
        return 0;
    case LOSS_RATIO:
        return check_loss_ratio(key, json, to, err);
    case OBJECT_FLAG:
        rc = get_keys(key->members, json, field, err);
        if (rc < 0) {
            error_context(err, "%s", key->name);
        }
        *(bool *)aux = true;
        return rc;
    case LIST:
    case LIST_MAYBE:
        return get_list(key, json, field, (size_t *)(void *)aux, err);
    }
    return 0;
}

static int get_keys(const struct key *keys, const json_t *json, void *to, struct error *err)
{
    if (!json_is_object(json)) {
        return fail_input(err, "must be an object");
    }
    for (; keys->name != NULL; keys++) {
        const json_t *member = json_object_get(json, keys->name);
        int rc = 0;
        if (member != NULL) {
            rc = get_member(keys, member, to, err);
        } else if (!may_be_absent(keys, to)) {
            rc = fail_input(err, "%s: missing", keys->name);
        } else if (keys->kind == REAL_MAYBE || keys->kind == CPU_TOTAL) {
            *(double *)(void *)((char *)to + keys->at) = (double)NAN;
        }
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int point_from_json(const json_t *json, struct point *ret, struct error *err)
{
    struct point point = {.scenario = NULL};
    int rc = get_keys(point_keys, json, &point, err);
    if (rc == 0) {
        point_make_labels(&point);
        rc = point_check(&point, err);
    }
    if (rc < 0) {
        point_clear(&point);
        return rc;
    }
    *ret = point;
    return 0;
}
