// SPDX-License-Identifier: GPL-3.0-or-later
// tests of result/store — the folder of a run: new, resumed, in use, torn, corrupt, disk full.
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "result/json_text.h"
#include "result/store.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "sample_points.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// A folder of its own for each test, removed afterwards.
static int make_folder(void **state)
{
    const char *where = getenv("TMPDIR");
    char *folder = text_format("%s/vrbench-result.XXXXXX", where != NULL ? where : "/tmp");
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    _cleanup_free_ char *folder = *state;
    static const char *const names[] = {"points.jsonl", "run.json", "run/points.jsonl",
                                        "run/run.json", "run"};
    for (size_t i = 0; i < COUNT(names); i++) {
        _cleanup_free_ char *path = text_format("%s/%s", folder, names[i]);
        remove(path);
    }
    return rmdir(folder);
}

static struct store *open_store(const char *folder, bool resume, struct point_list *points)
{
    struct store *store = NULL;
    json_t *run = NULL;
    struct error err = ERROR_INIT;
    if (store_open(folder, resume, &store, points, &run, &err) < 0) {
        fail_msg("store_open: %s", err.text);
    }
    json_decref(run);
    return store;
}

static void assert_not_opened(const char *folder, bool resume, const char *part)
{
    struct store *store;
    struct point_list points;
    json_t *run;
    struct error err = ERROR_INIT;
    assert_true(store_open(folder, resume, &store, &points, &run, &err) < 0);
    if (strstr(err.text, part) == NULL) {
        fail_msg("refused with \"%s\", not with \"%s\"", err.text, part);
    }
    assert_int_equal(err.exit_status, EXIT_INPUT);
    error_clear(&err);
}

static void append(struct store *store, const char *text)
{
    struct point point = point_of(text);
    struct error err = ERROR_INIT;
    if (store_append(store, &point, &err) < 0) {
        fail_msg("store_append: %s", err.text);
    }
    point_clear(&point);
}

static void write_run(struct store *store)
{
    json_t *run = load("{\"name\":\"scenario-2\",\"duration_s\":0.1}");
    assert_int_equal(store_write_run(store, run, NULL), 0);
    json_decref(run);
}

static void put_file(const char *folder, const char *name, const char *text)
{
    _cleanup_free_ char *path = text_format("%s/%s", folder, name);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
}

static char *get_file(const char *folder, const char *name)
{
    _cleanup_free_ char *path = text_format("%s/%s", folder, name);
    char *text = NULL;
    assert_int_equal(file_read(path, 1 << 20, &text, NULL, NULL), 0);
    return text;
}

static void test_new_run_and_resume(void **state)
{
    _cleanup_free_ char *folder = text_format("%s/run", (char *)*state);
    struct point_list points = {NULL, 0};
    struct store *store = open_store(folder, false, &points);
    assert_int_equal(points.count, 0);
    assert_string_equal(store_folder(store), folder);
    write_run(store);
    append(store, full);
    append(store, little);
    store_close(store);

    _cleanup_free_ char *expected = text_format("%s\n%s\n", full, little);
    _cleanup_free_ char *found = get_file(folder, "points.jsonl");
    assert_string_equal(found, expected);
    _cleanup_free_ char *run_text = get_file(folder, "run.json");
    assert_string_equal(run_text, "{\n  \"name\": \"scenario-2\",\n  \"duration_s\": 0.1\n}\n");

    assert_not_opened(folder, false, "already contains a run");
    json_t *run = NULL;
    assert_int_equal(store_open(folder, true, &store, &points, &run, NULL), 0);
    assert_string_equal(json_string_value(json_object_get(run, "name")), "scenario-2");
    json_decref(run);
    assert_int_equal(points.count, 2);
    assert_string_equal(points.items[1].topology, "direct");
    point_list_clear(&points);
    append(store, little);
    store_close(store);
    assert_int_equal(store_read_points(folder, &points, NULL), 0);
    assert_int_equal(points.count, 3);
    point_list_clear(&points);
    store_close(NULL);
}

