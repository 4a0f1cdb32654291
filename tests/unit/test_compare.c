// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/compare* and result/platform_facts — made-up run folders for every result of a
// comparison: better, worse, without a counterpart, unlike, invalid, capped.
//
// UPDATE_GOLDEN=1 rewrites tests/unit/golden/compare/; look at the difference before keeping it.
//
// Runs beside others: it computes only.
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "report/compare.h"
#include "report/compare_figure.h"
#include "report/compare_list.h"
#include "report/compare_out.h"
#include "report/reproduction.h"
#include "report/words.h"
#include "result/store.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "golden.h"
#include "made_up_points.h"
#include "own_folder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void write_to(const char *name, const char *text)
{
    _cleanup_free_ char *path = path_of(name);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
}

static bool is_there(const char *name)
{
    _cleanup_free_ char *path = path_of(name);
    return access(path, F_OK) == 0;
}

static void assert_file_golden(const char *file, const char *name)
{
    _cleanup_free_ char *path = path_of(file);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, 1 << 20, &text, NULL, NULL) < 0) {
        fail_msg("no %s", path);
    }
    assert_golden(name, text);
}

// ---- runs made up

static const char netns_run[] =
    "{\"schema\": 1, \"status\": \"done\", \"vrbench\": \"1\", \"scenario\": {\"engine\": "
    "\"packet\"}, \"machine\": {\"cpu_model\": \"Old CPU\", \"kernel\": \"6.1\", \"cpus_usable\": "
    "2}, \"platform\": {\"name\": \"netns\", \"kind\": \"namespaces\"}}";
static const char machine_run[] =
    "{\"schema\": 1, \"status\": \"interrupted\", \"vrbench\": \"1\", \"scenario\": {\"engine\": "
    "\"packet\"}, \"machine\": {\"cpu_model\": \"New CPU\", \"kernel\": \"6.18\", \"cpus_usable\": "
    "2}, \"platform\": {\"name\": \"libvirt\", \"uri\": \"qemu:///system\", \"kind\": "
    "\"machines\", \"emulated\": true, \"hypervisor\": \"QEMU 7.2.9\", \"guest\": \"Linux "
    "6.1.0\"}}";

// What is not in a made-up trial: the platform, the start of r1t3, and a cap of it.
struct about {
    const char *run_json, *platform;
    uint64_t start_ns;
    unsigned cap;
    double duration_s;
};

static void make_run(const char *name, const struct trial *trials, size_t count,
                     const struct about *about)
{
    _cleanup_free_ char *run = path_of(name);
    _cleanup_free_ char *run_json = text_format("%s/run.json", name);
    struct point_list points = make(trials, count);
    struct store *store;
    struct point_list before = {NULL, 0};
    json_t *old;
    assert_int_equal(store_open(run, false, &store, &before, &old, NULL), 0);
    for (size_t i = 0; i < points.count; i++) {
        struct point *point = &points.items[i];
        free(point->platform);
        point->platform = text_copy(about->platform);
        point->duration_s = about->duration_s > 0 ? about->duration_s : point->duration_s;
        for (size_t k = 0; k < point->cpu_count; k++) {
            if (text_equal(point->cpu[k].name, "r1t3")) {
                point->cpu[k].cap = about->cap;
            }
        }
        if (about->start_ns > 0 && !text_equal(point->topology, "direct")) {
            point->starts = memory_new_array(struct start_result, 1);
            point->starts[point->start_count++] =
                (struct start_result){text_copy("r1t3"), about->start_ns};
        }
        struct error err = ERROR_INIT;
        if (store_append(store, point, &err) < 0) {
            fail_msg("%s", err.text);
        }
    }
    store_close(store);
    point_list_clear(&points);
    write_to(run_json, about->run_json);
}

static const struct about on_netns = {
    .run_json = netns_run, .platform = "netns", .start_ns = 5000000};
static const struct about on_machines = {
    .run_json = machine_run, .platform = "qemu:///system", .start_ns = 4000000000, .duration_s = 3};

