// SPDX-License-Identifier: GPL-3.0-or-later
// report/send_list — see send_list.h.
#include "report/send_list.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "result/json_text.h"
#include "result/store.h"

#define PLACES 5U // of losses that are printed for an interval
#define CELL   48U
#define WIDTH  79U // a character in the last column makes some terminals wrap

// ---- sums

static void add_drop(struct send_total *total, const struct drop_result *drop)
{
    size_t at = 0;
    while (at < total->drop_count && !text_equal(total->drops[at].where, drop->where)) {
        at++;
    }
    if (at == total->drop_count) {
        total->drops = memory_resize(total->drops, at + 1, sizeof *total->drops);
        total->drops[at] = (struct drop_result){.where = text_copy(drop->where)};
        total->drop_count++;
    }
    total->drops[at].count += drop->count;
}

static uint64_t unsent_of(const struct point *point)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].unsent;
    }
    return sum;
}

void send_total_add(struct send_total *total, const struct point *point)
{
    total->intervals++;
    if (point->network_count > 0) {
        total->seconds += point->duration_s;
    }
    total->sent += point_tx(point);
    total->unsent += unsent_of(point);
    total->lost += point_lost(point);
    total->received += point_tx(point) - point_lost(point);
    for (size_t i = 0; i < point->drop_count; i++) {
        add_drop(total, &point->drops[i]);
    }
    if (!point->valid) {
        total->invalid++;
        free(total->why);
        total->why = text_copy(point->why_invalid);
    }
}

void send_total_clear(struct send_total *total)
{
    for (size_t i = 0; i < total->drop_count; i++) {
        free(total->drops[i].where);
    }
    free(total->drops);
    free(total->why);
    *total = (struct send_total){0};
}

// ---- lines

static char *format_line(const char *const cells[9], const char *mark)
{
    return text_format("%6s %9s %10s %8s %7s %8s %8s %7s %7s%s\n", cells[0], cells[1], cells[2],
                       cells[3], cells[4], cells[5], cells[6], cells[7], cells[8], mark);
}

char *send_head_text(void)
{
    static const char *const upper[9] = {"",         "",         "",     "",       "Lost",
                                         "Delay us", "Delay us", "Host", "Routers"};
    static const char *const lower[9] = {"Second", "Sent", "Received", "Lost", "%",
                                         "p50",    "p99",  "CPU %",    "CPU %"};
    char *text = format_line(upper, "");
    _cleanup_free_ char *line = format_line(lower, "");
    text_append(&text, "", "%s", line);
    return text;
}

static void set_ratio(uint64_t lost, uint64_t sent, char ret[CELL])
{
    double percent = sent == 0 ? 0.0 : 100.0 * (double)lost / (double)sent;
    // A loss never reads as none.
    snprintf(ret, CELL, lost == 0 ? "0" : percent < 0.001 ? "<0.001" : "%.3f", percent);
}

// A delay in us for a column of 8 characters: tenths do not matter above 10 ms.
static void set_delay(uint64_t ns, char ret[CELL])
{
    text_group_digits((double)ns / 1000.0, ns < 10 * NS_PER_MS ? 1 : 0, ret);
}

// The longest delay of the point's networks.
static void set_delays(const struct point *point, char ret_p50[CELL], char ret_p99[CELL])
{
    uint64_t p50 = 0;
    uint64_t p99 = 0;
    bool measured = false;
    for (size_t i = 0; i < point->network_count; i++) {
        const struct delay_summary *delay = &point->networks[i].delay_ns;
        measured = measured || delay->measured;
        p50 = delay->measured && delay->p50 > p50 ? delay->p50 : p50;
        p99 = delay->measured && delay->p99 > p99 ? delay->p99 : p99;
    }
    snprintf(ret_p50, CELL, "-");
    snprintf(ret_p99, CELL, "-");
    if (measured) {
        set_delay(p50, ret_p50);
        set_delay(p99, ret_p99);
    }
}

// CPU use of the host, and of all routers together.
static void set_cpu(const struct point *point, char ret_host[CELL], char ret_routers[CELL])
{
    double routers = 0.0;
    bool any = false;
    snprintf(ret_host, CELL, "-");
    snprintf(ret_routers, CELL, "-");
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        if (text_equal(cpu->name, "host")) {
            snprintf(ret_host, CELL, "%.1f", cpu->percent);
        } else if (!text_equal(cpu->name, "tester")) {
            routers += cpu->percent;
            any = true;
        }
    }
    if (any) {
        snprintf(ret_routers, CELL, "%.1f", routers);
    }
}

