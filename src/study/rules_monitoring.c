// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules_monitoring — claims 9 and 10: what SNMP reports of CPU, and what saturation does to
// it. Called through the table of claims.c.
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/rules.h"

#define RUN_MONITORING "monitoring"
#define LENGTH         64U

// ---- figures of a point: NaN if monitoring said nothing

static double said_by(const struct point *point, double figure)
{
    return point->monitoring.measured ? figure : (double)NAN;
}

static double load_off(const struct point *point, const char *who)
{
    (void)who;
    const struct monitoring_result *said = &point->monitoring;
    return said_by(point, fabs(said->load_percent - said->dut_percent));
}

static double raw_off(const struct point *point, const char *who)
{
    (void)who;
    const struct monitoring_result *said = &point->monitoring;
    return said_by(point, fabs(said->raw_percent - said->all_percent));
}

static double text_off(const struct point *point, const char *who)
{
    (void)who;
    return said_by(point, point->monitoring.text_off);
}

static double answer_ms(const struct point *point, const char *who)
{
    (void)who;
    return said_by(point, point->monitoring.answer_s * 1e3);
}

// The conditions of both claims; false if the run is missing.
static bool find_conditions(const struct study_results *results, struct claim_result *result,
                            struct condition *ret_below, struct condition *ret_above)
{
    if (!claim_has_run(results, result, RUN_MONITORING)) {
        return false;
    }
    _cleanup_free_ double *pps = NULL;
    size_t count = study_loads(results, RUN_MONITORING, "bridged", LENGTH, &pps);
    if (count < 2) {
        claim_part(result, CLAIM_UNDECIDED, "Only %zu of 2 loads were measured.", count);
        return false;
    }
    *ret_below = (struct condition){RUN_MONITORING, "bridged", LENGTH, pps[0]};
    *ret_above = (struct condition){RUN_MONITORING, "bridged", LENGTH, pps[count - 1]};
    return true;
}

// ---- 9: the ordinary variables

static double judge_error(const struct study_results *results, struct claim_result *result,
                          const struct condition *condition, study_figure *figure, const char *name,
                          bool good)
{
    struct sample off = sample_of(results, condition, figure, NULL);
    if (off.valid == 0) {
        claim_part(result, CLAIM_UNDECIDED, "%s had no value in a valid trial.", name);
        return (double)NAN;
    }
    const struct named_sample needed = {&off, condition};
    if (!claim_has(results, result, &needed, 1)) {
        return off.median;
    }
    struct span bounds = sample_bounds(&off);
    enum claim_verdict verdict =
        good ? decide_below(bounds, MONITOR_ERROR) : decide_above(bounds, MONITOR_ERROR);
    claim_measured(result, "%s is off by %.1f points (%.1f to %.1f).", name, off.median, bounds.low,
                   bounds.high);
    claim_value(result, off.median, "points", "error of %s", name);
    claim_part(result, verdict, "%s is %s.", name,
               verdict == CLAIM_UNDECIDED             ? "off by about the border"
               : (verdict == CLAIM_CONFIRMED) == good ? "accurate"
                                                      : "not accurate");
    return off.median;
}

void judge_variables(const struct study_results *results, struct claim_result *result)
{
    struct condition below;
    struct condition above;
    if (!find_conditions(results, result, &below, &above)) {
        return;
    }
    double load = judge_error(results, result, &below, load_off, "hrProcessorLoad", false);
    double raw = judge_error(results, result, &below, raw_off, "ssCpuRaw", false);
    double text = judge_error(results, result, &below, text_off, "xen-stats", true);
    struct sample said = sample_of(results, &below, text_off, NULL);
    if (said.valid > 0) {
        _cleanup_free_ char *unknown = text_copy("?");
        _cleanup_free_ char *load_text = isnan(load) ? NULL : text_format("%.0f", load);
        _cleanup_free_ char *raw_text = isnan(raw) ? NULL : text_format("%.0f", raw);
        claim_here(result, "off by %s and %s points, xen-stats %.1f",
                   load_text == NULL ? unknown : load_text, raw_text == NULL ? unknown : raw_text,
                   text);
    }
}

// ---- 10: monitoring on a saturated host

void judge_starvation(const struct study_results *results, struct claim_result *result)
{
    struct condition below;
    struct condition above;
    if (!find_conditions(results, result, &below, &above)) {
        return;
    }
    struct sample calm = sample_of(results, &below, answer_ms, NULL);
    struct sample slow = sample_of(results, &above, answer_ms, NULL);
    struct sample off = sample_of(results, &above, text_off, NULL);
    struct sample busy = sample_of(results, &above, figure_total, NULL);
    const struct named_sample needed[] = {{&calm, &below}, {&slow, &above}, {&busy, &above}};
    if (!claim_has(results, result, needed, sizeof needed / sizeof needed[0])) {
        return;
    }
    struct span factor = sample_ratio(&slow, &calm);
    claim_measured(
        result,
        "Answers take %.1f ms at a fiftieth of the carried load and %.1f ms at 1.6 times it, "
        "where host and router use %.0f %% of the CPU: %.1f to %.1f times as long.",
        calm.median, slow.median, busy.median, factor.low, factor.high);
    claim_value(result, calm.median, "ms", "answer below saturation");
    claim_value(result, slow.median, "ms", "answer above saturation");
    if (busy.median < CONTENDED * 100.0 * results->dut_cpus) {
        claim_part(result, CLAIM_UNDECIDED,
                   "Host and router use only %.0f %% of the CPU at the higher load: they are not "
                   "saturated.",
                   busy.median);
        return;
    }
    enum claim_verdict starved = decide_above(factor, ANSWER_FACTOR);
    static const char *const says[] = {
        [CLAIM_UNDECIDED] = "Saturation may slow down its answers.",
        [CLAIM_CONFIRMED] = "Saturation slows down its answers.",
        [CLAIM_REFUTED] = "Saturation does not slow down its answers.",
    };
    claim_part(result, starved, "%s", says[starved]);
    if (!sample_is_enough(&off)) {
        claim_here(result, "answers %.1f times as slow, few figures", slow.median / calm.median);
        claim_part(result, starved, "Only %zu of %zu readings of xen-stats were answered.",
                   off.valid, slow.valid);
        return;
    }
    struct span error = sample_bounds(&off);
    claim_measured(result, "There xen-stats is off by %.1f points (%.1f to %.1f).", off.median,
                   error.low, error.high);
    claim_here(result, "answers %.1f times as slow, off by %.1f points", slow.median / calm.median,
               off.median);
    claim_value(result, off.median, "points", "error of xen-stats above saturation");
    enum claim_verdict wrong = decide_above(error, MONITOR_ERROR);
    static const char *const trusts[] = {
        [CLAIM_UNDECIDED] = "The error of its figures is about the border.",
        [CLAIM_CONFIRMED] = "Its figures are wrong.",
        [CLAIM_REFUTED] = "Its figures stay right.",
    };
    claim_part(result, wrong, "%s", trusts[wrong]);
}
