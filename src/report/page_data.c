// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_data — see page_data.h. An absent figure has no key, as in the record.
#include "report/page_data.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "report/answer.h"
#include "report/control_list.h"
#include "report/indexes.h"
#include "report/page_delays.h"
#include "report/page_points.h"
#include "report/steps.h"
#include "report/summary.h"
#include "report/words.h"
#include "result/json_text.h"
#include "result/platform_facts.h"
#include "result/store.h"
#include "version.h"

// Limits in bytes, which keep a page small enough for a browser to open at once.
#define EMBEDDED_MAX ((size_t)1 << 20) // of a file; larger files are not embedded
#define FIGURE_MAX   ((size_t)12 << 20)
#define POINTS_ROOM  ((size_t)5 << 19) // of single points
#define STEPS_CELLS  200000U           // figures in all steps of all sweeps, about 20 bytes each
#define STEPS_LEAST  20U               // steps that each sweep shows at least

static void json_cleanup(json_t **json)
{
    json_decref(*json);
}
#define _cleanup_json_ __attribute__((cleanup(json_cleanup)))

static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *names(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_string(texts[i]));
    }
    return list;
}

// The intervals of medians over the repeats.
static void add_intervals(const struct load_step *step, const char *name, json_t *network)
{
    struct span received = step_median(step, POINT_NETWORK_FORWARDED, name).span;
    struct span loss = step_median(step, POINT_NETWORK_LOSS, name).span;
    json_set_real(network, "received_low", received.low);
    json_set_real(network, "received_high", received.high);
    json_set_real(network, "loss_low", loss.low * 100);
    json_set_real(network, "loss_high", loss.high * 100);
}

static void add_span(json_t *row, const char *key, struct span span)
{
    _cleanup_free_ char *low = text_format("%s_low", key);
    _cleanup_free_ char *high = text_format("%s_high", key);
    json_set_real(row, low, span.low);
    json_set_real(row, high, span.high);
}

// web/graphs.js reads these names; rates are in packets/s, losses in percent, delays in µs.
static json_t *describe_step(const struct sweep *sweep, const struct load_step *step)
{
    json_t *row = json_object();
    json_set_real(row, "requested", step->requested_pps);
    json_set_real(row, "sent", step->offered_pps);
    json_set_real(row, "received", step->forwarded_pps);
    json_set_real(row, "sent_mean", step->offered_pps / (double)sweep->network_count);
    json_set_real(row, "host_cpu", step->host_percent);
    json_set_real(row, "total_cpu", step->total_percent);
    json_set_real(row, "tester_cpu", step->tester_percent);
    json_set_real(row, "host_ns", step->host_ns);
    json_set_real(row, "all_ns", step->ns_per_packet);
    json_t *networks = json_array();
    for (size_t i = 0; i < sweep->network_count; i++) {
        json_t *network = json_object();
        json_set_real(network, "sent", step->network_offered[i]);
        json_set_real(network, "received", step->network_forwarded[i]);
        json_set_real(network, "loss", step->network_loss[i] * 100);
        json_set_real(network, "p50", step->network_delay_p50[i] / 1000);
        json_set_real(network, "p99", step->network_delay_p99[i] / 1000);
        json_set_real(network, "p999", step->network_delay_p999[i] / 1000);
        if (step->repeats > 1) {
            add_intervals(step, sweep->networks[i], network);
        }
        json_array_append_new(networks, network);
    }
    json_object_set_new(row, "networks", networks);
    json_t *routers = json_array();
    for (size_t i = 0; i < sweep->router_count; i++) {
        json_t *router = json_object();
        json_set_real(router, "cpu", step->router_percent[i]);
        json_set_real(router, "ns", step->router_ns[i]);
        json_array_append_new(routers, router);
    }
    json_object_set_new(row, "routers", routers);
    json_t *places = json_array();
    for (size_t i = 0; i < sweep->place_count; i++) {
        json_array_append_new(places, real_or_null(step->place_loss[i] * 100));
    }
    json_object_set_new(row, "places", places);
    json_set_text(row, "why", step->first->why_invalid);
    return row;
}

static json_t *describe_steps(const struct sweep *sweep, const struct load_step *steps,
                              size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, describe_step(sweep, &steps[i]));
    }
    return list;
}

// Steps per sweep at which valid and invalid steps of all sweeps have at most `cells` figures.
static size_t steps_most(const struct sweep *sweeps, size_t count, size_t cells)
{
    size_t width = 1;
    for (size_t i = 0; i < count; i++) {
        size_t own =
            9 + 9 * sweeps[i].network_count + 2 * sweeps[i].router_count + sweeps[i].place_count;
        width = own > width ? own : width;
    }
    size_t most = count == 0 ? 0 : cells / (2 * count * width);
    most = most < STEPS_LEAST ? STEPS_LEAST : most;
    return most > SWEEP_DRAWN_MOST ? SWEEP_DRAWN_MOST : most;
}

