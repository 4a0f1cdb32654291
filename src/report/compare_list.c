// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_list — see compare_list.h.
#include "report/compare_list.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/compare_verdict.h"
#include "report/words.h"
#include "version.h"

#define COMPARE_SCHEMA 1

// ---- rows of sweeps

// All columns; a list picks some of them.
enum {
    SCENARIO,
    TOPOLOGY,
    LENGTH,
    LENGTH_LAYER,
    RUN,
    PLATFORM,
    NO_LOSS,
    NO_LOSS_RATIO,
    MAX,
    MAX_RATIO,
    GOODPUT,
    GOODPUT_RATIO,
    TOP_LOAD,
    TOP_LOSS,
    COMMON_LOAD,
    COMMON_LOSS,
    CPU_LOAD,
    ROUTER_NS,
    ROUTER_NS_RATIO,
    HOST_NS,
    HOST_NS_RATIO,
    MEMORY,
    MEMORY_RATIO,
    START,
    START_RATIO,
    POINTS,
    INVALID,
    COMPARED,
    WHY_NOT,
    COLUMN_COUNT
};

#define C_NO_LOSS                                                                                  \
    {                                                                                              \
        "no_loss_pps", "No loss pps", COLUMN_REAL, 0                                               \
    }
#define C_MAX                                                                                      \
    {                                                                                              \
        "max_pps", "Max pps", COLUMN_REAL, 0                                                       \
    }
#define C_TOP_LOSS                                                                                 \
    {                                                                                              \
        "loss_at_top_percent", "Loss at top %", COLUMN_REAL, 2                                     \
    }
#define C_ROUTER_NS                                                                                \
    {                                                                                              \
        "router_ns_per_packet", "Router ns", COLUMN_REAL, 0                                        \
    }
#define C_CPU_LOAD                                                                                 \
    {                                                                                              \
        "cpu_offered_pps", "CPU at pps", COLUMN_REAL, 0                                            \
    }
#define C_HOST_NS                                                                                  \
    {                                                                                              \
        "host_ns_per_packet", "Host ns", COLUMN_REAL, 0                                            \
    }
#define RATIO(key)                                                                                 \
    {                                                                                              \
        key, "×", COLUMN_REAL, 2                                                                   \
    }

static const struct column all_columns[] = {
    [SCENARIO] = COLUMN_SCENARIO,
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [LENGTH] = COLUMN_LENGTH("length_bytes"),
    [LENGTH_LAYER] = COLUMN_LENGTH_LAYER,
    [RUN] = COLUMN_RUN,
    [PLATFORM] = {"platform", "Platform", COLUMN_TEXT, 0},
    [NO_LOSS] = C_NO_LOSS,
    [NO_LOSS_RATIO] = RATIO("no_loss_ratio"),
    [MAX] = C_MAX,
    [MAX_RATIO] = RATIO("max_ratio"),
    [GOODPUT] = {"goodput_bps", "Goodput bit/s", COLUMN_REAL, 0},
    [GOODPUT_RATIO] = RATIO("goodput_ratio"),
    [TOP_LOAD] = {"top_offered_pps", "Top load pps", COLUMN_REAL, 0},
    [TOP_LOSS] = C_TOP_LOSS,
    [COMMON_LOAD] = {"common_requested_pps", "Common load pps", COLUMN_REAL, 0},
    [COMMON_LOSS] = {"loss_at_common_percent", "Loss there %", COLUMN_REAL, 2},
    [CPU_LOAD] = C_CPU_LOAD,
    [ROUTER_NS] = C_ROUTER_NS,
    [ROUTER_NS_RATIO] = RATIO("router_ns_ratio"),
    [HOST_NS] = C_HOST_NS,
    [HOST_NS_RATIO] = RATIO("host_ns_ratio"),
    [MEMORY] = {"router_memory_bytes", "Router bytes", COLUMN_REAL, 0},
    [MEMORY_RATIO] = RATIO("memory_ratio"),
    [START] = {"start_ms", "Start ms", COLUMN_REAL, 1},
    [START_RATIO] = RATIO("start_ratio"),
    [POINTS] = {"points", "Points", COLUMN_INTEGER, 0},
    [INVALID] = {"invalid_points", "Invalid", COLUMN_INTEGER, 0},
    [COMPARED] = {"compared", "Compared", COLUMN_TRUTH, 0},
    [WHY_NOT] = {"why_not", "Why not", COLUMN_TEXT, 0},
};
static const unsigned char all_picks[] = {
    SCENARIO,        TOPOLOGY,      LENGTH,        LENGTH_LAYER, RUN,          PLATFORM,
    NO_LOSS,         NO_LOSS_RATIO, MAX,           MAX_RATIO,    GOODPUT,      GOODPUT_RATIO,
    TOP_LOAD,        TOP_LOSS,      COMMON_LOAD,   COMMON_LOSS,  CPU_LOAD,     ROUTER_NS,
    ROUTER_NS_RATIO, HOST_NS,       HOST_NS_RATIO, MEMORY,       MEMORY_RATIO, START,
    START_RATIO,     POINTS,        INVALID,       COMPARED,     WHY_NOT,
};

