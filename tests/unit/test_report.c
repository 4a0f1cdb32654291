// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/ — every listing in every format against golden files, the rules of the summary,
// and the spreadsheet cell by cell.
//
// UPDATE_GOLDEN=1 rewrites tests/unit/golden/; look at the difference before keeping it.
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/control_list.h"
#include "report/csv_files.h"
#include "report/points.h"
#include "report/spreadsheet.h"
#include "report/summary.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "golden.h"
#include "made_up_points.h"
#include "workbook.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_no_line_longer(const char *text, size_t width)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > width) {
            fail_msg("%zu characters: %.*s", length, (int)length, text);
        }
        text += length + (text[length] == '\n');
    }
}

enum format { TABLE, TABLE_WIDE, TABLE_NARROW, TABLE_COLOUR, CSV, JSON };
typedef int listing(const void *of, struct writer *writer, struct error *err);

static char *listed(enum format format, const struct column *columns, size_t count, listing *list,
                    const void *of)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct writer *writer = NULL;
    switch (format) {
    case TABLE:
    case TABLE_COLOUR:
        writer = writer_table(out, columns, count, 80, format == TABLE_COLOUR);
        break;
    case TABLE_WIDE:
        writer = writer_table(out, columns, count, 200, false);
        break;
    case TABLE_NARROW:
        writer = writer_table(out, columns, count, 10, false);
        break;
    case CSV:
        writer = writer_csv(out, columns, count);
        break;
    case JSON:
        writer = writer_json(out, columns, count);
        break;
    }
    assert_int_equal(list(of, writer, NULL), 0);
    writer_free(writer);
    fclose(out);
    return text;
}

static const struct column all_types[] = {
    {"name", "Name of the thing", COLUMN_TEXT, 0},
    {"where", "Where", COLUMN_CONTEXT, 0},
    {"packets", "Packets received", COLUMN_INTEGER, 0},
    {"rate_pps", "Rate in packets a second", COLUMN_REAL, 1},
    {"valid", "Valid", COLUMN_TRUTH, 0},
    {"note", "Note", COLUMN_TEXT, 0},
};

static int list_all_types(const void *of, struct writer *writer, struct error *err)
{
    const size_t rows = *(const size_t *)of;
    struct value values[][COUNT(all_types)] = {
        {VALUE_TEXT("plain"), VALUE_TEXT("here"), VALUE_INTEGER(1234567), VALUE_REAL(1234.56),
         VALUE_TRUTH(true), VALUE_TEXT("a note that is too long for the place there is for it")},
        {VALUE_TEXT("quo\"ted, and"), VALUE_TEXT("here"), VALUE_INTEGER(0), VALUE_REAL(0.1),
         VALUE_TRUTH(false), VALUE_TEXT("")},
        {VALUE_TEXT("lines\r\nand \033[31mred"), VALUE_TEXT("here"), VALUE_ABSENT,
         VALUE_REAL((double)NAN), VALUE_ABSENT, VALUE_ABSENT},
    };
    for (size_t i = 0; i < rows; i++) {
        assert_int_equal(writer_row(writer, values[i], err), 0);
    }
    return writer_finish(writer, err);
}

static void test_writers(void **state)
{
    (void)state;
    static const char *const names[] = {[TABLE] = "writer-table.txt",
                                        [TABLE_WIDE] = "writer-table-wide.txt",
                                        [TABLE_NARROW] = "writer-table-narrow.txt",
                                        [TABLE_COLOUR] = "writer-table-colour.txt",
                                        [CSV] = "writer.csv",
                                        [JSON] = "writer.json"};
    const size_t all = 3;
    for (enum format format = TABLE; format <= JSON; format++) {
        _cleanup_free_ char *text =
            listed(format, all_types, COUNT(all_types), list_all_types, &all);
        assert_golden(names[format], text);
        // What a reader's terminal is shown never has an escape that came from the data.
        assert_true(format == CSV || format == TABLE_COLOUR || strchr(text, '') == NULL);
        if (format == TABLE) {
            assert_no_line_longer(text, 80);
        }
    }
}

static int list_foreign(const void *of, struct writer *writer, struct error *err)
{
    (void)of;
    struct value values[] = {VALUE_TEXT("rün-é"), VALUE_TEXT("µ"), VALUE_ABSENT,
                             VALUE_ABSENT,        VALUE_ABSENT,    VALUE_TEXT("日本")};
    assert_int_equal(writer_row(writer, values, err), 0);
    return writer_finish(writer, err);
}

