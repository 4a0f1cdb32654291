// SPDX-License-Identifier: GPL-3.0-or-later
// report/figure_columns — see figure_columns.h.
#include "report/figure_columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/words.h"

#define NAME_LENGTH_MAX 120 // of a file name without suffix

typedef double figure(const struct sweep *sweep, const struct load_step *step, size_t at);

static struct span received_span(const struct sweep *sweep, const struct load_step *step, size_t at)
{
    return step_median(step, POINT_NETWORK_FORWARDED, sweep->networks[at]).span;
}

static struct span loss_span(const struct sweep *sweep, const struct load_step *step, size_t at)
{
    return step_median(step, POINT_NETWORK_LOSS, sweep->networks[at]).span;
}

#define FIGURE(name, expression)                                                                   \
    static double name(const struct sweep *sweep, const struct load_step *step, size_t at)         \
    {                                                                                              \
        (void)sweep, (void)at;                                                                     \
        return expression;                                                                         \
    }

FIGURE(requested, step->requested_pps)
FIGURE(sent, step->offered_pps)
FIGURE(received, step->forwarded_pps)
FIGURE(sent_mean, step->offered_pps / (double)sweep->network_count)
FIGURE(network_sent, step->network_offered[at])
FIGURE(network_received, step->network_forwarded[at])
FIGURE(network_loss, step->network_loss[at] * 100)
FIGURE(network_p50, step->network_delay_p50[at] / 1000)
FIGURE(network_p99, step->network_delay_p99[at] / 1000)
FIGURE(host_cpu, step->host_percent)
FIGURE(router_cpu, step->router_percent[at])
FIGURE(total_cpu, step->total_percent)
FIGURE(tester_cpu, step->tester_percent)
FIGURE(host_ns, step->host_ns)
FIGURE(router_ns, step->router_ns[at])
FIGURE(all_ns, step->ns_per_packet)
FIGURE(lost_at, step->place_loss[at] * 100)
FIGURE(received_low, received_span(sweep, step, at).low)
FIGURE(received_high, received_span(sweep, step, at).high)
FIGURE(loss_low, loss_span(sweep, step, at).low * 100)
FIGURE(loss_high, loss_span(sweep, step, at).high * 100)

enum times { ONCE, A_NETWORK, A_ROUTER, A_PLACE };
static const struct {
    const char *heading; // follows the name of the network, router or place
    figure *of;
    enum times times;
} kinds[FIGURE_COLUMN_KINDS] = {
    [FIGURE_REQUESTED] = {"requested per network (packets/s)", requested, ONCE},
    [FIGURE_SENT] = {"transmitted, all networks (packets/s)", sent, ONCE},
    [FIGURE_RECEIVED] = {"received, all networks (packets/s)", received, ONCE},
    [FIGURE_SENT_MEAN] = {"transmitted, mean of the networks (packets/s)", sent_mean, ONCE},
    [FIGURE_NETWORK_SENT] = {"transmitted (packets/s)", network_sent, A_NETWORK},
    [FIGURE_NETWORK_RECEIVED] = {"received (packets/s)", network_received, A_NETWORK},
    [FIGURE_NETWORK_LOSS] = {"frame loss (% of transmitted)", network_loss, A_NETWORK},
    [FIGURE_NETWORK_P50] = {"one-way delay, median (us)", network_p50, A_NETWORK},
    [FIGURE_NETWORK_P99] = {"one-way delay, 99th percentile (us)", network_p99, A_NETWORK},
    [FIGURE_HOST_CPU] = {"host CPU (% of one CPU)", host_cpu, ONCE},
    [FIGURE_ROUTER_CPU] = {"CPU (% of one CPU)", router_cpu, A_ROUTER},
    [FIGURE_TOTAL_CPU] = {"total CPU, host and routers (% of one CPU)", total_cpu, ONCE},
    [FIGURE_TESTER_CPU] = {"tester CPU (% of one CPU)", tester_cpu, ONCE},
    [FIGURE_HOST_NS] = {"host CPU time (ns per packet)", host_ns, ONCE},
    [FIGURE_ROUTER_NS] = {"CPU time (ns per packet)", router_ns, A_ROUTER},
    [FIGURE_ALL_NS] = {"CPU time of host and routers (ns per packet)", all_ns, ONCE},
    [FIGURE_PLACE_LOSS] = {"lost here (% of transmitted)", lost_at, A_PLACE},
    [FIGURE_RECEIVED_LOW] = {"received, interval from (packets/s)", received_low, A_NETWORK},
    [FIGURE_RECEIVED_HIGH] = {"received, interval to (packets/s)", received_high, A_NETWORK},
    [FIGURE_LOSS_LOW] = {"frame loss, interval from (%)", loss_low, A_NETWORK},
    [FIGURE_LOSS_HIGH] = {"frame loss, interval to (%)", loss_high, A_NETWORK},
};