static const struct column rate_columns[] = {
    COLUMN_SCENARIO,    COLUMN_TOPOLOGY, COLUMN_LENGTH("length_bytes"), COLUMN_LENGTH_LAYER,
    COLUMN_RUN,         C_NO_LOSS,       RATIO("no_loss_ratio"),        C_MAX,
    RATIO("max_ratio"), C_TOP_LOSS,
};
static const unsigned char rate_picks[] = {
    SCENARIO, TOPOLOGY, LENGTH, LENGTH_LAYER, RUN, NO_LOSS, NO_LOSS_RATIO, MAX, MAX_RATIO, TOP_LOSS,
};

static const struct column goodput_columns[] = {
    COLUMN_SCENARIO,        COLUMN_TOPOLOGY, COLUMN_LENGTH("length_bytes"),
    COLUMN_LENGTH_LAYER,    COLUMN_RUN,      {"goodput_bps", "Goodput bit/s", COLUMN_REAL, 0},
    RATIO("goodput_ratio"),
};
static const unsigned char goodput_picks[] = {
    SCENARIO, TOPOLOGY, LENGTH, LENGTH_LAYER, RUN, GOODPUT, GOODPUT_RATIO,
};

static const struct column cost_columns[] = {
    COLUMN_SCENARIO,
    COLUMN_TOPOLOGY,
    COLUMN_LENGTH("length_bytes"),
    COLUMN_LENGTH_LAYER,
    COLUMN_RUN,
    C_CPU_LOAD,
    C_ROUTER_NS,
    RATIO("router_ns_ratio"),
    C_HOST_NS,
    RATIO("host_ns_ratio"),
    {"router_memory_mib", "MiB", COLUMN_REAL, 2},
    RATIO("memory_ratio"),
    {"start_ms", "Start ms", COLUMN_REAL, 1},
    RATIO("start_ratio"),
};
#define MEMORY_MIB COLUMN_COUNT // a pick that is no column of the whole
static const unsigned char cost_picks[] = {
    SCENARIO,        TOPOLOGY, LENGTH,        LENGTH_LAYER, RUN,          CPU_LOAD, ROUTER_NS,
    ROUTER_NS_RATIO, HOST_NS,  HOST_NS_RATIO, MEMORY_MIB,   MEMORY_RATIO, START,    START_RATIO,
};

#define LIST(columns, picks)                                                                       \
    {                                                                                              \
        columns, sizeof(columns) / sizeof((columns)[0]), picks, NULL                               \
    }
const struct compare_list compare_list_all = LIST(all_columns, all_picks);
const struct compare_list compare_list_rates = LIST(rate_columns, rate_picks);
const struct compare_list compare_list_goodput = LIST(goodput_columns, goodput_picks);
const struct compare_list compare_list_costs = LIST(cost_columns, cost_picks);