// Names of folders may be UTF-8 while the locale is not (LC_ALL=C).
static void test_table_in_the_c_locale(void **state)
{
    (void)state;
    assert_string_equal(setlocale(LC_CTYPE, NULL), "C");
    _cleanup_free_ char *text = listed(TABLE, all_types, COUNT(all_types), list_foreign, NULL);
    assert_non_null(strstr(text, "rün-é"));
    assert_non_null(strstr(text, "日本"));
}

static void test_writers_without_rows(void **state)
{
    (void)state;
    const size_t none = 0;
    _cleanup_free_ char *csv = listed(CSV, all_types, COUNT(all_types), list_all_types, &none);
    assert_string_equal(csv, "name,where,packets,rate_pps,valid,note\r\n");
    _cleanup_free_ char *json = listed(JSON, all_types, COUNT(all_types), list_all_types, &none);
    assert_string_equal(json, "[]\n");
    _cleanup_free_ char *table = listed(TABLE, all_types, COUNT(all_types), list_all_types, &none);
    assert_non_null(strstr(table, "Packets"));
}

static void test_writer_tells_of_a_full_disk(void **state)
{
    (void)state;
    FILE *out = fopen("/dev/full", "w");
    struct writer *writer = writer_csv(out, all_types, COUNT(all_types));
    struct error err = ERROR_INIT;
    assert_true(writer_finish(writer, &err) < 0);
    assert_non_null(strstr(err.text, strerror(ENOSPC)));
    error_clear(&err);
    writer_free(writer);
    fclose(out);
}

static int list_points(const void *of, struct writer *writer, struct error *err)
{
    return points_list(of, writer, err);
}

static int list_summary(const void *of, struct writer *writer, struct error *err)
{
    return summary_list(of, writer, err);
}

static void test_points(void **state)
{
    (void)state;
    struct point_list list = make(one_router, COUNT(one_router));
    _cleanup_free_ char *csv = listed(CSV, points_columns, points_column_count, list_points, &list);
    assert_golden("points.csv", csv);
    point_list_clear(&list);
    list = make(two_routers, COUNT(two_routers));
    _cleanup_free_ char *json =
        listed(JSON, points_columns, points_column_count, list_points, &list);
    assert_golden("points.json", json);
    point_list_clear(&list);
}

static int list_control(const void *of, struct writer *writer, struct error *err)
{
    return control_list(of, writer, err);
}

static void add_control(struct point *point, const char *contract, double broken_s, double margin,
                        const char *action)
{
    point->control =
        memory_resize(point->control, point->control_count + 1, sizeof *point->control);
    point->control[point->control_count++] =
        (struct control_result){.router = text_copy("r1t3"),
                                .contract = text_copy(contract),
                                .broken_s = broken_s,
                                .margin_percent = margin,
                                .last_action = action == NULL ? NULL : text_copy(action)};
}

static void what_control_did_is_summed_over_points(void **state)
{
    (void)state;
    struct point_list list = make(one_router, COUNT(one_router));
    struct control_summary *none = NULL;
    assert_int_equal(control_summaries(&list, &none), 0);
    // The last ones have a router.
    struct point *last = &list.items[list.count - 3];
    add_control(&last[0], "kept", 0.0, 40.0, NULL);
    add_control(&last[1], "broken", 0.3, -5.0, "NET0 loses");
    add_control(&last[2], "broken", 0.2, 20.0, NULL);
    _cleanup_free_ char *csv =
        listed(CSV, control_columns, control_column_count, list_control, &list);
    assert_string_equal(csv, "router,contract,broken_points,points,broken_s,margin_percent,"
                             "last_action\r\nr1t3,broken,2,3,0.5,-5,NET0 loses\r\n");
    _cleanup_free_ char *points =
        listed(CSV, points_columns, points_column_count, list_points, &list);
    assert_non_null(strstr(points, ",broken,0.3,-5,NET0 loses\r\n"));
    point_list_clear(&list);
}