size_t figure_column_count(const struct sweep *sweep, enum figure_column kind)
{
    switch (kinds[kind].times) {
    case A_NETWORK:
        return sweep->network_count;
    case A_ROUTER:
        return sweep->router_count;
    case A_PLACE:
        return sweep->place_count;
    default:
        return 1;
    }
}

static const char *name_of(const struct sweep *sweep, enum figure_column kind, size_t at)
{
    switch (kinds[kind].times) {
    case A_NETWORK:
        return sweep->networks[at];
    case A_ROUTER:
        return sweep->routers[at];
    case A_PLACE:
        return sweep->places[at];
    default:
        return NULL;
    }
}

size_t figure_column_at(const struct sweep *sweep, enum figure_column kind, size_t at)
{
    size_t column = 1 + at;
    for (enum figure_column before = 0; before < kind; before++) {
        column += figure_column_count(sweep, before);
    }
    return column;
}

double figure_column_value(const struct sweep *sweep, size_t step, enum figure_column kind,
                           size_t at)
{
    return kinds[kind].of(sweep, &sweep->steps[step], at);
}

double figure_column_most(const struct sweep *sweep, enum figure_column kind, size_t at,
                          bool invalid_too)
{
    double most = (double)NAN;
    for (size_t i = 0; i < sweep->step_count; i++) {
        most = fmax(most, kinds[kind].of(sweep, &sweep->steps[i], at)); // of a NaN the number
    }
    for (size_t i = 0; invalid_too && i < sweep->invalid_step_count; i++) {
        most = fmax(most, kinds[kind].of(sweep, &sweep->invalid_steps[i], at));
    }
    return most;
}

char *figure_safe_text(const char *text)
{
    char *safe = text_copy(text);
    for (char *at = safe; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '`' || *at == '"' || *at == '\'') {
            *at = '?';
        }
    }
    return safe;
}

char *figure_safe_name(const char *text)
{
    char *safe = text_copy(text);
    for (char *at = safe; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                      (*at >= '0' && *at <= '9') || *at == '_';
        bool mark = (*at == '-' || *at == '.') && at != safe;
        *at = (char)(letter || mark ? *at : '_');
    }
    if (strlen(safe) > NAME_LENGTH_MAX) {
        safe[NAME_LENGTH_MAX] = '\0';
    }
    return safe;
}

static void put_rows(FILE *out, const struct sweep *sweep, const struct load_step *steps,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (enum figure_column kind = 0; kind < FIGURE_COLUMN_KINDS; kind++) {
            for (size_t at = 0; at < figure_column_count(sweep, kind); at++) {
                double value = kinds[kind].of(sweep, &steps[i], at);
                char text[32] = "NaN";
                if (isfinite(value)) {
                    snprintf(text, sizeof text, "%.10g", value);
                }
                fprintf(out, "%s%s", kind == 0 ? "" : "\t", text);
            }
        }
        fputc('\n', out);
    }
}

char *figure_data(const struct sweep *sweep)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return text_copy("");
    }
    _cleanup_free_ char *title = words_sweep_title(sweep);
    _cleanup_free_ char *safe_title = figure_safe_text(title);
    fprintf(out,
            "# %s\n# index 0: medians of the valid points; index 1: one row per invalid point\n"
            "# columns:\n",
            safe_title);
    for (enum figure_column kind = 0; kind < FIGURE_COLUMN_KINDS; kind++) {
        for (size_t at = 0; at < figure_column_count(sweep, kind); at++) {
            const char *name = name_of(sweep, kind, at);
            _cleanup_free_ char *safe = figure_safe_text(name == NULL ? "" : name);
            fprintf(out, "# %zu %s%s%s\n", figure_column_at(sweep, kind, at), safe,
                    name == NULL ? "" : " ", kinds[kind].heading);
        }
    }
    put_rows(out, sweep, sweep->steps, sweep->step_count);
    if (sweep->invalid > 0) {
        // Index 0 exists even if no point is valid.
        fputs(sweep->step_count == 0 ? "NaN\n\n\n" : "\n\n", out);
        put_rows(out, sweep, sweep->invalid_steps, sweep->invalid_step_count);
    }
    fclose(out);
    return text;
}