#define BRIDGED(at, sent, gone, of_host, of_router)                                                \
    {                                                                                              \
        .topology = "bridged", .length = 64, .step = (at), .tx = (sent), .lost = (gone),           \
        .host = (of_host), .router = (of_router)                                                   \
    }

// 2,000 without loss, 2,500 at most.
static const struct trial reference[] = {
    {.topology = "direct", .length = 64, .step = 0, .tx = 4000},
    BRIDGED(0, 1000, 0, 20, 10),
    BRIDGED(1, 2000, 0, 40, 20),
    BRIDGED(2, 4000, 1500, 70, 30),
    {.topology = "dedicated", .length = 1500, .step = 0, .tx = 1000, .router = 10},
    {.topology = "bridged", .length = 256, .step = 0, .tx = 1000, .host = 20, .router = 10},
};
// Twice as fast at half the CPU.
static const struct trial better[] = {
    {.topology = "direct", .length = 64, .step = 0, .tx = 4000},
    BRIDGED(0, 2000, 0, 20, 10),
    BRIDGED(1, 4000, 0, 40, 20),
    BRIDGED(2, 8000, 3000, 70, 30),
    {.topology = "dedicated", .length = 1500, .step = 0, .tx = 1000, .router = 5},
    {.topology = "bridged", .length = 256, .step = 0, .tx = 1000, .host = 20, .router = 10},
};
// A tenth as fast, nothing valid at 256 B, one invalid point at 64 B, a length that no other side
// has.
static const struct trial worse[] = {
    {.topology = "direct", .length = 64, .step = 0, .tx = 4000},
    BRIDGED(0, 200, 0, 4, 60),
    BRIDGED(1, 400, 150, 5, 90),
    {.topology = "bridged",
     .length = 64,
     .step = 2,
     .tx = 900,
     .lost = 800,
     .host = 5,
     .router = 95,
     .why_invalid = "the machine stalled"},
    {.topology = "bridged",
     .length = 256,
     .step = 0,
     .tx = 1000,
     .lost = 1,
     .host = 1,
     .router = 9,
     .why_invalid = "the hypervisor took the CPU"},
    {.topology = "bridged", .length = 1024, .step = 0, .tx = 100, .host = 1, .router = 9},
};

static struct comparison *compare(const char *const *names, size_t count)
{
    const char **folders = memory_new_array(const char *, count);
    for (size_t i = 0; i < count; i++) {
        folders[i] = path_of(names[i]);
    }
    struct comparison *comparison = NULL;
    struct error err = ERROR_INIT;
    if (compare_folders(folders, count, &comparison, &err) < 0) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < count; i++) {
        free((char *)folders[i]);
    }
    free(folders);
    return comparison;
}
#define COMPARE(...)                                                                               \
    compare((const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})))

static char *texts_of(const struct comparison *comparison)
{
    char *text = text_copy("");
    for (size_t i = 0; i < comparison->warnings.count + comparison->not_compared.count; i++) {
        bool warning = i < comparison->warnings.count;
        const char *line = warning ? comparison->warnings.items[i]
                                   : comparison->not_compared.items[i - comparison->warnings.count];
        char *more = text_format("%s%s %s\n", text, warning ? "mind:" : "not:", line);
        free(text);
        text = more;
    }
    return text;
}

static void make_three(void)
{
    make_run("old", reference, COUNT(reference), &on_netns);
    make_run("new", better, COUNT(better), &on_netns);
    make_run("vm", worse, COUNT(worse), &on_machines);
}

// ---- tests

