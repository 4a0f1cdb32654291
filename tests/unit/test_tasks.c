// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of testbed/tasks: waiting for tasks that end one after the other, and for one that does
// not.
#include "testbed/tasks.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

// A process that ends after a time, or never (0).
static pid_t start_task(uint64_t after_ns)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (after_ns == 0) {
            for (;;) {
                pause();
            }
        }
        clock_sleep(after_ns);
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static void end_tasks(const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)kill(pids[i], SIGKILL);
        (void)waitpid(pids[i], NULL, 0);
    }
}

// The limit counts from the last end of a task: together they take longer.
static void test_ending_tasks(void **state)
{
    (void)state;
    pid_t pids[3] = {start_task(3 * NS_PER_S), start_task(NS_PER_S), start_task(2 * NS_PER_S)};
    const struct task_list list = {.pids = pids, .count = 3};
    assert_true(task_list_await_progress(&list, 2500 * NS_PER_MS));
    end_tasks(pids, 3);
}

static void test_staying_task(void **state)
{
    (void)state;
    pid_t pids[2] = {start_task(0), start_task(NS_PER_MS)};
    const struct task_list list = {.pids = pids, .count = 2};
    assert_false(task_list_await_progress(&list, 100 * NS_PER_MS));
    end_tasks(pids, 2);
}

static void test_no_task(void **state)
{
    (void)state;
    const struct task_list list = {0};
    assert_true(task_list_await_progress(&list, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ending_tasks),
        cmocka_unit_test(test_staying_task),
        cmocka_unit_test(test_no_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
