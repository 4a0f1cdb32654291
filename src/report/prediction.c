// SPDX-License-Identifier: GPL-3.0-or-later
// report/prediction — see prediction.h.
#include "report/prediction.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/writer.h"

void predicted_make(const struct model *model, const struct scenario *scenario, bool baselines,
                    struct predicted_list *ret)
{
    const struct scenario_traffic *traffic = &scenario->traffic;
    ret->items =
        memory_new_array(struct predicted, scenario->topology_count * traffic->length_count);
    ret->count = 0;
    for (size_t i = 0; i < scenario->topology_count; i++) {
        for (size_t k = 0; scenario->topologies[i] != TOPOLOGY_DIRECT && k < traffic->length_count;
             k++) {
            struct predicted *one = &ret->items[ret->count++];
            model_setup_make(scenario, scenario->topologies[i], traffic->lengths[k], &one->setup);
            model_predict(model, &one->setup, &one->prediction);
            for (size_t of = 0; baselines && of < BASELINE_COUNT; of++) {
                baseline_predict(model, &one->setup, (enum baseline)of, &one->baselines[of]);
            }
        }
    }
}

void predicted_clear(struct predicted_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        model_setup_clear(&list->items[i].setup);
        prediction_clear(&list->items[i].prediction);
        for (size_t of = 0; of < BASELINE_COUNT; of++) {
            baseline_clear(&list->items[i].baselines[of]);
        }
    }
    free(list->items);
    *list = (struct predicted_list){NULL, 0};
}

// ---- JSON

static json_t *figure_to_json(const struct model_figure *figure)
{
    return json_pack("{s:f, s:f, s:f}", "value", figure->value, "low", figure->low, "high",
                     figure->high);
}

static json_t *numbers_to_json(const double *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_real(values[i]));
    }
    return list;
}

static json_t *usages_to_json(const struct prediction *prediction)
{
    json_t *list = json_array();
    for (size_t i = 0; i < prediction->usage_count; i++) {
        const struct model_usage *usage = &prediction->usages[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:f, s:f, s:f, s:o}", "name", usage->name, "percent",
                                        usage->percent.value, "low", usage->percent.low, "high",
                                        usage->percent.high, "percent_at",
                                        numbers_to_json(usage->at, MODEL_LOADS)));
    }
    return list;
}

static void add_baselines(const struct predicted *one, size_t flow, json_t *row)
{
    json_t *methods = json_object();
    for (size_t of = 0; of < BASELINE_COUNT; of++) {
        const struct baseline_rates *rates = &one->baselines[of];
        if (rates->max_pps == NULL) {
            continue;
        }
        json_t *own = json_object();
        if (isfinite(rates->max_pps[flow])) {
            json_object_set_new(own, "max_pps", json_real(rates->max_pps[flow]));
        }
        if (isfinite(rates->throughput_pps[flow])) {
            json_object_set_new(own, "throughput_pps", json_real(rates->throughput_pps[flow]));
        }
        json_object_set_new(methods, baseline_key((enum baseline)of), own);
    }
    if (json_object_size(methods) > 0) {
        json_object_set_new(row, "baselines", methods);
    } else {
        json_decref(methods);
    }
}

static json_t *flow_to_json(const struct predicted *one, size_t flow)
{
    const struct prediction *prediction = &one->prediction;
    json_t *row = json_pack("{s:s, s:I, s:s, s:b}", "topology", topology_name(one->setup.topology),
                            "length", (json_int_t)one->setup.length, "network",
                            one->setup.flows[flow].name, "known", prediction->known);
    if (!prediction->known) {
        json_object_set_new(row, "why_unknown", json_string(prediction->why_unknown));
        return row;
    }
    const struct model_curve *curve = &prediction->curves[flow];
    json_object_set_new(row, "offered_pps", numbers_to_json(curve->offered_pps, MODEL_LOADS));
    json_object_set_new(row, "received_pps", numbers_to_json(curve->received_pps, MODEL_LOADS));
    json_object_set_new(row, "low_pps", numbers_to_json(curve->low_pps, MODEL_LOADS));
    json_object_set_new(row, "high_pps", numbers_to_json(curve->high_pps, MODEL_LOADS));
    json_object_set_new(row, "throughput_pps", figure_to_json(&curve->throughput_pps));
    json_object_set_new(row, "max_pps", figure_to_json(&curve->max_pps));
    json_object_set_new(row, "cpu", usages_to_json(prediction));
    json_object_set_new(row, "bottleneck", json_string(prediction->bottleneck));
    add_baselines(one, flow, row);
    return row;
}