static void test_each_way(void **state)
{
    (void)state;
    make_three();
    struct comparison *comparison = COMPARE("old", "new", "vm");
    assert_string_equal(comparison->sides[2].label, "vm");
    assert_int_equal(comparison->row_count, 5);
    assert_int_equal(comparison_compared(comparison), 4);
    const struct compare_row *bridged = &comparison->rows[1];
    assert_string_equal(bridged->topology, "bridged");
    assert_true(compare_ratio(bridged, 1, COMPARE_NO_LOSS) == 2);
    assert_true(compare_ratio(bridged, 1, COMPARE_ROUTER_NS) == 0.5);
    assert_true(compare_ratio(bridged, 1, COMPARE_START) == 1);
    assert_true(compare_ratio(bridged, 2, COMPARE_NO_LOSS) == 0.1);
    assert_true(compare_ratio(bridged, 2, COMPARE_START) == 800);
    assert_true(compare_ratio(bridged, 0, COMPARE_MAX) == 1);
    // No figure is shown for a cell that cannot be compared, though it has figures.
    const struct compare_row *invalid = &comparison->rows[3];
    assert_int_equal(invalid->length, 256);
    assert_non_null(invalid->cells[2].why_not);
    assert_true(isnan(compare_ratio(invalid, 2, COMPARE_START)));
    assert_true(compare_ratio(invalid, 1, COMPARE_MAX) == 1);
    _cleanup_free_ char *texts = texts_of(comparison);
    assert_golden("compare/texts.txt", texts);

    _cleanup_free_ char *out = path_of("out");
    struct error err = ERROR_INIT;
    if (compare_write_folder(comparison, out, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_file_golden("out/compare.csv", "compare/compare.csv");
    assert_file_golden("out/compare-caps.csv", "compare/no-caps.csv");
    assert_file_golden("out/figures/compare_scenario-1.dat", "compare/compare_scenario-1.dat");
    assert_file_golden("out/figures/compare_scenario-1_rates.gp",
                       "compare/compare_scenario-1_rates.gp");
    assert_true(is_there("out/figures/compare_scenario-1_rates.svg"));
    assert_true(is_there("out/figures/compare_scenario-1_rates.png"));
    assert_true(is_there("out/figures/compare_scenario-1_ns-a-packet.svg"));
    assert_true(is_there("out/figures/compare_scenario-1_router.svg"));
    assert_true(is_there("out/compare.json"));
    assert_true(is_there("out/compare.html"));
    // Again into the same folder; but not into a run's.
    assert_int_equal(compare_write_folder(comparison, out, NULL), 0);
    _cleanup_free_ char *run = path_of("old");
    _cleanup_error_ struct error why = ERROR_INIT;
    assert_int_equal(compare_write_folder(comparison, run, &why), -EINVAL);
    assert_int_equal(why.exit_status, EXIT_INPUT);
    assert_false(is_there("old/compare.csv"));
    comparison_free(comparison);
}

// A packet takes less CPU time at a higher load: runs with loads of their own are compared at one
// load, between the measured ones if need be; if one was not measured there, not at all.
static void test_cpu_at_equal_loads(void **state)
{
    (void)state;
    static const struct trial first[] = {BRIDGED(0, 1000, 0, 20, 10), BRIDGED(2, 3000, 0, 40, 30)};
    static const struct trial second[] = {BRIDGED(1, 2000, 0, 100.0 / 3, 20)};
    static const struct trial beyond[] = {BRIDGED(6, 7000, 0, 50, 50)};
    make_run("auto-1", first, COUNT(first), &on_netns);
    make_run("auto-2", second, COUNT(second), &on_netns);
    make_run("beyond", beyond, COUNT(beyond), &on_netns);
    struct comparison *comparison = COMPARE("auto-1", "auto-2");
    const struct compare_row *row = &comparison->rows[0];
    assert_true(row->cells[0].figures[COMPARE_CPU_LOAD] == 2000);
    assert_true(row->cells[1].figures[COMPARE_CPU_LOAD] == 2000);
    assert_true(fabs(compare_ratio(row, 1, COMPARE_HOST_NS) - 1) < 0.001);
    assert_true(fabs(compare_ratio(row, 1, COMPARE_ROUTER_NS) - 1) < 0.001);
    comparison_free(comparison);
    comparison = COMPARE("auto-1", "beyond");
    row = &comparison->rows[0];
    assert_true(row->cells[0].figures[COMPARE_CPU_LOAD] == 3000);
    assert_true(row->cells[1].figures[COMPARE_CPU_LOAD] == 7000);
    assert_true(isnan(compare_ratio(row, 1, COMPARE_HOST_NS)));
    assert_true(isfinite(compare_ratio(row, 1, COMPARE_MAX)));
    comparison_free(comparison);
}

static void test_json(void **state)
{
    (void)state;
    make_three();
    struct comparison *comparison = COMPARE("old", "vm");
    json_t *json = NULL;
    assert_int_equal(compare_to_json(comparison, &json, NULL), 0);
    const json_t *vm = json_array_get(json_object_get(json, "runs"), 1);
    assert_string_equal(json_string_value(json_object_get(vm, "label")), "vm");
    assert_string_equal(json_string_value(json_object_get(vm, "cpu_model")), "New CPU");
    assert_true(json_is_true(json_object_get(json_object_get(vm, "platform"), "emulated")));
    const json_t *rows = json_object_get(json, "rows");
    assert_int_equal(json_array_size(rows), 2 * comparison->row_count);
    // Absent is absent: neither a CPU nor a ratio in direct.
    const json_t *direct = json_array_get(rows, 1);
    assert_null(json_object_get(direct, "router_ns_per_packet"));
    assert_null(json_object_get(direct, "start_ratio"));
    assert_true(json_is_true(json_object_get(direct, "compared")));
    assert_int_equal(json_array_size(json_object_get(json, "not_compared")),
                     comparison->not_compared.count);
    json_decref(json);
    comparison_free(comparison);
}

static void test_other_networks(void **state)
{
    (void)state;
    struct trial two[COUNT(two_routers)];
    memcpy(two, two_routers, sizeof two);
    make_run("two", two, COUNT(two), &on_netns);
    static const struct trial one[] = {
        {.topology = "dedicated", .length = 1500, .step = 0, .tx = 1000, .router = 10}};
    make_run("one", one, COUNT(one), &on_netns);
    struct comparison *comparison = COMPARE("one", "two");
    // One scenario each, of other names: compared all the same, and said.
    assert_int_equal(comparison->row_count, 2);
    assert_int_equal(comparison_compared(comparison), 0);
    _cleanup_free_ char *texts = texts_of(comparison);
    assert_golden("compare/other-networks.txt", texts);
    comparison_free(comparison);
}

// The cap's own share of what may be said: held, not held (and so invalid), and never asked for.
static void test_caps(void **state)
{
    (void)state;
    static const struct trial held[] = {
        BRIDGED(0, 1000, 0, 10, 12), // needs less
        BRIDGED(1, 2000, 500, 10, 19.5),
        BRIDGED(2, 3000, 1500, 10, 20.5),
    };
    static const struct trial broken[] = {
        BRIDGED(0, 1000, 0, 10, 12),
        {.topology = "bridged",
         .length = 64,
         .step = 1,
         .tx = 2000,
         .lost = 100,
         .host = 10,
         .router = 29,
         .why_invalid = "the cap of 20 % of r1t3 was not held: it used 29.0 %"},
        {.topology = "bridged",
         .length = 64,
         .step = 2,
         .tx = 2000,
         .lost = 100,
         .host = 10,
         .router = 99,
         .why_invalid = "the machine stalled"},
    };
    static const struct trial idle[] = {BRIDGED(0, 1000, 0, 10, 12)};
    struct about capped = on_netns;
    capped.cap = 20;
    make_run("held", held, COUNT(held), &capped);
    make_run("broken", broken, COUNT(broken), &capped);
    make_run("idle", idle, COUNT(idle), &capped);
    make_run("free", held, COUNT(held), &on_netns);
    struct comparison *comparison = COMPARE("held", "broken", "idle", "free");
    assert_int_equal(comparison->cap_count, 3);
    assert_int_equal(comparison->caps[0].use.loaded, 2);
    assert_true(comparison->caps[0].use.used == 20);
    assert_true(comparison->caps[0].use.off == 0.5);
    assert_int_equal(comparison->caps[1].use.loaded, 1);
    assert_true(comparison->caps[1].use.off == 9);
    assert_int_equal(comparison->caps[2].use.loaded, 0);
    _cleanup_free_ char *out = path_of("out");
    assert_int_equal(compare_write_folder(comparison, out, NULL), 0);
    assert_file_golden("out/compare-caps.csv", "compare/caps.csv");
    _cleanup_free_ char *texts = texts_of(comparison);
    assert_non_null(strstr(texts, "r1t3 had no cap in free, a cap of 20 % in held."));
    comparison_free(comparison);
}

static void test_reproductions(void **state)
{
    (void)state;
    _cleanup_free_ char *a = path_of("a");
    _cleanup_free_ char *b = path_of("b");
    assert_int_equal(mkdir(a, 0700), 0);
    assert_int_equal(mkdir(b, 0700), 0);
    make_run("a/one", reference, COUNT(reference), &on_netns);
    make_run("a/two", two_routers, COUNT(two_routers), &on_netns);
    make_run("b/one", worse, COUNT(worse), &on_machines);
    write_to("a/reproduce.json", "{\"runs\": [{\"name\": \"one\", \"folder\": \"one\"}, {\"name\": "
                                 "\"two\", \"folder\": \"two\"}], \"claims\": []}");
    write_to("b/reproduce.json",
             "{\"runs\": [{\"name\": \"one\", \"folder\": \"one\"}, {\"name\": \"two\", "
             "\"folder\": \"two\", \"lacking\": \"no memory\"}], \"claims\": []}");
    struct comparison *comparison = COMPARE("a", "b");
    assert_true(comparison_compared(comparison) >= 2);
    _cleanup_free_ char *texts = texts_of(comparison);
    assert_non_null(strstr(texts, "not: b has no two: no memory\n"));
    assert_non_null(strstr(texts, "scenario-2, dedicated, 1500-byte packets: not measured in b\n"));
    comparison_free(comparison);
}

static void assert_refused(const char *const *names, size_t count, const char *words)
{
    const char *folders[4];
    for (size_t i = 0; i < count; i++) {
        folders[i] = path_of(names[i]);
    }
    struct comparison *comparison = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_true(compare_folders(folders, count, &comparison, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    if (strstr(err.text, words) == NULL) {
        fail_msg("%s, not: %s", err.text, words);
    }
    for (size_t i = 0; i < count; i++) {
        free((char *)folders[i]);
    }
}
#define REFUSED(words, ...)                                                                        \
    assert_refused((const char *const[]){__VA_ARGS__},                                             \
                   COUNT(((const char *const[]){__VA_ARGS__})), words)

static void test_refused(void **state)
{
    (void)state;
    make_three();
    REFUSED("at least two", "old");
    REFUSED("given twice", "old", "vm", "old/");
    REFUSED("not the folder of a run", "old", "nowhere");
    _cleanup_free_ char *foreign = path_of("foreign");
    assert_int_equal(mkdir(foreign, 0700), 0);
    REFUSED("not the folder of a run", "old", "foreign");
    write_to("foreign/points.jsonl", "{}\n{}\n");
    REFUSED("points.jsonl:1: schema: missing", "old", "foreign");
    write_to("foreign/points.jsonl", "");
    REFUSED("no run.json", "old", "foreign");
    write_to("foreign/run.json", "{\"schema\": 1}");
    REFUSED("no point", "old", "foreign");
    write_to("vm/run.json", "{\"schema\": 0}");
    REFUSED("schema 1 only", "old", "vm");
    write_to("vm/run.json", "[]");
    REFUSED("must be an object", "old", "vm");
    write_to("vm/run.json", "{\"schema\": 1, \"platform\": {\"name\": \"x\", \"kind\": \"y\"}}");
    REFUSED("platform: kind", "old", "vm");
    write_to("vm/run.json", "{\"schema\": 1, \"platform\": 3}");
    REFUSED("platform: must be an object", "old", "vm");
}

// A run of an old version without a platform record is compared, with a warning.
static void test_silent_run(void **state)
{
    (void)state;
    make_three();
    write_to("vm/run.json", "{\"schema\": 1}");
    struct comparison *comparison = COMPARE("old", "vm");
    assert_null(comparison->sides[1].facts.name);
    _cleanup_free_ char *texts = texts_of(comparison);
    assert_non_null(strstr(texts, "vm does not record whether its platform"));
    assert_non_null(strstr(texts, "The CPU differs: unknown in vm, Old CPU in old."));
    comparison_free(comparison);
}

static void assert_words(const struct platform_facts *facts, const char *expected)
{
    _cleanup_free_ char *words = words_platform(facts);
    assert_string_equal(words, expected);
}

static void test_platform_words(void **state)
{
    (void)state;
    struct platform_facts facts;
    platform_facts_of_name("netns", &facts);
    assert_words(&facts, "Routers were network namespaces of this machine's own kernel.");
    platform_facts_clear(&facts);
    platform_facts_of_name("lxc:///", &facts);
    assert_words(&facts, "Routers were containers (lxc:///).");
    platform_facts_clear(&facts);
    platform_facts_of_name("qemu:///system", &facts);
    assert_words(&facts, "Routers were machines (qemu:///system); whether they were emulated is "
                         "unknown.");
    facts.emulation_known = facts.emulated = true;
    facts.hypervisor = text_copy("QEMU 7.2.9");
    facts.guest = text_copy("Linux 6.1.0");
    assert_words(&facts,
                 "Routers were machines of QEMU 7.2.9 under emulation (TCG): packets/s and "
                 "CPU time per packet do not represent real hardware (qemu:///system). They ran "
                 "Linux 6.1.0.");
    json_t *json = platform_facts_to_json(&facts);
    struct platform_facts again;
    assert_int_equal(platform_facts_from_json(json, &again, NULL), 0);
    assert_string_equal(again.name, "libvirt");
    assert_string_equal(again.uri, "qemu:///system");
    assert_string_equal(again.guest, "Linux 6.1.0");
    assert_true(again.emulation_known && again.emulated);
    json_decref(json);
    facts.emulated = false;
    assert_words(&facts, "Routers were machines of QEMU 7.2.9 with the CPU's own virtualisation "
                         "(KVM; qemu:///system). They ran Linux 6.1.0.");
    facts.dedicated = text_copy("pci");
    assert_words(&facts, "Routers were machines of QEMU 7.2.9 with the CPU's own virtualisation "
                         "(KVM; qemu:///system). They ran Linux 6.1.0. Dedicated NICs were "
                         "assigned as PCI devices (by VFIO).");
    platform_facts_clear(&again);
    platform_facts_clear(&facts);
    platform_facts_of_name("xen", &facts);
    facts.hypervisor = text_copy("Xen 4.17.7");
    facts.dedicated = text_copy("pci");
    assert_words(&facts, "Routers were domains of Xen 4.17.7; the host was its Domain-0 (on a CPU "
                         "of QEMU; whether it was emulated is unknown). Dedicated NICs were "
                         "assigned as PCI devices (by pciback).");
    facts.emulation_known = true;
    assert_words(&facts, "Routers were domains of Xen 4.17.7; the host was its Domain-0. Dedicated "
                         "NICs were assigned as PCI devices (by pciback).");
    platform_facts_clear(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_each_way),
        IN_FOLDER(test_cpu_at_equal_loads),
        IN_FOLDER(test_json),
        IN_FOLDER(test_other_networks),
        IN_FOLDER(test_caps),
        IN_FOLDER(test_reproductions),
        IN_FOLDER(test_refused),
        IN_FOLDER(test_silent_run),
        cmocka_unit_test(test_platform_words),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