static void test_resume_of_nothing_is_a_new_run(void **state)
{
    struct point_list points = {NULL, 0};
    json_t *run = load("{}");
    struct store *store;
    json_t *old = run;
    assert_int_equal(store_open(*state, true, &store, &points, &run, NULL), 0);
    assert_null(run);
    assert_int_equal(points.count, 0);
    store_close(store);
    json_decref(old);
}

static void test_refused_folders_are_left_alone(void **state)
{
    put_file(*state, "run.json", "{}");
    assert_not_opened(*state, false, "already contains a run");
    _cleanup_free_ char *path = text_format("%s/points.jsonl", (char *)*state);
    assert_int_not_equal(access(path, F_OK), 0);

    _cleanup_free_ char *run = text_format("%s/run.json", (char *)*state);
    unlink(run);
    put_file(*state, "points.jsonl", little);
    assert_not_opened(*state, false, "already contains a run");
    assert_not_opened(*state, true, "no run.json");
    put_file(*state, "run.json", "{\n\"a\":}");
    assert_not_opened(*state, true, "run.json:2:");
    assert_not_opened("", false, "name is empty");
}

static void test_one_run_at_a_time(void **state)
{
    struct point_list points = {NULL, 0};
    struct store *store = open_store(*state, false, &points);
    assert_not_opened(*state, false, "being written by another run");
    assert_not_opened(*state, true, "being written by another run");
    append(store, little);
    assert_int_equal(store_read_points(*state, &points, NULL), 0); // reading is always possible
    assert_int_equal(points.count, 1);
    point_list_clear(&points);
    store_close(store);
}

static void test_torn_last_line(void **state)
{
    static const char *const torn[] = {"{\"schema\":1,\"scen", "\n", "{\"schema\":1,\"sce\n",
                                       "{}x\n"};
    put_file(*state, "run.json", "{}");
    for (size_t i = 0; i < COUNT(torn); i++) {
        _cleanup_free_ char *text = text_format("%s\n%s\n%s", full, little, torn[i]);
        put_file(*state, "points.jsonl", text);
        struct point_list points = {NULL, 0};
        assert_int_equal(store_read_points(*state, &points, NULL), 0);
        assert_int_equal(points.count, 2);
        point_list_clear(&points);
        _cleanup_free_ char *untouched = get_file(*state, "points.jsonl");
        assert_string_equal(untouched, text);

        struct store *store = open_store(*state, true, &points);
        assert_int_equal(points.count, 2);
        point_list_clear(&points);
        append(store, little);
        store_close(store);
        _cleanup_free_ char *expected = text_format("%s\n%s\n%s\n", full, little, little);
        _cleanup_free_ char *found = get_file(*state, "points.jsonl");
        assert_string_equal(found, expected);
    }
    // A whole point without its newline is torn as well: it was never synced.
    put_file(*state, "points.jsonl", little);
    struct point_list points = {NULL, 0};
    struct store *store = open_store(*state, true, &points);
    assert_int_equal(points.count, 0);
    store_close(store);
}

static void test_corrupt_line_is_named(void **state)
{
    static const struct {
        const char *line, *part;
    } rows[] = {
        {"{\"schema\":1,\"scen", "points.jsonl:2: not JSON"},
        {"", "points.jsonl:2: not JSON"},
        {"{}", "points.jsonl:2: schema: missing"},
        {"[]", "points.jsonl:2: must be an object"},
        {"{\"schema\":1,\"schema\":1}", "points.jsonl:2: not JSON: duplicate"},
    };
    put_file(*state, "run.json", "{}");
    for (size_t i = 0; i < COUNT(rows); i++) {
        _cleanup_free_ char *text = text_format("%s\n%s\n%s\n", full, rows[i].line, little);
        put_file(*state, "points.jsonl", text);
        assert_not_opened(*state, true, rows[i].part);
        struct point_list points;
        struct error err = ERROR_INIT;
        assert_true(store_read_points(*state, &points, &err) < 0);
        assert_non_null(strstr(err.text, rows[i].part));
        error_clear(&err);
        _cleanup_free_ char *found = get_file(*state, "points.jsonl");
        assert_string_equal(found, text);
    }
    // The last line too, if it is JSON: no crash leaves a whole object that is not a point.
    _cleanup_free_ char *text = text_format("%s\n{}\n", full);
    put_file(*state, "points.jsonl", text);
    assert_not_opened(*state, true, "points.jsonl:2: schema: missing");
}

