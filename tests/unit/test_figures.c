// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/figures, page and words — data files and scripts against golden files, a real
// gnuplot, and texts of a run that must not change a script, a file name or the page.
//
// UPDATE_GOLDEN=1 rewrites tests/unit/golden/; look at the difference before keeping it.
//
// Runs beside others: it computes only.
#include <dirent.h>
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
#include "report/figures.h"
#include "report/page.h"
#include "report/reproduction.h"
#include "report/words.h"
#include "result/json_text.h"
#include "result/store.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "golden.h"
#include "made_up_points.h"
#include "own_folder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EVIL         "</script><script>x'\"`\n\\"

static char *read_of(const char *name)
{
    _cleanup_free_ char *path = path_of(name);
    char *text = NULL;
    if (file_read(path, 16 << 20, &text, NULL, NULL) < 0) {
        fail_msg("no %s", path);
    }
    return text;
}

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

// A run's folder of made-up points, below the test's own.
static char *make_run(const char *name, const struct trial *trials, size_t count)
{
    char *run = path_of(name);
    struct point_list points = make(trials, count);
    struct store *store;
    struct point_list before = {NULL, 0};
    json_t *old;
    assert_int_equal(store_open(run, false, &store, &before, &old, NULL), 0);
    json_t *about = json_pack("{s:i, s:s}", "schema", 1, "status", "done");
    assert_int_equal(store_write_run(store, about, NULL), 0);
    for (size_t i = 0; i < points.count; i++) {
        struct error err = ERROR_INIT;
        if (store_append(store, &points.items[i], &err) < 0) {
            fail_msg("%s", err.text);
        }
    }
    json_decref(about);
    store_close(store);
    point_list_clear(&points);
    point_list_clear(&before);
    return run;
}

static size_t write_scripts(const struct point_list *points, char ***ret_names)
{
    size_t count = 0;
    assert_int_equal(
        figures_write_scripts(folder, points, FIGURE_STYLE_SCREEN, ret_names, &count, NULL), 0);
    return count;
}

static void assert_figure(const char *name)
{
    _cleanup_free_ char *text = read_of(name);
    _cleanup_free_ char *golden = text_format("figures/%s", name);
    assert_golden(golden, text);
}

static void test_one_router(void **state)
{
    (void)state;
    struct point_list points = make(one_router, COUNT(one_router));
    char **names;
    size_t count = write_scripts(&points, &names);
    static const char *const expected[] = {
        "scenario-1_all-topologies_64",      "scenario-1_direct_64_received",
        "scenario-1_direct_64_cpu",          "scenario-1_direct_64_loss",
        "scenario-1_direct_64_delay",        "scenario-1_bridged_64_received",
        "scenario-1_bridged_64_cpu",         "scenario-1_bridged_64_loss",
        "scenario-1_bridged_64_ns-a-packet", "scenario-1_bridged_64_delay",
        "scenario-1_bridged_64_places"};
    assert_int_equal(count, COUNT(expected));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(names[i], expected[i]);
    }
    assert_figure("scenario-1_direct_64.dat");
    assert_figure("scenario-1_bridged_64.dat");
    assert_figure("scenario-1_all-topologies_64.gp");
    assert_figure("scenario-1_bridged_64_cpu.gp");
    assert_figure("scenario-1_bridged_64_places.gp");
    folders_free(names, count);
    point_list_clear(&points);
}

static void test_two_routers(void **state)
{
    (void)state;
    struct point_list points = make(two_routers, COUNT(two_routers));
    char **names;
    size_t count = write_scripts(&points, &names);
    assert_figure("scenario-2_dedicated_1500.dat");
    assert_figure("scenario-2_dedicated_1500_received.gp");
    assert_figure("scenario-2_dedicated_1500_cpu.gp");
    assert_figure("scenario-2_dedicated_1500_delay.gp");
    folders_free(names, count);
    point_list_clear(&points);
}

