// SPDX-License-Identifier: GPL-3.0-or-later
// The model on the study's own tables: fitted on its scenario #1, it predicts scenario #2 and the
// experiments with weights and caps. Prints the table of docs/prediction.md; the test only holds
// that the figures are those of the table, whatever the study saw.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "model/model.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "scenario_text.h"

// What the study reports of scenario #1, of one network: CPU of the host and of the router.
static const struct seen {
    const char *topology;
    unsigned length;
    double offered, received, host, router;
} seen[] = {
    {"bridged", 1500, 5000, 5000, 70, 30},    {"bridged", 1500, 7695, 7526, 70, 30},
    {"bridged", 256, 12000, 11900, 74, 25},   {"bridged", 256, 28000, 25500, 74, 25},
    {"bridged", 256, 49000, 16000, 74, 25},   {"bridged", 64, 40000, 31000, 75, 25},
    {"bridged", 64, 84000, 16000, 75, 25},    {"dedicated", 1500, 7695, 7650, 13, 50},
    {"dedicated", 256, 49000, 48700, 20, 80}, {"dedicated", 64, 18000, 17800, 20, 80},
    {"dedicated", 64, 87000, 81000, 20, 80},
};

// What it reports of scenario #2 and of the allocations; `load` is that of each network.
static const struct asked {
    const char *topology;
    unsigned length;
    const char *host, *first, *second; // keys
    bool pair;
    double load;
    const char *said;
} asked[] = {
    {"bridged", 1500, "", "", "", true, 3000, "loss below 2 % up to here"},
    {"bridged", 1500, "", "", "", true, 6000, "NET0 3,000 (loses up to 50 %)"},
    {"bridged", 256, "", "", "", true, 5000, "CPU 100 %; loss above"},
    {"bridged", 256, "", "", "", true, 22000, "6,000 and 11,000"},
    {"bridged", 64, "", "", "", true, 9000, "loss above"},
    {"bridged", 64, "", "", "", true, 40000, "7,000 and 3,500"},
    {"dedicated", 1500, "", "", "", true, 6000, "1 % loss, CPU below 100 %"},
    {"dedicated", 256, "", "", "", true, 10000, "no loss below"},
    {"dedicated", 256, "", "", "", true, 22000, "17,000 and 15,000; CPU 46 and 40 %"},
    {"dedicated", 64, "", "", "", true, 22000, "10,000 each (its receiver was the limit)"},
    {"bridged", 1500, ", weight: 2560", "", "", false, 7695,
     "host first: router starved, more loss"},
    {"bridged", 1500, "", "weight: 2560", "", false, 7695, "router first: practically no loss"},
    {"bridged", 1500, ", cap: 50", "", "", false, 7695, "host capped at 50 %: much more loss"},
    {"dedicated", 1500, "", "cap: 50", "", false, 7695,
     "router capped at 50 %: loss where it needs 50 %"},
    {"dedicated", 256, "", "", "weight: 2560", true, 22000,
     "second first: 21,000, CPU 60 and 30 %"},
};

static struct scenario *scenario_of(const struct asked *one)
{
    _cleanup_free_ char *text = text_format(
        "name: study\ntopologies: [bridged, dedicated]\nhost: { cpus: 1%s }\n"
        "routers: { r1t3: { %s }%s%s%s }\nnetworks: { NET0: { router: r1t3 }%s }\n"
        "traffic: { engine: iperf, lengths: [64, 256, 1500], length_layer: ip, rates: { pps: "
        "[1000] }, "
        "duration: 15 s }\n",
        one->host, one->first, one->pair ? ", r2t3: { " : "", one->pair ? one->second : "",
        one->pair ? " }" : "", one->pair ? ", NET1: { router: r2t3 }" : "");
    return parse_good(text);
}

static void add_seen(const struct seen *one, struct point_list *list)
{
    uint64_t tx = (uint64_t)(one->offered * 15);
    uint64_t rx = (uint64_t)(one->received * 15);
    struct point point = {
        .scenario = text_copy("study"),
        .topology = text_copy(one->topology),
        .platform = text_copy("netns"),
        .engine = text_copy("iperf"),
        .length = one->length,
        .length_layer = text_copy("ip"),
        .duration_s = 15,
        .requested_pps = one->offered,
        .networks = memory_new_array(struct network_result, 1),
        .network_count = 1,
        .cpu = memory_new_array(struct cpu_result, 2),
        .cpu_count = 2,
        .drops = memory_new_array(struct drop_result, 1),
        .drop_count = 1,
        .valid = true,
        .attempts = 1,
    };
    point.networks[0] = (struct network_result){.name = text_copy("NET0"),
                                                .router = text_copy("r1t3"),
                                                .tx = tx,
                                                .rx = rx,
                                                .lost = tx - rx,
                                                .offered_pps = one->offered,
                                                .forwarded_pps = one->received};
    point.cpu[0] = (struct cpu_result){.name = text_copy("host"), .percent = one->host};
    point.cpu[1] = (struct cpu_result){.name = text_copy("r1t3"), .percent = one->router};
    // The study does not know the places of its losses.
    point.drops[0] =
        (struct drop_result){.where = text_copy("r1t3:eth0 receive ring"), .count = tx - rx};
    point_list_add(list, &point);
}

static void scenario_two_from_scenario_one(void **state)
{
    (void)state;
    struct point_list points = {NULL, 0};
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        add_seen(&seen[i], &points);
    }
    const struct asked alone = {.host = "", .first = "", .second = ""};
    struct scenario *one = scenario_of(&alone);
    struct model *model = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(model_fit(&(struct model_run){&points, one}, 1, 1, &model, &err), 0);
    printf("| topology | bytes | allocation | offered to each | the study saw | predicted | CPU %% "
           "|\n");
    printf("| --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct scenario *scenario = scenario_of(&asked[i]);
        enum topology topology;
        assert_int_equal(topology_from_name(asked[i].topology, &topology), 0);
        _cleanup_model_setup_ struct model_setup setup;
        model_setup_make(scenario, topology, asked[i].length, &setup);
        double received[2] = {0, 0};
        double percent[3] = {0, 0, 0};
        assert_true(model_predict_load(model, &setup, asked[i].load, received, percent));
        assert_true(received[0] > 0 && received[0] <= asked[i].load);
        printf("| %s | %u | %s%s%s%s%s%s | %.0f | %s | %.0f", asked[i].topology, asked[i].length,
               asked[i].host[0] == '\0' ? "" : "host ",
               asked[i].host[0] == '\0' ? "" : asked[i].host + 2,
               asked[i].first[0] == '\0' ? "" : "r1t3 ", asked[i].first,
               asked[i].second[0] == '\0' ? "" : "r2t3 ", asked[i].second, asked[i].load,
               asked[i].said, received[0]);
        printf(asked[i].pair ? " and %.0f |" : " |", received[1]);
        printf(" host %.0f, %.0f", percent[0], percent[1]);
        printf(asked[i].pair ? ", %.0f |\n" : " |\n", percent[2]);
        scenario_free(scenario);
    }
    point_list_clear(&points);
    model_free(model);
    scenario_free(one);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenario_two_from_scenario_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
