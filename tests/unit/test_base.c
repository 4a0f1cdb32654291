// SPDX-License-Identifier: GPL-3.0-or-later
// tests of base/file, base/text, base/error and base/clock (base/units has test_units.c).
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/screen.h"
#include "base/text.h"

// The errors of base/error.h by names that cmocka's macros don't take.
static int fail_plainly(struct error *err, int errnum)
{
    return fail(err, errnum, "%s of %d", "reading", 7);
}

static int fail_over_itself(struct error *err)
{
    return fail(err, 0, "again: %s", err->text);
}

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- files, in a directory of the test's own

struct place {
    char root[64];
    char text[128]; // path last made by at()
};

static const char *at(struct place *place, const char *name)
{
    snprintf(place->text, sizeof place->text, "%s/%s", place->root, name);
    return place->text;
}

static int make_place(void **state)
{
    struct place *place = memory_new(1, sizeof *place);
    const char *parent = getenv("TMPDIR");
    snprintf(place->root, sizeof place->root, "%.40s/vrbench-base-XXXXXX",
             parent == NULL ? "/tmp" : parent);
    *state = place;
    return mkdtemp(place->root) == NULL ? -1 : 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    static const char *const names[] = {"file", "file.new", "a/b/c", "a/b", "a", "empty", ""};
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)remove(at(place, names[i]));
    }
    int rc = access(place->root, F_OK) == 0 ? -1 : 0; // nothing unknown was left there
    free(place);
    return rc;
}

static void assert_refused(int rc, int expected, struct error *err, const char *part)
{
    assert_int_equal(rc, expected);
    assert_int_equal(err->exit_status, EXIT_FAILED);
    if (strstr(err->text, part) == NULL) {
        fail_msg("refused with: %s", err->text);
    }
    error_clear(err);
}

static void assert_content(const char *path, const char *expected, size_t length)
{
    _cleanup_free_ char *text = NULL;
    size_t found = 0;
    assert_int_equal(file_read(path, 1 << 20, &text, &found, NULL), 0);
    assert_int_equal(found, length);
    assert_memory_equal(text, expected, length);
    assert_int_equal(text[length], '\0');
}

static void test_read(void **state)
{
    struct place *place = *state;
    static const size_t lengths[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 100000};
    _cleanup_free_ char *many = memory_new_array(char, 100001);
    for (size_t i = 0; i < 100000; i++) {
        many[i] = (char)(i * 31 % 256);
    }
    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t length = lengths[i];
        assert_int_equal(file_replace(at(place, "file"), many, length, NULL), 0);
        assert_content(place->text, many, length);
        _cleanup_free_ char *text = NULL;
        assert_int_equal(file_read(place->text, length, &text, NULL, NULL), 0);
        if (length > 0) {
            char *kept = many;
            size_t kept_length = 77;
            struct error err = ERROR_INIT;
            int rc = file_read(place->text, length - 1, &kept, &kept_length, &err);
            assert_refused(rc, -EFBIG, &err, "larger than");
            assert_ptr_equal(kept, many);
            assert_int_equal(kept_length, 77);
        }
    }
}

static void test_read_failures(void **state)
{
    struct place *place = *state;
    char *text = NULL;
    struct error err = ERROR_INIT;
    assert_refused(file_read(at(place, "none"), 10, &text, NULL, &err), -ENOENT, &err, "/none: ");
    assert_refused(file_read(place->root, 10, &text, NULL, &err), -EISDIR, &err, place->root);
    assert_refused(file_read("", 10, &text, NULL, &err), -ENOENT, &err, ": ");
    assert_refused(file_read("/dev/zero", 10000, &text, NULL, &err), -EFBIG, &err,
                   "/dev/zero: larger than 10000 bytes");
    assert_null(text);
    assert_int_equal(file_read("/proc/self/stat", 65536, &text, NULL, NULL), 0); // of length 0
    assert_true(strlen(text) > 10);
    free(text);
}

