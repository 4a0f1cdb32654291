// SPDX-License-Identifier: GPL-3.0-or-later
// cli/predict_measure — see predict_measure.h.
#include "cli/predict_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/measuring.h"
#include "linux/cpu.h"
#include "model/model.h"
#include "run/run.h"

#define MOST_ROUTERS 2U
#define AUTO_POINTS  7U // loads up to just past saturation
#define DURATION     "500 ms"

// Parts of the highest rate: the loads at which a thread wakes up for each packet, and those beyond
// saturation, at which it never sleeps.
static const double extremes[] = {0.01, 0.03, 0.08, 1.15, 1.5, 2.0};
#define EXTREMES (sizeof extremes / sizeof extremes[0])

// What the scenario has in common with the set-ups that are measured for it.
struct common {
    const struct scenario *scenario;
    unsigned shortest, longest; // packets, in bytes of the length layer
    char *engine;               // the first run decides what "auto" is
    const char *folder;
    unsigned wait_quiet_s;
};

static void note_length(struct common *common, unsigned length)
{
    common->shortest = length < common->shortest ? length : common->shortest;
    common->longest = length > common->longest ? length : common->longest;
}

// The model fits only points whose tester had CPUs of its own.
static int check_cpus(const struct scenario *scenario, struct error *err)
{
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    if (rc == 0 && scenario->host.cpus >= usable.count) {
        return fail_input(err,
                          "scenario %s: host.cpus: %u of %zu usable CPUs leaves the tester none of "
                          "its own, and points of a tester that shares CPUs are not used for "
                          "predictions; use a smaller host.cpus or more CPUs",
                          scenario->name, scenario->host.cpus, usable.count);
    }
    return rc;
}

static int check_scenario(const struct scenario *scenario, struct error *err)
{
    _cleanup_model_setup_ struct model_setup setup;
    model_setup_make(scenario, TOPOLOGY_DEDICATED, scenario->traffic.lengths[0], &setup);
    if (setup.beyond != NULL) {
        return fail_input(err, "scenario %s can't be predicted: %s", scenario->name, setup.beyond);
    }
    if (text_starts(setup.work, MODEL_IMAGE)) {
        return fail_input(err,
                          "scenario %s: its routers boot images of their own, and --measure "
                          "measures vrbench's guest. Measure scenarios with one and with two such "
                          "routers by vrbench run, and give their folders to vrbench predict",
                          scenario->name);
    }
    if (setup.work[0] != '\0') {
        return fail_input(err,
                          "scenario %s: its routers do work besides forwarding, which --measure "
                          "does not copy. Measure scenarios with one and with two such routers by "
                          "vrbench run, and give their folders to vrbench predict",
                          scenario->name);
    }
    return check_cpus(scenario, err);
}

// The text of a set-up; `loads` is the value of `rates`. The caller frees it.
static char *write_setup(const struct common *common, unsigned routers, enum topology topology,
                         const char *name, const char *loads)
{
    const struct scenario *scenario = common->scenario;
    const char *second_router = routers > 1 ? ", r2: {}" : "";
    const char *second_network = routers > 1 ? ", NET1: { router: r2 }" : "";
    _cleanup_free_ char *lengths = common->shortest == common->longest
                                       ? text_format("%u", common->shortest)
                                       : text_format("%u, %u", common->shortest, common->longest);
    return text_format(
        "name: %s\nplatform: %s\ntopologies: [%s]\nhost: { cpus: %u }\n"
        "routers: { r1: {}%s }\nnetworks: { NET0: { router: r1 }%s }\n"
        "traffic: { engine: %s, lengths: [%s], length_layer: %s, rates: %s, duration: " DURATION
        " }\n",
        name, scenario->platform, topology_name(topology), scenario->host.cpus, second_router,
        second_network, common->engine, lengths, length_layer_name(scenario->traffic.length_layer),
        loads);
}

