// SPDX-License-Identifier: GPL-3.0-or-later
// Points made up from a line of figures each, and two small runs of them, for test_report.c and
// test_figures.c.
#ifndef VRBENCH_TESTS_MADE_UP_POINTS_H
#define VRBENCH_TESTS_MADE_UP_POINTS_H

#include "base/text.h"
#include "result/result.h"

// A trial of one second: what each of its networks sent and lost, and the CPU it took.
struct trial {
    const char *topology;
    unsigned length, step, repeat, networks;
    uint64_t tx, lost; // of each network
    double host, router;
    const char *why_invalid;
    double left_out;           // of the time; 0 = no undisturbed figures
    uint64_t undisturbed_lost; // of each network
};

static void add(struct point_list *list, const struct trial *trial)
{
    bool direct = text_equal(trial->topology, "direct");
    unsigned networks = trial->networks > 0 ? trial->networks : 1;
    struct point point = {.valid = true, .attempts = 1};
    point.has_left_out = trial->left_out > 0.0;
    point.left_out_ratio = trial->left_out;
    uint64_t left = (uint64_t)((double)trial->tx * (1.0 - trial->left_out));
    point.scenario = text_copy(networks == 1 ? "scenario-1" : "scenario-2");
    point.topology = text_copy(trial->topology);
    point.platform = text_copy("netns");
    point.engine = text_copy("packet");
    point.length = trial->length;
    point.length_layer = text_copy("ip");
    point.step = trial->step;
    point.repeat = trial->repeat;
    point.duration_s = 1;
    point.requested_pps = 1000 * (trial->step + 1);
    point.networks = memory_new_array(struct network_result, networks);
    point.cpu = memory_new_array(struct cpu_result, networks + 2);
    uint64_t rx = trial->tx - trial->lost;
    if (!direct) {
        double ns = trial->host * 1e7 / (double)(rx * networks);
        point.cpu[point.cpu_count++] = (struct cpu_result){.name = text_copy("host"),
                                                           .percent = trial->host,
                                                           .has_ns_per_packet = true,
                                                           .ns_per_packet = ns};
        point.cpu_total_percent = trial->host;
    }
    for (unsigned i = 0; i < networks; i++) {
        point.networks[point.network_count++] = (struct network_result){
            .name = text_format("NET%u", i),
            .router = direct ? NULL : text_format("r%ut3", i + 1),
            .tx = trial->tx,
            .rx = rx,
            .lost = trial->lost,
            .offered_pps = (double)trial->tx,
            .forwarded_pps = (double)rx,
            .delay_ns = {true, 1000, 2000, 3000, 4000},
            .jitter_measured = true,
            .jitter_ns = 12.5,
            .undisturbed = {point.has_left_out, left, left - trial->undisturbed_lost,
                            trial->undisturbed_lost},
        };
        if (!direct) {
            double ns = trial->router * 1e7 / (double)rx;
            point.cpu[point.cpu_count++] = (struct cpu_result){.name = text_format("r%ut3", i + 1),
                                                               .percent = trial->router,
                                                               .has_ns_per_packet = true,
                                                               .ns_per_packet = ns};
            point.cpu_total_percent += trial->router;
        }
    }
    point.cpu[point.cpu_count++] =
        (struct cpu_result){.name = text_copy("tester"), .percent = 33.25};
    point.drops = memory_new_array(struct drop_result, 2);
    point.drops[point.drop_count++] = (struct drop_result){
        .where = text_copy("r1t3:eth0 receive ring"), .count = trial->lost * networks};
    point.drops[point.drop_count++] = (struct drop_result){.where = text_copy("unexplained")};
    if (!direct) {
        point.memory = memory_new_array(struct memory_result, 1);
        point.memory[point.memory_count++] = (struct memory_result){text_copy("r1t3"), 64 << 20};
    }
    point.processors = memory_new_array(struct processor_result, 2);
    point.processors[point.processor_count++] = (struct processor_result){
        .cpu = 0, .used_by = text_copy("dut"), .busy_percent = 90, .steal_percent = 0.5};
    point.processors[point.processor_count++] = (struct processor_result){
        .cpu = 1, .used_by = text_copy("tester"), .busy_percent = 30, .steal_percent = 1.25};
    if (trial->why_invalid != NULL) {
        point_invalidate(&point, "%s", trial->why_invalid);
    }
    point_list_add(list, &point);
}

static struct point_list make(const struct trial *trials, size_t count)
{
    struct point_list list = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        add(&list, &trials[i]);
    }
    return list;
}

static const struct trial one_router[] = {
    {.topology = "direct", .length = 64, .step = 0, .tx = 1000},
    {.topology = "direct", .length = 64, .step = 1, .tx = 2000},
    {.topology = "bridged", .length = 64, .step = 0, .tx = 1000, .host = 30, .router = 12.5},
    {.topology = "bridged", .length = 64, .step = 1, .tx = 2000, .host = 60, .router = 25},
    {.topology = "bridged",
     .length = 64,
     .step = 2,
     .tx = 2500,
     .lost = 700,
     .host = 70,
     .router = 30,
     .why_invalid = "the source could not send what was asked, \"2,500\" of 3,000"},
    {.topology = "bridged",
     .length = 64,
     .step = 3,
     .tx = 4000,
     .lost = 2500,
     .host = 72,
     .router = 28},
};

static const struct trial two_routers[] = {
    {.topology = "direct", .length = 1500, .step = 0, .networks = 2, .tx = 1000},
    {.topology = "dedicated",
     .length = 1500,
     .step = 0,
     .networks = 2,
     .tx = 1000,
     .lost = 1,
     .host = 5,
     .router = 20},
    {.topology = "dedicated",
     .length = 1500,
     .step = 1,
     .networks = 2,
     .tx = 2000,
     .lost = 20,
     .host = 6,
     .router = 45},
};

#endif