static void test_replace(void **state)
{
    struct place *place = *state;
    struct stat before;
    struct stat after;
    assert_int_equal(file_replace(at(place, "file"), "first\n", 6, NULL), 0);
    assert_content(place->text, "first\n", 6);
    assert_int_equal(stat(place->text, &before), 0);
    // A reader that has the old file open continues to read that.
    _cleanup_close_ int old = open(place->text, O_RDONLY | O_CLOEXEC);
    assert_true(old >= 0);
    assert_int_equal(file_replace(place->text, "second, longer\n", 15, NULL), 0);
    assert_content(place->text, "second, longer\n", 15);
    assert_int_equal(stat(place->text, &after), 0);
    assert_true(before.st_ino != after.st_ino);
    char text[16] = "";
    assert_int_equal(read(old, text, sizeof text - 1), 6);
    assert_string_equal(text, "first\n");
    assert_int_equal(file_replace(place->text, "", 0, NULL), 0);
    assert_content(place->text, "", 0);
    assert_int_not_equal(access(at(place, "file.new"), F_OK), 0);

    struct error err = ERROR_INIT;
    assert_refused(file_replace(at(place, "none/file"), "x", 1, &err), -ENOENT, &err, "none/file");
    assert_int_equal(file_make_dirs(at(place, "a/b"), NULL), 0);
    int rc = file_replace(at(place, "a"), "x", 1, &err); // a directory stays, and no litter does
    assert_refused(rc, -EISDIR, &err, "/a: ");
    assert_int_not_equal(access(at(place, "a.new"), F_OK), 0);
    assert_refused(file_replace("/dev/full/x", "x", 1, &err), -ENOTDIR, &err, "/dev/full/x");
}

static void test_write(void **state)
{
    struct place *place = *state;
    struct error err = ERROR_INIT;
    assert_refused(file_write(at(place, "file"), "x", &err), -ENOENT, &err, "/file");
    assert_int_equal(file_replace(place->text, "12345", 5, NULL), 0);
    assert_int_equal(file_write(place->text, "ab", NULL), 0);
    assert_content(place->text, "ab345", 5); // as written into a pseudo file: nothing is cut off
    assert_refused(file_write("/dev/full", "x", &err), -ENOSPC, &err, "writing \"x\" to /dev/full");
    _cleanup_close_ int dir = open(place->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(file_write_at(dir, "file", "zz", NULL), 0);
    assert_content(place->text, "zz345", 5);
    assert_refused(file_write_at(dir, "none", "zz", &err), -ENOENT, &err, "none: ");
}

static void test_make_dirs(void **state)
{
    struct place *place = *state;
    struct stat info;
    struct error err = ERROR_INIT;
    assert_int_equal(file_make_dirs(at(place, "a/b//c/"), &err), 0);
    assert_int_equal(stat(at(place, "a/b/c"), &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(file_make_dirs(place->text, &err), 0);
    assert_int_equal(file_make_dirs("/", &err), 0);
    assert_int_equal(file_replace(at(place, "file"), "", 0, NULL), 0);
    assert_refused(file_make_dirs(place->text, &err), -ENOTDIR, &err, "/file");
    assert_refused(file_make_dirs(at(place, "file/x"), &err), -ENOTDIR, &err, "/file/x");
    assert_refused(file_make_dirs("", &err), -ENOENT, &err, "name is empty");
}

// ---- text

static void test_text(void **state)
{
    (void)state;
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_false(text_equal("", NULL));
    assert_true(text_equal("a", "a"));
    assert_false(text_equal("a", "ab"));
    assert_true(text_starts("abc", "ab"));
    assert_true(text_starts("abc", ""));
    assert_false(text_starts("ab", "abc"));
    assert_false(text_starts("xabc", "ab"));
    assert_null(text_copy(NULL));
    _cleanup_free_ char *made = text_format("%d-%s", 5, "x");
    _cleanup_free_ char *copy = text_copy(made);
    assert_string_equal(copy, "5-x");
    assert_ptr_not_equal(copy, made);
    int *numbers = memory_new_array(int, 0);
    assert_non_null(numbers);
    numbers = memory_resize(numbers, 3, sizeof *numbers);
    numbers[2] = 5;
    free(numbers);
}

static void hex_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0, 1, 0x7f, 0x80, 0xff};
    void *back = NULL;
    size_t length = 0;
    char *hex = text_hex(bytes, sizeof bytes);
    assert_string_equal(hex, "00017f80ff");
    assert_int_equal(text_unhex(hex, &back, &length), 0);
    assert_int_equal(length, sizeof bytes);
    assert_memory_equal(back, bytes, sizeof bytes);
    free(back);
    free(hex);
    assert_int_equal(text_unhex("", &back, &length), 0);
    assert_int_equal(length, 0);
    free(back);
    assert_int_equal(text_unhex("0", &back, &length), -EINVAL);
    assert_int_equal(text_unhex("0g", &back, &length), -EINVAL);
}

static void test_safe_names(void **state)
{
    (void)state;
    static const char *const safe[] = {"a", "Z9", "r1t3", "NET0", "a.b", "a-b_c", "_", "12345678"};
    static const char *const unsafe[] = {
        "",   ".",   "..",  ".a",  "-a",  "a b", "a/b",   "a\nb",  "a\tb", "ä",        "a'",
        "a$", "a;b", "a\"", "a\\", "a*b", "a:b", "a\x7f", "a\x80", "a@b",  "123456789"};
    for (size_t i = 0; i < COUNT(safe); i++) {
        if (!text_is_safe_name(safe[i], 8)) {
            fail_msg("\"%s\" was refused", safe[i]);
        }
    }
    for (size_t i = 0; i < COUNT(unsafe); i++) {
        if (text_is_safe_name(unsafe[i], 8)) {
            fail_msg("\"%s\" was taken", unsafe[i]);
        }
    }
}

static void test_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } numbers[] = {
        {0, 0, "0"},
        {7, 0, "7"},
        {999, 0, "999"},
        {1000, 0, "1,000"},
        {12345, 0, "12,345"},
        {123456, 0, "123,456"},
        {1234567, 0, "1,234,567"},
        {999.96, 1, "1,000.0"},
        {1234.5678, 3, "1,234.568"},
        {0.12345, 4, "0.1235"},
        {-1, 0, "-1"},
        {-999, 0, "-999"},
        {-1000, 0, "-1,000"},
        {-123456.5, 2, "-123,456.50"},
        {1e15, 0, "1,000,000,000,000,000"},
        {18446744073709551615.0, 0, "18,446,744,073,709,551,616"},
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char text[48];
        text_group_digits(numbers[i].value, numbers[i].decimals, text);
        assert_string_equal(text, numbers[i].text);
    }
}