json_t *predicted_to_json(const struct predicted_list *list)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < list->items[i].setup.flow_count; k++) {
            json_array_append_new(rows, flow_to_json(&list->items[i], k));
        }
    }
    return rows;
}

// ---- for people

enum { TOPOLOGY, LENGTH, NETWORK, THROUGHPUT, THROUGHPUT_SPAN, MAX, MAX_SPAN, COLUMN_COUNT };
static const struct column prediction_columns[] = {
    [TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [THROUGHPUT] = {"throughput_pps", "Throughput pps", COLUMN_TEXT, 0},
    [THROUGHPUT_SPAN] = {"throughput_span", "90 %", COLUMN_TEXT, 0},
    [MAX] = {"max_pps", "Max pps", COLUMN_TEXT, 0},
    [MAX_SPAN] = {"max_span", "90 %", COLUMN_TEXT, 0},
};

// "-7 +12 %", relative to the value.
static char *span_text(const struct model_figure *figure)
{
    if (!(figure->value > 0)) {
        return text_copy("");
    }
    return text_format("%+.0f %+.0f %%", -100.0 * (1.0 - figure->low / figure->value),
                       100.0 * (figure->high / figure->value - 1.0));
}

static int print_known(struct writer *writer, const struct predicted *one, size_t flow,
                       struct error *err)
{
    const struct model_curve *curve = &one->prediction.curves[flow];
    char throughput[48];
    char max[48];
    text_group_digits(curve->throughput_pps.value, 0, throughput);
    text_group_digits(curve->max_pps.value, 0, max);
    _cleanup_free_ char *throughput_span = span_text(&curve->throughput_pps);
    _cleanup_free_ char *max_span = span_text(&curve->max_pps);
    struct value row[COLUMN_COUNT] = {
        [TOPOLOGY] = VALUE_TEXT(topology_name(one->setup.topology)),
        [LENGTH] = VALUE_INTEGER(one->setup.length),
        [NETWORK] = VALUE_TEXT(one->setup.flows[flow].name),
        [THROUGHPUT] = VALUE_TEXT(throughput),
        [THROUGHPUT_SPAN] = VALUE_TEXT(throughput_span),
        [MAX] = VALUE_TEXT(max),
        [MAX_SPAN] = VALUE_TEXT(max_span),
    };
    return writer_row(writer, row, err);
}

static int print_unknown(struct writer *writer, const struct predicted *one, size_t flow,
                         struct error *err)
{
    struct value row[COLUMN_COUNT] = {
        [TOPOLOGY] = VALUE_TEXT(topology_name(one->setup.topology)),
        [LENGTH] = VALUE_INTEGER(one->setup.length),
        [NETWORK] = VALUE_TEXT(one->setup.flows[flow].name),
        [THROUGHPUT] = VALUE_TEXT("don't know"),
    };
    return writer_row(writer, row, err);
}

// What the table has no room for: CPU of each party and the bottleneck, or why it is not known.
static void print_notes(const struct predicted *one, FILE *out)
{
    const struct prediction *prediction = &one->prediction;
    fprintf(out, "%s, %u bytes: ", topology_name(one->setup.topology), one->setup.length);
    if (!prediction->known) {
        fprintf(out, "don't know: %s\n", prediction->why_unknown);
        return;
    }
    fprintf(out, "bottleneck: %s\n", prediction->bottleneck);
    fputs("  CPU at the throughput:", out);
    for (size_t i = 0; i < prediction->usage_count; i++) {
        const struct model_usage *usage = &prediction->usages[i];
        if (usage->percent.value > 0) {
            fprintf(out, "%s%s %.0f %% (%.0f-%.0f)", i % 3 == 0 && i > 0 ? "\n    " : " ",
                    usage->name, usage->percent.value, usage->percent.low, usage->percent.high);
        }
    }
    fputc('\n', out);
}

int predicted_print(const struct predicted_list *list, FILE *out, bool colour, struct error *err)
{
    struct writer *writer = writer_table(out, prediction_columns, COLUMN_COUNT, 0, colour);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct predicted *one = &list->items[i];
        for (size_t k = 0; rc == 0 && k < one->setup.flow_count; k++) {
            rc = one->prediction.known ? print_known(writer, one, k, err)
                                       : print_unknown(writer, one, k, err);
        }
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        fputs(i == 0 ? "\n" : "", out);
        print_notes(&list->items[i], out);
    }
    return rc;
}