// Measures one set-up. The points are added to `points`.
static int measure_setup(const struct common *common, unsigned routers, enum topology topology,
                         const char *kind, const char *loads, struct text_list *folders,
                         struct point_list *points, struct error *err)
{
    // Both parts of a set-up's loads have one name: together they are a sweep.
    _cleanup_free_ char *name = text_format("%u-%s", routers, topology_name(topology));
    _cleanup_free_ char *text = write_setup(common, routers, topology, name, loads);
    _cleanup_free_ char *folder = text_format("%s/%s-%s", common->folder, name, kind);
    _cleanup_scenario_ struct scenario *scenario = NULL;
    struct scenario_problems problems = {NULL, 0};
    if (scenario_parse(text, strlen(text), common->scenario->host.cpus, &scenario, &problems) < 0) {
        int rc = fail_input(err, "a set-up of %u routers for scenario %s: %s", routers,
                            common->scenario->name, problems.items[0].text);
        scenario_problems_clear(&problems);
        return rc;
    }
    scenario_problems_clear(&problems);
    const struct job job = {.scenario = scenario,
                            .folder = folder,
                            .shuffled = true,
                            .wait_quiet_s = common->wait_quiet_s};
    int rc = measuring_check(&scenario, 1, false, err);
    rc = rc < 0 ? rc : job_check(&job, err);
    rc = rc < 0 ? rc : job_run(&job, points, NULL, err);
    if (rc == 0) {
        text_list_add(folders, steal_pointer(&folder));
    }
    return rc;
}

// The loads far below and beyond saturation that follow from the points up to it.
static char *extreme_rates(const struct point_list *points)
{
    double most = 0.0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        for (size_t k = 0; point->valid && k < point->network_count; k++) {
            most = fmax(most, point->networks[k].forwarded_pps);
        }
    }
    char *list = text_copy("{ pps: [");
    for (size_t i = 0; i < EXTREMES; i++) {
        text_append(&list, i == 0 ? "" : ", ", "%.0f", ceil(most * extremes[i]));
    }
    char *rates = text_format("%s] }", list);
    free(list);
    if (most <= 0.0) {
        free(rates);
        return NULL;
    }
    return rates;
}

static int measure_topology(struct common *common, unsigned routers, enum topology topology,
                            struct text_list *folders, struct error *err)
{
    _cleanup_free_ char *loads = text_format("{ auto: %u }", AUTO_POINTS);
    struct point_list points = {NULL, 0};
    struct point_list more = {NULL, 0};
    int rc = measure_setup(common, routers, topology, "up", loads, folders, &points, err);
    if (rc == 0 && points.count > 0) {
        free(common->engine);
        common->engine = text_copy(points.items[points.count - 1].engine);
    }
    _cleanup_free_ char *rest = rc == 0 ? extreme_rates(&points) : NULL;
    if (rest != NULL) {
        rc = measure_setup(common, routers, topology, "extremes", rest, folders, &more, err);
    }
    point_list_clear(&points);
    point_list_clear(&more);
    return rc;
}

int predict_measure(const struct scenario *scenario, const char *folder, unsigned wait_quiet_s,
                    struct text_list *ret_folders, struct error *err)
{
    int rc = check_scenario(scenario, err);
    if (rc < 0) {
        return rc;
    }
    struct common common = {.scenario = scenario,
                            .shortest = UINT32_MAX,
                            .engine = text_copy(scenario->traffic.engine),
                            .folder = folder,
                            .wait_quiet_s = wait_quiet_s};
    for (size_t i = 0; i < scenario->traffic.length_count; i++) {
        for (size_t k = 0; k < scenario->network_count; k++) {
            note_length(&common, scenario_network_length(&scenario->networks[k],
                                                         scenario->traffic.lengths[i]));
        }
    }
    for (unsigned routers = 1; rc == 0 && routers <= MOST_ROUTERS; routers++) {
        for (size_t i = 0; rc == 0 && i < scenario->topology_count; i++) {
            if (scenario->topologies[i] != TOPOLOGY_DIRECT) {
                rc = measure_topology(&common, routers, scenario->topologies[i], ret_folders, err);
            }
        }
    }
    free(common.engine);
    return rc;
}