static void test_no_run_there(void **state)
{
    struct point_list points;
    struct error err = ERROR_INIT;
    assert_true(store_read_points(*state, &points, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_non_null(strstr(err.text, "not the folder of a run"));
    error_clear(&err);
}

static void test_contradictory_point_is_not_written(void **state)
{
    struct point_list points = {NULL, 0};
    struct store *store = open_store(*state, false, &points);
    append(store, little);
    struct point point = point_of(full);
    point.networks[0].lost--;
    struct error err = ERROR_INIT;
    assert_true(store_append(store, &point, &err) < 0);
    assert_non_null(strstr(err.text, "contradicts itself"));
    assert_non_null(strstr(err.text, "lost: must be tx - rx"));
    error_clear(&err);
    point_clear(&point);
    store_close(store);
    assert_int_equal(store_read_points(*state, &points, NULL), 0);
    assert_int_equal(points.count, 1);
    point_list_clear(&points);
}

// Appends until the disk is full, then checks that every point before is whole.
static void fill_disk(const char *folder)
{
    struct point_list points = {NULL, 0};
    struct store *store = open_store(folder, false, &points);
    write_run(store);
    struct error err = ERROR_INIT;
    size_t kept = 0;
    struct point point = point_of(full);
    while (kept < 1000 && store_append(store, &point, &err) == 0) {
        kept++;
    }
    point_clear(&point);
    assert_in_range(kept, 1, 999);
    assert_int_equal(err.exit_status, EXIT_FAILED);
    assert_non_null(strstr(err.text, strerror(ENOSPC)));
    _cleanup_free_ char *kept_text = text_format("the %zu points before it are saved", kept);
    assert_non_null(strstr(err.text, kept_text));
    error_clear(&err);

    // run.json can't be written now either, and is still what it was.
    json_t *large = json_object();
    _cleanup_free_ char *filler = memory_new_array(char, 100000);
    memset(filler, 'x', 99999);
    json_object_set_new(large, "filler", json_string(filler));
    assert_true(store_write_run(store, large, &err) < 0);
    error_clear(&err);
    json_decref(large);
    store_close(store);
    _cleanup_free_ char *run = get_file(folder, "run.json");
    assert_true(strstr(run, "scenario-2") != NULL);

    _cleanup_free_ char *text = get_file(folder, "points.jsonl");
    assert_int_equal(strlen(text), kept * strlen(full) + kept);
    store = open_store(folder, true, &points);
    assert_int_equal(points.count, kept);
    point_list_clear(&points);
    store_close(store);
}

static void test_disk_full(void **state)
{
    if (geteuid() != 0) {
        print_message("# test_disk_full: needs root, for a small file system to fill\n");
        skip();
    }
    // In a separate mount namespace, so that nothing is left behind. In a chroot "/" is not a mount
    // point and cannot be made private: mounts are then unmounted explicitly.
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    assert_int_equal(mount("none", *state, "tmpfs", 0, "size=64k"), 0);
    fill_disk(*state);
    assert_int_equal(umount(*state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_run_and_resume, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_resume_of_nothing_is_a_new_run, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_refused_folders_are_left_alone, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_one_run_at_a_time, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_torn_last_line, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_corrupt_line_is_named, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_no_run_there, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_contradictory_point_is_not_written, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_disk_full, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