// Width and height of a PNG from its header (PNG specification, §11.2.2).
static void assert_png(const char *name, unsigned width, unsigned height)
{
    _cleanup_free_ char *path = path_of(name);
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    assert_int_equal(file_read(path, 16 << 20, &text, &length, NULL), 0);
    const unsigned char *bytes = (const unsigned char *)text;
    assert_true(length > 1000);
    assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(bytes[18] << 8 | bytes[19], width);
    assert_int_equal(bytes[22] << 8 | bytes[23], height);
}

static void test_gnuplot(void **state)
{
    (void)state;
    _cleanup_free_ char *run = make_run("run", one_router, COUNT(one_router));
    size_t count = 0;
    struct error err = ERROR_INIT;
    if (report_write_figures(run, &count, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(count, 11);
    _cleanup_free_ char *svg = read_of("run/figures/scenario-1_bridged_64_cpu.svg");
    assert_non_null(strstr(svg, "Transmitted (packets/s)"));
    assert_non_null(strstr(svg, "Received (packets/s)"));
    assert_non_null(strstr(svg, "CPU (% of one CPU)"));
    assert_non_null(strstr(svg, "invalid point"));
    assert_non_null(strstr(svg, "</svg>"));
    assert_png("run/figures/scenario-1_bridged_64_cpu.png", 1800, 1150);
    assert_png("run/figures/scenario-1_bridged_64_places.png", 1800, 1150);
    assert_png("run/figures/scenario-1_all-topologies_64.png", 1800, 1150);

    // Edited by hand and run again in its folder, it makes the figure again.
    _cleanup_free_ char *script = read_of("run/figures/scenario-1_bridged_64_cpu.gp");
    _cleanup_free_ char *changed = text_format("%s", script);
    char *label = strstr(changed, "'Received (packets/s)'");
    assert_non_null(label);
    memcpy(label, "'Arrivals (packets/s)'", strlen("'Arrivals (packets/s)'"));
    write_to("run/figures/scenario-1_bridged_64_cpu.gp", changed);
    _cleanup_free_ char *command =
        text_format("cd %s/figures && gnuplot scenario-1_bridged_64_cpu.gp 2>&1", run);
    assert_int_equal(system(command), 0);
    _cleanup_free_ char *again = read_of("run/figures/scenario-1_bridged_64_cpu.svg");
    assert_non_null(strstr(again, "Arrivals (packets/s)"));
}

// A paper's figures: a column wide, without a title, with an error bar where repeats differ.
static void test_paper(void **state)
{
    (void)state;
    static const struct trial repeated[] = {
        {.topology = "bridged", .length = 64, .tx = 1000, .host = 1, .router = 1},
        {.topology = "bridged", .length = 64, .repeat = 1, .tx = 1000, .lost = 9, .router = 1},
        {.topology = "bridged", .length = 64, .step = 1, .tx = 2000, .host = 1, .router = 1},
    };
    struct point_list points = make(repeated, COUNT(repeated));
    struct error err = ERROR_INIT;
    size_t count = 0;
    if (figures_write_run(folder, &points, FIGURE_STYLE_PAPER, &count, &err) < 0) {
        fail_msg("%s", err.text);
    }
    _cleanup_free_ char *script = read_of("figures/scenario-1_bridged_64_received.gp");
    assert_null(strstr(script, "set title"));
    assert_non_null(strstr(script, "with yerrorbars"));
    _cleanup_free_ char *ns = read_of("figures/scenario-1_bridged_64_ns-a-packet.gp");
    assert_null(strstr(ns, "with yerrorbars"));
    assert_png("figures/scenario-1_bridged_64_received.png", 1004, 756);
    _cleanup_free_ char *svg = read_of("figures/scenario-1_bridged_64_received.svg");
    assert_non_null(strstr(svg, "width=\"321\" height=\"242\""));
    _cleanup_free_ char *path = path_of("figures/scenario-1_bridged_64_received.pdf");
    _cleanup_free_ char *pdf = NULL;
    size_t length = 0;
    assert_int_equal(file_read(path, 16 << 20, &pdf, &length, NULL), 0);
    assert_memory_equal(pdf, "%PDF-", 5);
    _cleanup_free_ char *index = read_of("figures/index.html");
    assert_non_null(strstr(index, "href=\"scenario-1_bridged_64_received.pdf\""));
    assert_int_equal(figure_style_parse("screen", &(enum figure_style){0}, NULL), 0);
    assert_int_equal(figure_style_parse("poster", &(enum figure_style){0}, &err), -EINVAL);
    error_clear(&err);
    point_list_clear(&points);
}

// Every graph of every sweep, where only invalid points were had, or nothing was received.
static void test_gnuplot_of_little(void **state)
{
    (void)state;
    static const struct trial little[] = {
        {.topology = "direct", .length = 64, .step = 0, .tx = 1000, .why_invalid = "stalled"},
        {.topology = "bridged", .length = 64, .step = 0, .tx = 1000, .host = 1, .router = 1},
        {.topology = "dedicated", .length = 64, .tx = 10, .lost = 9, .why_invalid = "x"},
        {.topology = "bridged", .length = 256, .step = 0, .tx = 70, .lost = 69, .host = 250},
    };
    _cleanup_free_ char *run = make_run("run", little, COUNT(little));
    size_t count = 0;
    struct error err = ERROR_INIT;
    if (report_write_figures(run, &count, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_true(count > 15);
    assert_true(is_there("run/figures/scenario-1_dedicated_64_received.png"));
    assert_false(is_there("run/figures/scenario-1_bridged_64_places.gp"));
}

static void test_no_gnuplot(void **state)
{
    (void)state;
    _cleanup_free_ char *run = make_run("run", one_router, COUNT(one_router));
    _cleanup_free_ char *path = text_copy(getenv("PATH"));
    setenv("PATH", folder, 1);
    _cleanup_error_ struct error err = ERROR_INIT;
    int rc = report_write_figures(run, NULL, &err);
    setenv("PATH", path, 1);
    assert_int_equal(rc, -ENOTSUP);
    assert_int_equal(err.exit_status, EXIT_LACKING);
    assert_non_null(strstr(err.text, "gnuplot-nox"));
    assert_true(is_there("run/figures/scenario-1_bridged_64_cpu.gp"));
    assert_true(is_there("run/figures/scenario-1_bridged_64.dat"));
}

// Names of a run that would break out of scripts, file names or the page.
static void test_evil_names(void **state)
{
    (void)state;
    struct point_list points = make(one_router, COUNT(one_router));
    for (size_t i = 0; i < points.count; i++) {
        struct point *point = &points.items[i];
        free(point->scenario);
        point->scenario = text_copy("../a'b`touch pwned`\n|x" EVIL);
        free(point->networks[0].name);
        point->networks[0].name = text_copy("'; system('touch pwned') #`touch pwned`" EVIL);
        free(point->drops[0].where);
        point->drops[0].where = text_copy("'\ntouch pwned" EVIL);
    }
    _cleanup_free_ char *run = path_of("run");
    struct store *store;
    struct point_list before = {NULL, 0};
    json_t *old;
    assert_int_equal(store_open(run, false, &store, &before, &old, NULL), 0);
    for (size_t i = 0; i < points.count; i++) {
        assert_int_equal(store_append(store, &points.items[i], NULL), 0);
    }
    json_t *about = json_pack("{s:s, s:{s:s}}", "status", EVIL, "machine", "hostname", EVIL);
    assert_int_equal(store_write_run(store, about, NULL), 0);
    json_decref(about);
    store_close(store);
    point_list_clear(&points);
    size_t count = 0;
    struct error err = ERROR_INIT;
    if (report_write_figures(run, &count, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(count, 11);
    assert_false(is_there("run/figures/pwned"));
    _cleanup_free_ char *figures = path_of("run/figures");
    _cleanup_closedir_ DIR *dir = opendir(figures);
    assert_non_null(dir);
    size_t files = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL; files++) {
        if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, "..")) {
            assert_true(text_is_safe_name(entry->d_name, 255));
        }
    }
    assert_int_equal(files, 2 + 2 + 1 + 4 * count); // data, index; scripts, SVG, PNG, PDF
    assert_int_equal(report_write_page(run, NULL), 0);
    _cleanup_free_ char *page = read_of("run/report.html");
    // Its own three scripts end, and nothing else does.
    size_t ends = 0;
    for (const char *at = page; (at = strstr(at, "</script>")) != NULL; at++) {
        ends++;
    }
    assert_int_equal(ends, 3);
    assert_null(strstr(page, "@@"));
}

// The data that a page carries, read back.
static json_t *data_of(const char *page_name)
{
    _cleanup_free_ char *page = read_of(page_name);
    char *data = strstr(page, "id=\"data\">");
    assert_non_null(data);
    data += strlen("id=\"data\">");
    char *end = strstr(data, "</script>");
    assert_non_null(end);
    *end = '\0';
    json_t *json = json_loads(data, 0, NULL);
    assert_non_null(json);
    return json;
}

static void test_page(void **state)
{
    (void)state;
    _cleanup_free_ char *run = make_run("run", one_router, COUNT(one_router));
    write_to("run/points.csv", "a,b\r\n");
    assert_int_equal(report_write_page(run, NULL), 0);
    json_t *data = data_of("run/report.html");
    const json_t *only = json_array_get(json_object_get(data, "runs"), 0);
    assert_int_equal(json_array_size(json_object_get(only, "points")), COUNT(one_router));
    const json_t *sweeps = json_object_get(only, "sweeps");
    assert_int_equal(json_array_size(sweeps), 2);
    const json_t *bridged = json_array_get(sweeps, 1);
    assert_int_equal(json_array_size(json_object_get(bridged, "steps")), 3);
    const json_t *invalid = json_array_get(json_object_get(bridged, "invalid"), 0);
    assert_string_equal(json_string_value(json_object_get(invalid, "why")),
                        one_router[4].why_invalid);
    // Absent is absent: nothing was metered in direct.
    const json_t *direct = json_array_get(json_object_get(json_array_get(sweeps, 0), "steps"), 0);
    assert_null(json_object_get(direct, "host_cpu"));
    assert_null(json_object_get(direct, "total_cpu"));
    const json_t *files = json_object_get(only, "files");
    assert_int_equal(json_array_size(files), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(files, 0), "base64")),
                        "YSxiDQo=");
    json_decref(data);
}

static void test_reproduction(void **state)
{
    (void)state;
    _cleanup_free_ char *one = make_run("one", one_router, COUNT(one_router));
    write_to("reproduce.json", "{\"runs\": [{\"name\": \"first\", \"folder\": \"one\"}, "
                               "{\"name\": \"again\", \"folder\": \"one\"}, "
                               "{\"name\": \"later\", \"folder\": \"not/yet\"}], \"claims\": []}");
    char **folders;
    size_t count;
    assert_int_equal(reproduction_run_folders(folder, &folders, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(folders[0], one);
    folders_free(folders, count);
    assert_int_equal(report_write_page(folder, NULL), 0);
    assert_true(is_there("one/report.html"));
    json_t *data = data_of("report.html");
    const json_t *runs = json_object_get(data, "runs");
    assert_int_equal(json_array_size(runs), 3);
    assert_int_equal(json_array_size(json_object_get(json_array_get(runs, 0), "sweeps")), 2);
    assert_int_equal(json_array_size(json_object_get(json_array_get(runs, 2), "sweeps")), 0);
    json_decref(data);
}

static void test_bad_reproductions(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{\"runs\": []}",
        "{\"runs\": [1], \"claims\": []}",
        "{\"runs\": [], \"claims\": [1]}",
        "{\"runs\": [{\"name\": \"x\", \"folder\": \"/etc\"}], \"claims\": []}",
        "{\"runs\": [{\"name\": \"x\", \"folder\": \"..\"}], \"claims\": []}",
        "{\"runs\": [{\"name\": \"x\", \"folder\": \"a/../../b\"}], \"claims\": []}",
        "{\"runs\": [{\"name\": \"x\", \"folder\": \"\"}], \"claims\": []}",
        "{\"runs\": [{\"folder\": \"a\"}], \"claims\": []}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        write_to("reproduce.json", bad[i]);
        _cleanup_error_ struct error err = ERROR_INIT;
        if (report_write_page(folder, &err) >= 0 || err.exit_status != EXIT_INPUT) {
            fail_msg("not refused: %s", bad[i]);
        }
    }
    write_to("reproduce.json", "{\"runs\": [{\"name\": \"x\", \"folder\": \"..a/b..\"}], "
                               "\"claims\": []}");
    assert_int_equal(report_write_page(folder, NULL), 0);
}

static void assert_words(const struct summary *summary, const char *expected)
{
    _cleanup_free_ char *words = words_summary(summary);
    assert_string_equal(words, expected);
}

static void test_words(void **state)
{
    (void)state;
    struct summary summary = {.no_loss_pps = 123456,
                              .max_pps = 198765,
                              .loss_at_top = 0.5,
                              .host_percent = 66.4,
                              .routers_percent = 33.4,
                              .ns_per_packet = 5432.1,
                              .points = 9};
    assert_words(&summary, "123,000 packets/s without loss; the highest forwarding rate was "
                           "199,000 packets/s. At 123,000 packets/s the host used 66 % and the "
                           "routers 33 % of one CPU: together "
                           "5,432 ns per packet. At the highest load 50 % of the packets were "
                           "lost.");
    summary = (struct summary){.no_loss_pps = 512,
                               .max_pps = 512,
                               .loss_at_top = 0,
                               .host_percent = (double)NAN,
                               .routers_percent = (double)NAN,
                               .ns_per_packet = (double)NAN,
                               .points = 9,
                               .invalid = 2};
    assert_words(&summary, "512 packets/s without loss, which is also the highest forwarding rate. "
                           "No packet was lost at the highest load. 2 of 9 points are invalid and "
                           "excluded.");
    // What no valid load exceeded is a lower bound, and says why.
    summary.limit = RATE_TESTER;
    summary.invalid_above = 1;
    assert_words(&summary, "At least 512 packets/s without loss (tester limit). No packet was lost "
                           "at the highest valid load. 1 higher load is invalid. 2 of 9 points are "
                           "invalid and excluded.");
    summary.limit = RATE_OPEN;
    summary.no_loss_pps = 500;
    summary.invalid_above = 2;
    assert_words(&summary, "500 packets/s without loss; the highest forwarding rate was at least "
                           "512 packets/s (not saturated). No packet was lost at the highest valid "
                           "load. 2 higher loads are invalid. 2 of 9 points are invalid and "
                           "excluded.");
    summary.limit = RATE_SATURATED;
    summary.invalid_above = 0;
    summary.no_loss_pps = (double)NAN;
    summary.loss_at_top = 0.00001;
    summary.invalid = 0;
    assert_words(&summary, "Every offered load lost packets; at most 512 packets/s were "
                           "forwarded. At the highest load 0.0010 % of the packets were lost.");
    summary.max_pps = (double)NAN;
    summary.invalid = 9;
    assert_words(&summary, "No result: no point is valid.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_one_router),        IN_FOLDER(test_two_routers),
        IN_FOLDER(test_gnuplot),           IN_FOLDER(test_paper),
        IN_FOLDER(test_gnuplot_of_little), IN_FOLDER(test_no_gnuplot),
        IN_FOLDER(test_evil_names),        IN_FOLDER(test_page),
        IN_FOLDER(test_reproduction),      IN_FOLDER(test_bad_reproductions),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