static void append_count(char **text, uint64_t count, const char *what, const char *where)
{
    char digits[CELL];
    text_group_digits((double)count, 0, digits);
    _cleanup_free_ char *line = text_format("%6s %9s %s%s", "", digits, what, where);
    text_append(text, "", "%.*s\n", (int)text_bytes_within(line, WIDTH), line);
}

static void append_drops(char **text, const struct drop_result *drops, size_t count)
{
    uint64_t others = 0;
    for (size_t i = 0; i < count; i++) {
        if (i < PLACES) {
            append_count(text, drops[i].count, "lost at ", drops[i].where);
        } else {
            others += drops[i].count;
        }
    }
    if (others > 0) {
        append_count(text, others, "lost at other places", "");
    }
}

static void append_unsent(char **text, uint64_t unsent)
{
    if (unsent > 0) {
        append_count(text, unsent, "not sent: the tester is at its limit", "");
    }
}

char *send_line_text(const struct point *point, unsigned number, double interval_s)
{
    char second[CELL];
    char sent[CELL];
    char received[CELL];
    char lost[CELL];
    char ratio[CELL];
    char p50[CELL];
    char p99[CELL];
    char host[CELL];
    char routers[CELL];
    double end_s = interval_s * number;
    snprintf(second, sizeof second, "%.*f", interval_s == floor(interval_s) ? 0 : 1, end_s);
    if (point->network_count == 0) {
        return text_format("%6s %s\n", second, point->why_invalid);
    }
    text_group_digits((double)point_tx(point), 0, sent);
    text_group_digits((double)(point_tx(point) - point_lost(point)), 0, received);
    text_group_digits((double)point_lost(point), 0, lost);
    set_ratio(point_lost(point), point_tx(point), ratio);
    set_delays(point, p50, p99);
    set_cpu(point, host, routers);
    const char *const cells[9] = {second, sent, received, lost, ratio, p50, p99, host, routers};
    char *text = format_line(cells, point->valid ? "" : "!");
    append_drops(&text, point->drops, point->drop_count);
    append_unsent(&text, unsent_of(point));
    return text;
}

// Breaks a text at blanks into lines that fit.
static void wrap(char *text)
{
    char *line = text;
    while (text_columns(line) > WIDTH) {
        char *at = line + text_bytes_within(line, WIDTH);
        while (at > line && *at != ' ') {
            at--;
        }
        if (at == line) {
            return;
        }
        *at = '\n';
        line = at + 1;
    }
}

char *send_total_text(const struct send_total *total)
{
    char sent[CELL];
    char received[CELL];
    char lost[CELL];
    char ratio[CELL];
    char offered[CELL];
    char forwarded[CELL];
    double seconds = total->seconds > 0.0 ? total->seconds : 1.0;
    text_group_digits((double)total->sent, 0, sent);
    text_group_digits((double)total->received, 0, received);
    text_group_digits((double)total->lost, 0, lost);
    set_ratio(total->lost, total->sent, ratio);
    text_group_digits((double)total->sent / seconds, 0, offered);
    text_group_digits((double)total->received / seconds, 0, forwarded);
    char *text = text_format("\n%6s %9s %10s %8s %7s\n", "Total", sent, received, lost, ratio);
    append_drops(&text, total->drops, total->drop_count);
    append_unsent(&text, total->unsent);
    text_append(&text, "", "%s pps sent, %s pps received over %.1f s\n", offered, forwarded,
                total->seconds);
    if (total->invalid > 0) {
        _cleanup_free_ char *why =
            text_format("! %u of %u intervals are not valid measurements; the latest: %s",
                        total->invalid, total->intervals, total->why);
        wrap(why);
        text_append(&text, "", "%s\n", why);
    }
    return text;
}

// ---- JSON

json_t *send_line_json(const struct point *point, unsigned number)
{
    json_t *line = point_to_json(point);
    json_object_set_new(line, "interval", json_integer(number));
    return line;
}

json_t *send_total_json(const struct send_total *total)
{
    json_t *drops = json_array();
    for (size_t i = 0; i < total->drop_count; i++) {
        json_array_append_new(drops, json_pack("{s:s, s:I}", "where", total->drops[i].where,
                                               "count", (json_int_t)total->drops[i].count));
    }
    json_t *sums = json_pack("{s:I, s:I, s:I, s:I, s:i, s:i}", "tx", (json_int_t)total->sent,
                             "unsent", (json_int_t)total->unsent, "rx", (json_int_t)total->received,
                             "lost", (json_int_t)total->lost, "intervals", (int)total->intervals,
                             "invalid", (int)total->invalid);
    json_set_real(sums, "duration_s", total->seconds);
    json_object_set_new(sums, "drops", drops);
    return json_pack("{s:o}", "total", sums);
}