// The routers of each network's path, which web/setup.js draws.
static json_t *describe_paths(const struct point *point)
{
    json_t *list = json_array();
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        const char *router = NULL;
        if (text_equal(network->direction, "reverse")) {
            continue; // the way of its forward direction
        }
        json_t *routers = json_array();
        for (size_t k = 0; (router = network_router(network, k)) != NULL; k++) {
            json_array_append_new(routers, json_string(router));
        }
        json_array_append_new(
            list, json_pack("{s:s, s:o}", "network", network->name, "routers", routers));
    }
    return list;
}

// Thins the sweeps.
static json_t *describe_sweeps(struct sweep *sweeps, size_t count, size_t cells)
{
    sweeps_thin(sweeps, count, steps_most(sweeps, count, cells));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct sweep *sweep = &sweeps[i];
        json_t *entry = json_object();
        json_set_text(entry, "scenario", sweep->first->scenario);
        json_set_text(entry, "platform", sweep->first->platform);
        json_set_text(entry, "engine", sweep->first->engine);
        json_set_text(entry, "topology", sweep->first->topology);
        json_set_text(entry, "length_layer", sweep->first->length_layer);
        json_object_set_new(entry, "length", json_integer(sweep->first->length));
        json_object_set_new(entry, "networks", names(sweep->networks, sweep->network_count));
        json_object_set_new(entry, "routers", names(sweep->routers, sweep->router_count));
        json_object_set_new(entry, "paths", describe_paths(sweep->first));
        json_object_set_new(entry, "places", names(sweep->places, sweep->place_count));
        json_object_set_new(entry, "steps", describe_steps(sweep, sweep->steps, sweep->step_count));
        json_object_set_new(entry, "invalid",
                            describe_steps(sweep, sweep->invalid_steps, sweep->invalid_step_count));
        json_object_set_new(entry, "delays", page_delays(sweep));
        json_object_set_new(entry, "invalid_total", json_integer((json_int_t)sweep->invalid));
        size_t all = sweep->thinned_from == 0 ? sweep->step_count : sweep->thinned_from;
        json_object_set_new(entry, "steps_total", json_integer((json_int_t)all));
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *describe_summary(const struct sweep *sweeps, size_t sweep_count)
{
    _cleanup_free_ struct summary *summaries = NULL;
    size_t count = summaries_of_sweeps(sweeps, sweep_count, 0, &summaries);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct summary *summary = &summaries[i];
        _cleanup_free_ char *sentence = words_summary(summary);
        json_t *row = json_object();
        json_set_text(row, "scenario", summary->scenario);
        json_set_text(row, "platform", summary->platform);
        json_set_text(row, "engine", summary->engine);
        json_set_text(row, "topology", summary->topology);
        json_set_text(row, "length_layer", summary->length_layer);
        json_set_text(row, "sentence", sentence);
        json_object_set_new(row, "length", json_integer(summary->length));
        json_set_real(row, "throughput_low", summary->throughput.low);
        json_set_real(row, "throughput_high", summary->throughput.high);
        json_set_real(row, "pdr_low", summary->pdr.low);
        json_set_real(row, "pdr_high", summary->pdr.high);
        if (isfinite(summary->max_pps)) {
            json_set_text(row, "max_is", rate_limit_text(summary->limit));
        }
        json_object_set_new(row, "invalid_above", json_integer((json_int_t)summary->invalid_above));
        json_set_real(row, "no_loss_pps", summary->no_loss_pps);
        json_set_real(row, "max_pps", summary->max_pps);
        json_set_real(row, "goodput_bps", summary->goodput_bps);
        json_set_real(row, "loss_at_top_percent", summary->loss_at_top * 100);
        json_set_real(row, "host_cpu_percent", summary->host_percent);
        json_set_real(row, "router_cpu_percent", summary->routers_percent);
        json_set_real(row, "ns_per_packet", summary->ns_per_packet);
        add_span(row, "no_loss_pps", summary->no_loss_span);
        add_span(row, "max_pps", summary->max_span);
        add_span(row, "loss_at_top_percent",
                 (struct span){summary->loss_at_top_span.low * 100,
                               summary->loss_at_top_span.high * 100});
        add_span(row, "host_cpu_percent", summary->host_span);
        add_span(row, "router_cpu_percent", summary->routers_span);
        add_span(row, "ns_per_packet", summary->ns_span);
        json_object_set_new(row, "repeats", json_integer((json_int_t)summary->repeats));
        if (summary->repeats > 1) {
            json_set_real(row, "confidence",
                          ranks_median_confidence(summary->repeats, RANKS_MEDIAN_ERROR));
        }
        json_object_set_new(row, "points", json_integer((json_int_t)summary->points));
        json_object_set_new(row, "invalid_points", json_integer((json_int_t)summary->invalid));
        json_array_append_new(list, row);
    }
    return list;
}