static void fill_row(const struct comparison *comparison, const struct compare_row *row,
                     size_t side, struct value values[COLUMN_COUNT + 1])
{
    const struct compare_cell *cell = &row->cells[side];
    const double *figures = cell->figures;
    bool there = cell->sweep != NULL;
    const struct value made[COLUMN_COUNT + 1] = {
        [SCENARIO] = VALUE_TEXT(row->scenario),
        [TOPOLOGY] = VALUE_TEXT(row->topology),
        [LENGTH] = VALUE_INTEGER(row->length),
        [LENGTH_LAYER] = VALUE_TEXT(row->length_layer),
        [RUN] = VALUE_TEXT(comparison->sides[side].label),
        [PLATFORM] = VALUE_TEXT(comparison->sides[side].points.items[0].platform),
        [NO_LOSS] = VALUE_REAL(figures[COMPARE_NO_LOSS]),
        [NO_LOSS_RATIO] = VALUE_REAL(compare_ratio(row, side, COMPARE_NO_LOSS)),
        [MAX] = VALUE_REAL(figures[COMPARE_MAX]),
        [MAX_RATIO] = VALUE_REAL(compare_ratio(row, side, COMPARE_MAX)),
        [GOODPUT] = VALUE_REAL(figures[COMPARE_GOODPUT]),
        [GOODPUT_RATIO] = VALUE_REAL(compare_ratio(row, side, COMPARE_GOODPUT)),
        [TOP_LOAD] = VALUE_REAL(figures[COMPARE_TOP_LOAD]),
        [TOP_LOSS] = VALUE_REAL(figures[COMPARE_TOP_LOSS] * 100),
        [COMMON_LOAD] = VALUE_REAL(figures[COMPARE_COMMON_LOAD]),
        [COMMON_LOSS] = VALUE_REAL(figures[COMPARE_COMMON_LOSS] * 100),
        [CPU_LOAD] = VALUE_REAL(figures[COMPARE_CPU_LOAD]),
        [ROUTER_NS] = VALUE_REAL(figures[COMPARE_ROUTER_NS]),
        [ROUTER_NS_RATIO] = VALUE_REAL(compare_ratio(row, side, COMPARE_ROUTER_NS)),
        [HOST_NS] = VALUE_REAL(figures[COMPARE_HOST_NS]),
        [HOST_NS_RATIO] = VALUE_REAL(compare_ratio(row, side, COMPARE_HOST_NS)),
        [MEMORY] = VALUE_REAL(figures[COMPARE_MEMORY]),
        [MEMORY_RATIO] = VALUE_REAL(compare_ratio(row, side, COMPARE_MEMORY)),
        [START] = VALUE_REAL(figures[COMPARE_START] / 1e6),
        [START_RATIO] = VALUE_REAL(compare_ratio(row, side, COMPARE_START)),
        [POINTS] = VALUE_INTEGER(there ? cell->sweep->points : 0),
        [INVALID] = VALUE_INTEGER(there ? cell->sweep->invalid : 0),
        [COMPARED] = VALUE_TRUTH(side > 0 && cell->why_not == NULL),
        [WHY_NOT] = VALUE_TEXT(cell->why_not),
        [MEMORY_MIB] = VALUE_REAL(figures[COMPARE_MEMORY] / 1048576),
    };
    for (size_t i = 0; i <= COLUMN_COUNT; i++) {
        values[i] = made[i];
    }
}

// ---- rows of caps

enum {
    CAP_SCENARIO,
    CAP_TOPOLOGY,
    CAP_LENGTH,
    CAP_LENGTH_LAYER,
    CAP_RUN,
    CAP_PARTY,
    CAP_ASKED,
    CAP_USED,
    CAP_OFF,
    CAP_HELD,
    CAP_LOADED,
    CAP_POINTS,
    CAP_COLUMNS
};

static const struct column cap_columns[] = {
    [CAP_SCENARIO] = COLUMN_SCENARIO,
    [CAP_TOPOLOGY] = COLUMN_TOPOLOGY,
    [CAP_LENGTH] = COLUMN_LENGTH("length_bytes"),
    [CAP_LENGTH_LAYER] = COLUMN_LENGTH_LAYER,
    [CAP_RUN] = COLUMN_RUN,
    [CAP_PARTY] = {"capped", "Capped", COLUMN_TEXT, 0},
    [CAP_ASKED] = {"cap_percent", "Cap %", COLUMN_INTEGER, 0},
    [CAP_USED] = {"used_percent", "Used %", COLUMN_REAL, 1},
    [CAP_OFF] = {"off_points", "Off by", COLUMN_REAL, 1},
    [CAP_HELD] = {"held", "Held", COLUMN_TRUTH, 0},
    [CAP_LOADED] = {"loaded_points", "Loaded", COLUMN_INTEGER, 0},
    [CAP_POINTS] = {"points", "Points", COLUMN_INTEGER, 0},
};
static int write_caps(const struct comparison *comparison, struct writer *writer, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < comparison->cap_count; i++) {
        const struct compare_cap *cap = &comparison->caps[i];
        const struct cap_use *use = &cap->use;
        const struct point *point = cap->sweep->first;
        const struct value row[CAP_COLUMNS] = {
            [CAP_SCENARIO] = VALUE_TEXT(point->scenario),
            [CAP_TOPOLOGY] = VALUE_TEXT(point->topology),
            [CAP_LENGTH] = VALUE_INTEGER(point->length),
            [CAP_LENGTH_LAYER] = VALUE_TEXT(point->length_layer),
            [CAP_RUN] = VALUE_TEXT(comparison->sides[cap->side].label),
            [CAP_PARTY] = VALUE_TEXT(use->party),
            [CAP_ASKED] = VALUE_INTEGER(use->cap),
            [CAP_USED] = VALUE_REAL(use->used),
            [CAP_OFF] = VALUE_REAL(use->off),
            [CAP_HELD] = use->loaded == 0 ? VALUE_ABSENT : VALUE_TRUTH(cap_is_held(use)),
            [CAP_LOADED] = VALUE_INTEGER(use->loaded),
            [CAP_POINTS] = VALUE_INTEGER(use->points),
        };
        rc = writer_row(writer, row, err);
    }
    return rc < 0 ? rc : writer_finish(writer, err);
}