static void test_columns_of_text(void **state)
{
    (void)state;
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("SCENARIO…"), 9);
    assert_int_equal(text_columns("größer"), 6);
    assert_int_equal(text_columns("e\xcc\x81"), 1); // a combining accent
    assert_int_equal(text_columns("路由"), 4);
    assert_int_equal(text_columns("\xff\xc3"), 2); // no UTF-8
    assert_int_equal(text_bytes_within("größer", 3), 4);
    assert_int_equal(text_bytes_within("路由", 3), 3);
    assert_int_equal(text_bytes_within("ab", 9), 2);
    (void)setlocale(LC_CTYPE, "C");
    assert_int_equal(text_columns("SCENARIO…"), 9);
}

// ---- errors

static void test_errors(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    error_context(&err, "nothing has failed");
    assert_null(err.text);
    assert_int_equal(fail_plainly(&err, ENOENT), -ENOENT);
    assert_string_equal(err.text, "reading of 7: No such file or directory");
    assert_int_equal(err.exit_status, EXIT_FAILED);
    error_context(&err, "scenario %s", "x");
    error_context(&err, "run");
    assert_string_equal(err.text, "run: scenario x: reading of 7: No such file or directory");
    assert_int_equal(fail_plainly(&err, 0), -EIO); // the later one replaces it
    assert_string_equal(err.text, "reading of 7");
    assert_int_equal(fail_over_itself(&err), -EIO);
    assert_string_equal(err.text, "again: reading of 7");
    error_context(&err, "%s", err.text);
    assert_string_equal(err.text, "again: reading of 7: again: reading of 7");
    assert_int_equal(fail_input(&err, "bad %s", "usage"), -EINVAL);
    assert_string_equal(err.text, "bad usage");
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_int_equal(fail_lacking(&err, "no tc (package iproute2)"), -ENOTSUP);
    assert_int_equal(err.exit_status, EXIT_LACKING);
    error_context(&err, "queue");
    assert_int_equal(err.exit_status, EXIT_LACKING); // context changes no status
    assert_int_equal(fail_interrupted(&err), -EINTR);
    assert_int_equal(err.exit_status, EXIT_INTERRUPTED);
    assert_string_equal(err.text, "interrupted");

    struct error to = ERROR_INIT;
    (void)fail_plainly(&to, 0);
    error_move(&to, &err);
    assert_string_equal(to.text, "interrupted");
    assert_int_equal(to.exit_status, EXIT_INTERRUPTED);
    assert_null(err.text);
    assert_int_equal(err.exit_status, 0);
    error_move(NULL, &to);
    assert_null(to.text);
    error_clear(&to);
    error_clear(NULL);
}

static void test_errors_that_nobody_reads(void **state)
{
    (void)state;
    assert_int_equal(fail_plainly(NULL, EPERM), -EPERM);
    assert_int_equal(fail_plainly(NULL, 0), -EIO);
    assert_int_equal(fail_input(NULL, "x"), -EINVAL);
    assert_int_equal(fail_lacking(NULL, "x"), -ENOTSUP);
    assert_int_equal(fail_interrupted(NULL), -EINTR);
    error_context(NULL, "x");
}