static void test_summary_listing(void **state)
{
    (void)state;
    struct point_list list = make(one_router, COUNT(one_router));
    _cleanup_free_ char *table =
        listed(TABLE, summary_columns, summary_people_columns, list_summary, &list);
    assert_golden("summary.txt", table);
    _cleanup_free_ char *json =
        listed(JSON, summary_columns, summary_column_count, list_summary, &list);
    assert_golden("summary.json", json);
    // Of two scenarios each row says which; of one none needs to.
    for (size_t i = 0; i < COUNT(two_routers); i++) {
        add(&list, &two_routers[i]);
    }
    _cleanup_free_ char *both =
        listed(TABLE, summary_columns, summary_people_columns, list_summary, &list);
    assert_golden("summary-two.txt", both);
    point_list_clear(&list);
}

static struct summary summary_of(const struct trial *trials, size_t count, double loss_ratio)
{
    struct point_list list = make(trials, count);
    struct summary *summaries;
    assert_int_equal(summary_compute_within(&list, loss_ratio, &summaries), 1);
    struct summary summary = summaries[0];
    free(summaries);
    point_list_clear(&list);
    return summary;
}

// A step that loses nothing above one that loses does not count.
static void test_summary_stops_at_the_first_loss(void **state)
{
    (void)state;
    static const struct trial trials[] = {
        {.topology = "bridged", .step = 2, .tx = 3000, .host = 50, .router = 20},
        {.topology = "bridged", .step = 0, .tx = 1000, .host = 20, .router = 10},
        {.topology = "bridged", .step = 1, .tx = 2000, .lost = 1, .host = 40, .router = 15},
        {.topology = "bridged", .step = 3, .tx = 4000, .lost = 2000, .host = 60, .router = 30},
    };
    struct summary summary = summary_of(trials, COUNT(trials), 0);
    assert_true(summary.no_loss_pps == 1000);
    assert_true(summary.max_pps == 3000);
    assert_true(summary.loss_at_top == 0.5);
    assert_true(summary.host_percent == 20 && summary.routers_percent == 10);
    assert_true(fabs(summary.ns_per_packet - 30 * 1e7 / 1000) < 1e-6);
    assert_int_equal(summary.points, 4);
    assert_int_equal(summary.invalid, 0);
    summary = summary_of(trials, COUNT(trials), 0.0005); // the ratio itself is allowed
    assert_true(summary.no_loss_pps == 3000);
    summary = summary_of(&trials[2], 1, 0);
    assert_true(isnan(summary.no_loss_pps) && isnan(summary.host_percent));
    assert_true(summary.max_pps == 1999);
}

static void test_summary_of_valid_points_only(void **state)
{
    (void)state;
    static const struct trial trials[] = {
        {.topology = "bridged", .step = 0, .tx = 900, .lost = 800, .why_invalid = "steal"},
        {.topology = "bridged", .step = 1, .tx = 2000, .host = 40, .router = 15},
        {.topology = "bridged", .step = 2, .tx = 9000, .lost = 9, .why_invalid = "steal"},
    };
    struct summary summary = summary_of(trials, COUNT(trials), 0);
    assert_true(summary.no_loss_pps == 2000 && summary.max_pps == 2000);
    assert_true(summary.loss_at_top == 0);
    assert_int_equal(summary.points, 3);
    assert_int_equal(summary.invalid, 2);
    summary = summary_of(trials, 1, 0);
    assert_true(isnan(summary.no_loss_pps) && isnan(summary.max_pps));
    assert_true(isnan(summary.loss_at_top));
}

static void test_summary_takes_medians(void **state)
{
    (void)state;
    static const struct trial trials[] = {
        {.topology = "bridged", .step = 0, .repeat = 0, .tx = 1000, .host = 10, .router = 5},
        {.topology = "bridged", .step = 0, .repeat = 1, .tx = 1100, .lost = 9, .host = 90},
        {.topology = "bridged", .step = 0, .repeat = 2, .tx = 1002, .host = 12, .router = 5},
        {.topology = "bridged", .step = 1, .repeat = 0, .tx = 2000, .lost = 10},
        {.topology = "bridged", .step = 1, .repeat = 1, .tx = 2000, .lost = 30},
    };
    struct summary summary = summary_of(trials, COUNT(trials), 0);
    assert_true(summary.no_loss_pps == 1002); // of 1000, 1091 and 1002
    assert_true(summary.host_percent == 12);
    assert_true(summary.max_pps == 1980); // mean of the middle two
    assert_true(summary.loss_at_top == 0.01);
}