const struct compare_list compare_list_caps = {cap_columns, CAP_COLUMNS, NULL, write_caps};

// ---- both

int compare_write_list(const struct comparison *comparison, const struct compare_list *list,
                       struct writer *writer, struct error *err)
{
    if (list->write != NULL) {
        return list->write(comparison, writer, err);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < comparison->row_count; i++) {
        for (size_t k = 0; rc == 0 && k < comparison->side_count; k++) {
            struct value values[COLUMN_COUNT + 1];
            struct value picked[COLUMN_COUNT];
            fill_row(comparison, &comparison->rows[i], k, values);
            for (size_t n = 0; n < list->count; n++) {
                picked[n] = values[list->picks[n]];
            }
            rc = writer_row(writer, picked, err);
        }
    }
    return rc < 0 ? rc : writer_finish(writer, err);
}

static int list_to_json(const struct comparison *comparison, const struct compare_list *list,
                        json_t **ret, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return fail(err, errno, "writing the comparison");
    }
    struct writer *writer = writer_json(out, list->columns, list->count);
    int rc = compare_write_list(comparison, list, writer, err);
    writer_free(writer);
    fclose(out);
    *ret = rc == 0 ? json_loadb(text, length, 0, NULL) : NULL;
    free(text);
    return rc == 0 && *ret == NULL ? fail(err, 0, "a list can't be read back as JSON") : rc;
}

static json_t *texts_to_json(const struct compare_texts *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++) {
        json_array_append_new(list, json_string(texts->items[i]));
    }
    return list;
}

static void copy_member(const json_t *from, const char *key, json_t *to)
{
    json_t *value = json_object_get(from, key);
    if (value != NULL) {
        json_object_set(to, key, value);
    }
}

static json_t *side_to_json(const struct compare_side *side)
{
    static const char *const of_run[] = {"status",  "started", "ended",
                                         "vrbench", "commit",  "quick"};
    static const char *const of_machine[] = {
        "hostname",    "system",       "kernel",       "cpu_model",   "virtualisation",
        "cpus_usable", "memory_bytes", "governor",     "turbo",       "smt",
        "mitigations", "microcode",    "clock_source", "command_line"};
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "label", side->label, "folder", side->folder,
                             "platform_name", side->points.items[0].platform, "engine",
                             side->points.items[0].engine);
    for (size_t i = 0; i < sizeof of_run / sizeof of_run[0]; i++) {
        copy_member(side->run, of_run[i], json);
    }
    for (size_t i = 0; i < sizeof of_machine / sizeof of_machine[0]; i++) {
        copy_member(json_object_get(side->run, "machine"), of_machine[i], json);
    }
    if (side->facts.name != NULL) {
        _cleanup_free_ char *words = words_platform(&side->facts);
        json_object_set_new(json, "platform", platform_facts_to_json(&side->facts));
        json_object_set_new(json, "platform_words", json_string(words));
    }
    return json;
}

int compare_to_json(const struct comparison *comparison, json_t **ret, struct error *err)
{
    static const struct {
        const char *key;
        const struct compare_list *list;
    } lists[] = {
        {"verdicts", &compare_list_verdicts},
        {"rows", &compare_list_all},
        {"caps", &compare_list_caps},
    };
    json_t *runs = json_array();
    for (size_t i = 0; i < comparison->side_count; i++) {
        json_array_append_new(runs, side_to_json(&comparison->sides[i]));
    }
    json_t *whole = json_pack("{s:i, s:s, s:o, s:f, s:o, s:o}", "schema", COMPARE_SCHEMA, "vrbench",
                              VRBENCH_VERSION, "runs", runs, "error", COMPARE_ERROR, "warnings",
                              texts_to_json(&comparison->warnings), "not_compared",
                              texts_to_json(&comparison->not_compared));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        json_t *rows = NULL;
        int rc = list_to_json(comparison, lists[i].list, &rows, err);
        if (rc < 0) {
            json_decref(whole);
            return rc;
        }
        json_object_set_new(whole, lists[i].key, rows);
    }
    *ret = whole;
    return 0;
}