enum { B_TOPOLOGY, B_LENGTH, B_NETWORK, B_METHOD, B_THROUGHPUT, B_MAX, B_COUNT };
static const struct column baseline_columns[] = {
    [B_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [B_LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [B_NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [B_METHOD] = {"method", "Method", COLUMN_TEXT, 0},
    [B_THROUGHPUT] = {"throughput_pps", "Throughput pps", COLUMN_REAL, 0},
    [B_MAX] = {"max_pps", "Max pps", COLUMN_REAL, 0},
};

static struct value rate_value(double pps)
{
    return isfinite(pps) ? VALUE_REAL(pps) : VALUE_ABSENT;
}

// One row of each method: the model, then the baselines.
static int print_methods(struct writer *writer, const struct predicted *one, size_t flow,
                         struct error *err)
{
    const struct prediction *prediction = &one->prediction;
    for (size_t i = 0; i <= BASELINE_COUNT; i++) {
        const struct baseline_rates *rates = i == 0 ? NULL : &one->baselines[i - 1];
        double none = (double)NAN;
        double throughput = rates != NULL       ? rates->throughput_pps[flow]
                            : prediction->known ? prediction->curves[flow].throughput_pps.value
                                                : none;
        double max = rates != NULL       ? rates->max_pps[flow]
                     : prediction->known ? prediction->curves[flow].max_pps.value
                                         : none;
        struct value row[B_COUNT] = {
            [B_TOPOLOGY] = VALUE_TEXT(topology_name(one->setup.topology)),
            [B_LENGTH] = VALUE_INTEGER(one->setup.length),
            [B_NETWORK] = VALUE_TEXT(one->setup.flows[flow].name),
            [B_METHOD] = VALUE_TEXT(i == 0 ? "model" : baseline_name((enum baseline)(i - 1))),
            [B_THROUGHPUT] = rate_value(throughput),
            [B_MAX] = rate_value(max),
        };
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int predicted_print_baselines(const struct predicted_list *list, FILE *out, bool colour,
                              struct error *err)
{
    fputc('\n', out);
    struct writer *writer = writer_table(out, baseline_columns, B_COUNT, 0, colour);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        for (size_t k = 0; rc == 0 && k < list->items[i].setup.flow_count; k++) {
            rc = print_methods(writer, &list->items[i], k, err);
        }
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}

// ---- CSV

enum {
    CSV_TOPOLOGY,
    CSV_LENGTH,
    CSV_NETWORK,
    CSV_OFFERED,
    CSV_RECEIVED,
    CSV_LOW,
    CSV_HIGH,
    CSV_CPU,
    CSV_COUNT
};
static const struct column curve_columns[] = {
    [CSV_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [CSV_LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [CSV_NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [CSV_OFFERED] = {"offered_pps", "Offered pps", COLUMN_REAL, 0},
    [CSV_RECEIVED] = {"received_pps", "Received pps", COLUMN_REAL, 0},
    [CSV_LOW] = {"low_pps", "Low pps", COLUMN_REAL, 0},
    [CSV_HIGH] = {"high_pps", "High pps", COLUMN_REAL, 0},
    [CSV_CPU] = {"cpu_total_percent", "CPU %", COLUMN_REAL, 1},
};

static int write_curve(struct writer *writer, const struct predicted *one, size_t flow,
                       struct error *err)
{
    const struct model_curve *curve = &one->prediction.curves[flow];
    const struct model_usage *total = &one->prediction.usages[one->prediction.usage_count - 1];
    for (size_t i = 0; i < MODEL_LOADS; i++) {
        struct value row[CSV_COUNT] = {
            [CSV_TOPOLOGY] = VALUE_TEXT(topology_name(one->setup.topology)),
            [CSV_LENGTH] = VALUE_INTEGER(one->setup.length),
            [CSV_NETWORK] = VALUE_TEXT(curve->network),
            [CSV_OFFERED] = VALUE_REAL(curve->offered_pps[i]),
            [CSV_RECEIVED] = VALUE_REAL(curve->received_pps[i]),
            [CSV_LOW] = VALUE_REAL(curve->low_pps[i]),
            [CSV_HIGH] = VALUE_REAL(curve->high_pps[i]),
            [CSV_CPU] = VALUE_REAL(total->at[i]),
        };
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int predicted_write_csv(const struct predicted_list *list, FILE *out, struct error *err)
{
    struct writer *writer = writer_csv(out, curve_columns, CSV_COUNT);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct predicted *one = &list->items[i];
        for (size_t k = 0; rc == 0 && one->prediction.known && k < one->setup.flow_count; k++) {
            rc = write_curve(writer, one, k, err);
        }
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}