static void test_steal(void **state)
{
    (void)state;
    char *text = text_copy("x");
    char *taken = steal_pointer(&text);
    assert_null(text);
    assert_string_equal(taken, "x");
    free(taken);
    int fd = 5;
    assert_int_equal(steal_fd(&fd), 5);
    assert_int_equal(fd, -1);
}

// ---- clock

static void test_sleep(void **state)
{
    (void)state;
    uint64_t began = clock_monotonic_ns();
    assert_int_equal(clock_sleep_until(began - NS_PER_MS), 0); // past
    assert_int_equal(clock_sleep_until(0), 0);
    assert_int_equal(clock_sleep_until(began + 2 * NS_PER_MS), 0);
    assert_true(clock_monotonic_ns() >= began + 2 * NS_PER_MS);
    began = clock_monotonic_ns();
    clock_sleep(2 * NS_PER_MS);
    assert_true(clock_monotonic_ns() >= began + 2 * NS_PER_MS);
}

static volatile sig_atomic_t alarms;

static void note_alarm(int number)
{
    (void)number;
    alarms++;
}

// clock_sleep_until() ends at a signal; clock_sleep() continues.
static void test_sleep_and_signals(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = note_alarm};
    struct sigaction old;
    struct itimerval every_5_ms = {{0, 5000}, {0, 5000}};
    struct itimerval never = {{0, 0}, {0, 0}};
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every_5_ms, NULL), 0);
    assert_int_equal(clock_sleep_until(clock_monotonic_ns() + 60 * NS_PER_S), -EINTR);
    sig_atomic_t seen = alarms;
    uint64_t began = clock_monotonic_ns();
    clock_sleep(30 * NS_PER_MS);
    assert_true(clock_monotonic_ns() >= began + 30 * NS_PER_MS);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_true(seen >= 1 && alarms > seen);
}

static void test_utc(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } times[] = {
        {0, "1970-01-01T00:00:00Z"},          {951782399, "2000-02-28T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},  {1795335099, "2026-11-22T08:11:39Z"},
        {4294967296, "2106-02-07T06:28:16Z"},
    };
    for (size_t i = 0; i < COUNT(times); i++) {
        char text[32];
        clock_format_utc(times[i].seconds * NS_PER_S + 999999999, text);
        assert_string_equal(text, times[i].text);
    }
    assert_true(clock_realtime_ns() > 1700000000 * NS_PER_S);
}

static void test_bytes_in_units(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {{0, "0 B"},
                {999, "999 B"},
                {1000, "1.0 KiB"},
                {516096, "504 KiB"},
                {1 << 20, "1.0 MiB"},
                {10 << 20, "10 MiB"},
                {1023 << 20, "1.0 GiB"},
                {UINT64_MAX, "16777216 TiB"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        _cleanup_free_ char *text = text_bytes(rows[i].bytes);
        assert_string_equal(text, rows[i].text);
    }
}

static void assert_lines(size_t width, size_t column, size_t indent, const char *text,
                         const char *expected)
{
    _cleanup_free_ char *printed = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&printed, &length);
    assert_non_null(out);
    screen_put(out, width, column, indent, text);
    fclose(out);
    assert_string_equal(printed, expected);
}

static void lines_are_broken_at_blanks_and_words_never(void **state)
{
    (void)state;
    assert_lines(80, 0, 0, "one two", "one two\n");
    assert_lines(7, 0, 0, "one two", "one two\n");
    assert_lines(6, 0, 0, "one two", "one\ntwo\n");
    assert_lines(10, 5, 2, "one two three four", "one\n  two\n  three\n  four\n");
    assert_lines(10, 0, 2, "one two three four", "one two\n  three\n  four\n");
    assert_lines(4, 0, 0, "enormous words do", "enormous\nwords\ndo\n");
    assert_lines(4, 9, 1, "enormous", "enormous\n");
    assert_lines(SIZE_MAX, 30, 30, "one two", "one two\n");
    assert_lines(10, 0, 0, "", "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_read_failures, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_replace, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_write, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_make_dirs, make_place, remove_place),
        cmocka_unit_test(test_bytes_in_units),
        cmocka_unit_test(test_text),
        cmocka_unit_test(hex_is_read_as_it_was_written),
        cmocka_unit_test(test_safe_names),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_columns_of_text),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_errors_that_nobody_reads),
        cmocka_unit_test(test_steal),
        cmocka_unit_test(test_sleep),
        cmocka_unit_test(test_sleep_and_signals),
        cmocka_unit_test(test_utc),
        cmocka_unit_test(lines_are_broken_at_blanks_and_words_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
