// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/child — real programs: what they print, how they end, that they do end.
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "linux/child.h"
#include "own_folder.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define SOON (60U * NS_PER_S) // never reached, but for a machine that stands still

static int start(const char *const *argv, struct child *ret, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    assert_int_equal(child_find(argv[0], &path), 0);
    const struct child_spec spec = {.path = path, .argv = argv};
    return child_start(&spec, ret, err);
}

static void finish(struct child *child)
{
    struct child *const all[] = {child};
    uint64_t deadline = clock_monotonic_ns() + SOON;
    while (!child->ended && clock_monotonic_ns() < deadline) {
        assert_true(child_wait(all, 1, deadline, NULL) >= 0);
    }
    assert_true(child->ended);
}

static void test_output_and_status(void **state)
{
    (void)state;
    _cleanup_child_ struct child child = CHILD_INIT;
    const char *const argv[] = {"sh", "-c", "echo out; echo err >&2; cat; exit 3", NULL};
    assert_int_equal(start(argv, &child, NULL), 0);
    finish(&child);
    assert_string_equal(child.out.text, "out\n");
    assert_string_equal(child.err.text, "err\n");
    assert_true(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 3);
}

static void test_much_output(void **state)
{
    (void)state;
    _cleanup_child_ struct child child = CHILD_INIT;
    const char *const argv[] = {"seq", "100000", NULL};
    assert_int_equal(start(argv, &child, NULL), 0);
    finish(&child);
    assert_int_equal(child.out.length, 588895);
    assert_string_equal(child.out.text + child.out.length - 7, "100000\n");
}

static void test_too_much_output(void **state)
{
    (void)state;
    _cleanup_child_ struct child child = CHILD_INIT;
    const char *const argv[] = {"yes", NULL};
    struct child *const all[] = {&child};
    assert_int_equal(start(argv, &child, NULL), 0);
    int rc = 0;
    while (rc >= 0) {
        rc = child_wait(all, 1, clock_monotonic_ns() + SOON, NULL);
    }
    assert_int_equal(rc, -EFBIG);
}

static void test_environment(void **state)
{
    (void)state;
    // iperf takes options from variables: none of the caller's may get through.
    assert_int_equal(setenv("TCP_WINDOW_SIZE", "1K", 1), 0);
    _cleanup_child_ struct child child = CHILD_INIT;
    const char *const argv[] = {"env", NULL};
    assert_int_equal(start(argv, &child, NULL), 0);
    finish(&child);
    assert_null(strstr(child.out.text, "TCP_WINDOW_SIZE"));
    assert_non_null(strstr(child.out.text, "LC_ALL=C\n"));
}

static void test_killed(void **state)
{
    (void)state;
    struct child child = CHILD_INIT;
    const char *const argv[] = {"sleep", "1000", NULL};
    assert_int_equal(start(argv, &child, NULL), 0);
    pid_t pid = child.pid;
    struct child *const all[] = {&child};
    assert_int_equal(child_wait(all, 1, clock_monotonic_ns() + NS_PER_MS, NULL), 0);
    assert_int_equal(kill(pid, 0), 0);
    child_end(&child);
    assert_int_equal(child.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH); // reaped, too
    child_end(&child);
}

static void test_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct child child = CHILD_INIT;
        const char *const argv[] = {"sleep", "1000", NULL};
        if (start(argv, &child, NULL) == 0) {
            (void)!write(ends[1], &child.pid, sizeof child.pid);
        }
        pause();
        _exit(0);
    }
    pid_t pid = 0;
    assert_int_equal(read(ends[0], &pid, sizeof pid), sizeof pid);
    assert_int_equal(kill(pid, 0), 0);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    // The process that reaps orphans here may be slow: a zombie is enough.
    uint64_t deadline = clock_monotonic_ns() + SOON;
    bool dead = false;
    while (!dead && clock_monotonic_ns() < deadline) {
        char path[48];
        char text[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *file = fopen(path, "re");
        dead = file == NULL || fgets(text, sizeof text, file) == NULL ||
               strstr(text, ") Z ") != NULL || strstr(text, ") X ") != NULL;
        if (file != NULL) {
            fclose(file);
        }
        clock_sleep(NS_PER_MS);
    }
    assert_true(dead);
    close(ends[0]);
    close(ends[1]);
}

static void test_no_such_program(void **state)
{
    (void)state;
    char *path = NULL;
    assert_int_equal(child_find("no-such-program-anywhere", &path), -ENOENT);
    assert_null(path);
    _cleanup_child_ struct child child = CHILD_INIT;
    const char *const argv[] = {"x", NULL};
    const struct child_spec spec = {.path = "/nonexistent/x", .argv = argv};
    struct error err = ERROR_INIT;
    assert_int_equal(child_start(&spec, &child, &err), -ENOENT);
    assert_string_equal(err.text, "starting /nonexistent/x: No such file or directory");
    error_clear(&err);
}

static void folder_is_no_program(void **state)
{
    (void)state;
    _cleanup_free_ char *path = path_of("program");
    _cleanup_free_ char *found = NULL;
    _cleanup_free_ char *before = text_copy(getenv("PATH"));
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(setenv("PATH", folder, 1), 0);
    assert_int_equal(child_find("program", &found), -ENOENT);
    assert_int_equal(setenv("PATH", before, 1), 0);
}

static void test_cpu_time(void **state)
{
    (void)state;
    uint64_t before = child_cpu_time();
    _cleanup_child_ struct child child = CHILD_INIT;
    const char *const argv[] = {"sh", "-c", "i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done",
                                NULL};
    assert_int_equal(start(argv, &child, NULL), 0);
    finish(&child);
    assert_true(child_cpu_time() > before + NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_and_status),
        cmocka_unit_test(test_much_output),
        cmocka_unit_test(test_too_much_output),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_dies_with_its_parent),
        cmocka_unit_test(test_no_such_program),
        IN_FOLDER(folder_is_no_program),
        cmocka_unit_test(test_cpu_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