// What bridging costs, a text for each length.
static json_t *describe_answers(const struct sweep *sweeps, size_t sweep_count)
{
    _cleanup_free_ struct answer *answers = NULL;
    size_t count = answers_of_sweeps(sweeps, sweep_count, &answers);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *text = answer_text(&answers[i]);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

// RFC 4648 §4.
static char *to_base64(const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = memory_new_array(char, (length + 2) / 3 * 4 + 1);
    size_t at = 0;
    for (size_t i = 0; i < length; i += 3) {
        uint32_t three = (uint32_t)(uint8_t)bytes[i] << 16;
        three |= i + 1 < length ? (uint32_t)(uint8_t)bytes[i + 1] << 8 : 0;
        three |= i + 2 < length ? (uint32_t)(uint8_t)bytes[i + 2] : 0;
        text[at++] = digits[three >> 18];
        text[at++] = digits[three >> 12 & 63];
        text[at++] = (char)(i + 1 < length ? digits[three >> 6 & 63] : '=');
        text[at++] = (char)(i + 2 < length ? digits[three & 63] : '=');
    }
    text[at] = '\0';
    return text;
}

// The files to download; a file that is too large to be embedded is only named.
static json_t *describe_files(const char *folder)
{
    static const struct {
        const char *name, *type;
    } wanted[] = {
        {"points.csv", "text/csv"},
        {"report.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        _cleanup_free_ char *path = text_format("%s/%s", folder, wanted[i].name);
        _cleanup_free_ char *bytes = NULL;
        size_t length = 0;
        int rc = file_read_plain(path, EMBEDDED_MAX, &bytes, &length, NULL);
        if (rc < 0 && rc != -EFBIG) {
            continue;
        }
        json_t *file = json_object();
        json_set_text(file, "name", wanted[i].name);
        json_set_text(file, "type", wanted[i].type);
        if (rc == 0) {
            _cleanup_free_ char *base64 = to_base64(bytes, length);
            json_set_text(file, "base64", base64);
        }
        json_array_append_new(list, file);
    }
    return list;
}

static int is_figure(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && text_equal(entry->d_name + length - 4, ".svg");
}

static json_t *describe_figures(const char *folder)
{
    _cleanup_free_ char *figures = text_format("%s/figures", folder);
    json_t *list = json_array();
    struct dirent **entries = NULL;
    int count = scandir(figures, &entries, is_figure, alphasort);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(entries[i]->d_name);
        json_array_append_new(list, json_stringn(entries[i]->d_name, length - 4));
        free(entries[i]);
    }
    free(entries);
    return list;
}

// Describes the platform, and whether it requires a warning. Older run.json files lack it.
static void describe_platform(const json_t *run, json_t *ret)
{
    struct platform_facts facts;
    if (platform_facts_from_json(json_object_get(run, "platform"), &facts, NULL) == 0) {
        _cleanup_free_ char *words = words_platform(&facts);
        json_set_text(ret, "platform_words", words);
        bool doubtful =
            facts.kind == PLATFORM_MACHINES && (!facts.emulation_known || facts.emulated);
        json_object_set_new(ret, "platform_doubtful", json_boolean(doubtful));
        platform_facts_clear(&facts);
    }
}

// The data of one run, with at most `cells` figures.
static int describe_run(const char *folder, const struct point_list *points, size_t cells,
                        json_t *ret, struct error *err)
{
    _cleanup_free_ char *run_path = text_format("%s/run.json", folder);
    json_t *run = NULL;
    if (access(run_path, F_OK) == 0) {
        int rc = store_read_run(folder, &run, err);
        if (rc < 0) {
            return rc;
        }
        json_object_set_new(ret, "run", run);
        describe_platform(run, ret);
    }
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(points, &sweeps);
    json_object_set_new(ret, "answers", describe_answers(sweeps, count));
    json_object_set_new(ret, "summary", describe_summary(sweeps, count));
    json_object_set_new(ret, "control", control_to_json(points));
    json_object_set_new(ret, "indexes", indexes_to_json(sweeps, count));
    json_object_set_new(ret, "sweeps", describe_sweeps(sweeps, count, cells));
    sweeps_free(sweeps, count);
    return 0;
}

// Data that only the page of a run contains: points, and files to download.
static void describe_details(const char *folder, const struct point_list *points, json_t *ret)
{
    size_t invalid = point_list_invalid(points);
    json_t *trials = page_trials(points);
    if (trials != NULL) {
        json_object_set_new(ret, "trials", trials);
    }
    json_object_set_new(ret, "points_total", json_integer((json_int_t)points->count));
    json_object_set_new(ret, "invalid_total", json_integer((json_int_t)invalid));
    struct left_out_summary left_out = point_list_left_out(points);
    json_object_set_new(ret, "left_out_percent", json_real(100.0 * left_out.ratio));
    json_object_set_new(ret, "cleared_total", json_integer((json_int_t)left_out.cleared));
    json_object_set_new(ret, "unstable", page_unstable(points));
    json_object_set_new(ret, "reasons", page_reasons(points));
    json_object_set_new(ret, "points", page_points(points, POINTS_ROOM));
    json_object_set_new(ret, "files", describe_files(folder));
    json_object_set_new(ret, "figures", describe_figures(folder));
}

static json_t *begin(void)
{
    char now[32];
    clock_format_utc(clock_realtime_ns(), now);
    return json_pack("{s:s, s:s}", "vrbench", VRBENCH_VERSION, "written", now);
}

int page_data_run(const char *folder, const struct point_list *points, json_t **ret,
                  struct error *err)
{
    _cleanup_json_ json_t *data = begin();
    json_t *runs = json_array();
    json_t *run = json_object();
    json_object_set_new(data, "runs", runs);
    json_array_append_new(runs, run);
    json_set_text(run, "name", "run");
    int rc = describe_run(folder, points, STEPS_CELLS, run, err);
    if (rc == 0) {
        describe_details(folder, points, run);
        *ret = steal_pointer(&data);
    }
    return rc;
}

// A measured run of a reproduction.
static int describe_measured(const char *folder, size_t cells, json_t *ret, struct error *err)
{
    struct point_list points = {NULL, 0};
    int rc = store_read_points(folder, &points, err);
    if (rc == 0) {
        rc = describe_run(folder, &points, cells, ret, err);
        point_list_clear(&points);
    }
    return rc;
}

int page_data_reproduction(const char *folder, json_t *reproduction, json_t **ret,
                           struct error *err)
{
    _cleanup_json_ json_t *data = begin();
    json_t *runs = json_array();
    json_object_set(data, "reproduction", reproduction);
    json_object_set_new(data, "runs", runs);
    size_t cells = json_array_size(json_object_get(reproduction, "runs"));
    cells = STEPS_CELLS / (cells == 0 ? 1 : cells);
    size_t i;
    const json_t *listed;
    json_array_foreach(json_object_get(reproduction, "runs"), i, listed)
    {
        const char *below = json_string_value(json_object_get(listed, "folder"));
        _cleanup_free_ char *path = text_format("%s/%s", folder, below);
        _cleanup_free_ char *points = text_format("%s/points.jsonl", path);
        _cleanup_free_ char *page = text_format("%s/report.html", below);
        json_t *run = json_object();
        json_array_append_new(runs, run);
        json_set_text(run, "name", json_string_value(json_object_get(listed, "name")));
        json_set_text(run, "what", json_string_value(json_object_get(listed, "what")));
        json_set_text(run, "lacking", json_string_value(json_object_get(listed, "lacking")));
        json_set_text(run, "page", page);
        bool measured = access(points, F_OK) == 0;
        json_object_set_new(run, "has_page", json_boolean(measured));
        json_object_set_new(run, "summary", json_array());
        json_object_set_new(run, "sweeps", json_array());
        int rc = measured ? describe_measured(path, cells, run, err) : 0;
        if (rc < 0) {
            return rc;
        }
    }
    *ret = steal_pointer(&data);
    return 0;
}

json_t *page_data_comparison(const char *folder, const json_t *comparison, char *const *figures,
                             size_t count)
{
    json_t *data = begin();
    json_t *list = json_array();
    _cleanup_json_ json_t *copy = json_deep_copy(comparison);
    json_object_set(data, "comparison", copy);
    json_object_set_new(data, "figures", list);
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *path = text_format("%s/figures/%s.svg", folder, figures[i]);
        _cleanup_free_ char *bytes = NULL;
        size_t length = 0;
        if (file_read_plain(path, FIGURE_MAX, &bytes, &length, NULL) == 0) {
            _cleanup_free_ char *base64 = to_base64(bytes, length);
            json_array_append_new(list, json_pack("{s:s, s:s}", "name", figures[i], "svg", base64));
        }
    }
    return data;
}