static void test_summary_of_all_networks_together(void **state)
{
    (void)state;
    struct summary summary = summary_of(&two_routers[1], 2, 0.002);
    assert_true(summary.no_loss_pps == 2 * 999);
    assert_true(summary.max_pps == 2 * 1980);
    assert_true(summary.routers_percent == 40); // two of 20
    assert_true(fabs(summary.ns_per_packet - 45 * 1e7 / (2 * 999)) < 1e-6);
    summary = summary_of(two_routers, 1, 0);
    assert_true(isnan(summary.host_percent) && isnan(summary.routers_percent));
    assert_true(isnan(summary.ns_per_packet));
}

static int make_folder(void **state)
{
    const char *where = getenv("TMPDIR");
    char *folder = text_format("%s/vrbench-report.XXXXXX", where != NULL ? where : "/tmp");
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    _cleanup_free_ char *folder = *state;
    _cleanup_free_ char *csv = text_format("%s/points.csv", folder);
    _cleanup_free_ char *summary = text_format("%s/summary.csv", folder);
    _cleanup_free_ char *xlsx = text_format("%s/report.xlsx", folder);
    unlink(csv);
    unlink(summary);
    unlink(xlsx);
    return rmdir(folder);
}

static void test_csv_file(void **state)
{
    struct point_list list = make(one_router, COUNT(one_router));
    for (int i = 0; i < 2; i++) { // the second time over the first
        assert_int_equal(report_write_csv(*state, &list, NULL), 0);
    }
    _cleanup_free_ char *path = text_format("%s/points.csv", (char *)*state);
    _cleanup_free_ char *text = NULL;
    assert_int_equal(file_read(path, 1 << 20, &text, NULL, NULL), 0);
    assert_golden("points.csv", text);
    struct error err = ERROR_INIT;
    assert_true(report_write_csv("/nonexistent", &list, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/points.csv"));
    error_clear(&err);
    assert_true(report_write_xlsx("/nonexistent", &list, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/report.xlsx"));
    error_clear(&err);
    point_list_clear(&list);
}

#define PLOT   "//*[local-name()='plotArea']"
#define SERIES "/*[local-name()='ser']"
#define SECOND PLOT "/*[local-name()='scatterChart'][2]"
#define AXIS   PLOT "/*[local-name()='valAx']"

// Each chart has a right-hand axis that the series of CPU, and no others, belong to.
static void assert_chart(xmlDoc *chart, const char *left, const char *right)
{
    assert_query(chart, "count(" PLOT "/*[local-name()='scatterChart'])", "2");
    assert_query(chart, "count(" PLOT "/*[local-name()='scatterChart'][1]" SERIES ")", left);
    assert_query(chart, "count(" SECOND SERIES ")", right);
    assert_query(chart, "count(" SECOND SERIES "//*[local-name()='tx']//*[contains(., 'CPU %')])",
                 text_equal(right, "1")   ? "4"
                 : text_equal(right, "3") ? "12"
                                          : "16");
    assert_query(chart, "count(" AXIS ")", "4");
    assert_query(chart, "string(" AXIS "[3]/*[local-name()='crosses']/@val)", "max");
    assert_query(chart, "string(" AXIS "[3]/*[local-name()='delete']/@val)", "0");
    assert_query(chart, "string(" AXIS "[3]/*[local-name()='title'])", "CPU (% of one CPU)");
    assert_query(chart, "string(" AXIS "[4]/*[local-name()='delete']/@val)", "1");
    assert_query(chart, "string(" AXIS "[3]/*[1]/@val) = string(" SECOND "/*[last()]/@val)",
                 "true");
    assert_query(chart,
                 "string(" AXIS "[1]/*[local-name()='scaling']/*[local-name()='max']/@val) = "
                 "string(" AXIS "[4]/*[local-name()='scaling']/*[local-name()='max']/@val)",
                 "true");
}

struct cell {
    const char *name, *text;
};

static void check_workbook(const char *folder, const struct trial *trials, size_t count,
                           const struct cell *cells, size_t cell_count, const char *left,
                           const char *right)
{
    struct point_list list = make(trials, count);
    struct error err = ERROR_INIT;
    if (report_write_xlsx(folder, &list, &err) < 0) {
        fail_msg("%s", err.text);
    }
    point_list_clear(&list);
    _cleanup_free_ char *path = text_format("%s/report.xlsx", folder);
    zip_t *archive = zip_open(path, ZIP_CHECKCONS | ZIP_RDONLY, NULL);
    assert_non_null(archive);
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); i++) {
        xmlFreeDoc(part(archive, zip_get_name(archive, (zip_uint64_t)i, 0)));
    }
    xmlDoc *book = part(archive, "xl/workbook.xml");
    static const char *const names[] = {"Valors",  "Points", "Summary",
                                        "Indexes", "Charts", "Chart data"};
    for (size_t i = 0; i < COUNT(names); i++) {
        _cleanup_free_ char *name =
            text_format("string(//*[local-name()='sheet'][%zu]/@name)", i + 1);
        assert_query(book, name, names[i]);
    }
    xmlFreeDoc(book);
    xmlDoc *valors = part(archive, "xl/worksheets/sheet1.xml");
    xmlDoc *strings = part(archive, "xl/sharedStrings.xml");
    for (size_t i = 0; i < cell_count; i++) {
        assert_cell(valors, strings, cells[i].name, cells[i].text);
    }
    xmlFreeDoc(strings);
    xmlFreeDoc(valors);
    xmlDoc *direct = part(archive, "xl/charts/chart1.xml");
    assert_chart(direct, left, "1");
    xmlFreeDoc(direct);
    xmlDoc *routed = part(archive, "xl/charts/chart2.xml");
    assert_chart(routed, left, right);
    xmlFreeDoc(routed);
    assert_null(part(archive, "xl/charts/chart3.xml"));
    zip_discard(archive);
}

// Cells count from A1, so the study's row 2, column 1 is B3.
static void test_spreadsheet_of_one_router(void **state)
{
    static const struct cell cells[] = {
        {"A1", "Topology, length"},
        {"B1", "direct, 64 B"},
        {"B2", "1,000 pps, 0.512 Mbit/s"},
        {"A3", "NET0: packets sent"},
        {"B3", "1000"},
        {"B4", "0"},
        {"B12", ""},
        {"B13", ""},
        {"D1", "bridged, 64 B"},
        {"D3", "1000"},
        {"A12", "host: CPU %"},
        {"A13", "r1t3: CPU %"},
        {"D12", "30"},
        {"D13", "12.5"},
        {"D15", ""},
        {"F3", "2500"},
        {"F4", "700"},
        {"F12", "70"},
        {"F13", "30"},
        {"F15", "the source could not send what was asked, \"2,500\" of 3,000"},
        {"G4", "2500"},
        {"H3", ""},
    };
    check_workbook(*state, one_router, COUNT(one_router), cells, COUNT(cells), "1", "3");
}

static void test_spreadsheet_of_two_routers(void **state)
{
    static const struct cell cells[] = {
        {"A12", "NET1: packets sent"},
        {"B3", "1000"},
        {"B4", "0"},
        {"B12", "1000"},
        {"B13", "0"},
        {"B20", ""},
        {"B21", ""},
        {"B22", ""},
        {"C3", "1000"},
        {"C4", "1"},
        {"C12", "1000"},
        {"C13", "1"},
        {"A20", "host: CPU %"},
        {"C20", "5"},
        {"A21", "r1t3: CPU %"},
        {"C21", "20"},
        {"A22", "r2t3: CPU %"},
        {"C22", "20"},
        {"D13", "20"},
        {"D22", "45"},
    };
    check_workbook(*state, two_routers, COUNT(two_routers), cells, COUNT(cells), "2", "4");
}

static void test_spreadsheet_of_nothing(void **state)
{
    struct point_list none = {NULL, 0};
    assert_int_equal(report_write_xlsx(*state, &none, NULL), 0);
    static const struct trial invalid = {
        .topology = "direct", .length = 64, .tx = 1, .why_invalid = "nothing worked"};
    struct point_list list = make(&invalid, 1);
    assert_int_equal(report_write_xlsx(*state, &list, NULL), 0);
    point_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_table_in_the_c_locale),
        cmocka_unit_test(test_writers_without_rows),
        cmocka_unit_test(test_writer_tells_of_a_full_disk),
        cmocka_unit_test(test_points),
        cmocka_unit_test(what_control_did_is_summed_over_points),
        cmocka_unit_test(test_summary_listing),
        cmocka_unit_test(test_summary_stops_at_the_first_loss),
        cmocka_unit_test(test_summary_of_valid_points_only),
        cmocka_unit_test(test_summary_takes_medians),
        cmocka_unit_test(test_summary_of_all_networks_together),
        cmocka_unit_test_setup_teardown(test_csv_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_spreadsheet_of_one_router, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_spreadsheet_of_two_routers, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_spreadsheet_of_nothing, make_folder, remove_folder),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    xmlCleanupParser();
    return failed;
}
