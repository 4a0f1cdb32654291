// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of base/thread: thread_each() calls its job once for every number, no more at once than
// allowed.
#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT 100U

struct seen {
    atomic_uint calls[COUNT];
    atomic_uint running, most;
};

static void job(void *context, size_t i)
{
    struct seen *seen = context;
    unsigned running = atomic_fetch_add(&seen->running, 1) + 1;
    unsigned most = seen->most;
    while (running > most && !atomic_compare_exchange_weak(&seen->most, &most, running)) {
    }
    seen->calls[i]++;
    clock_sleep(NS_PER_MS / 10);
    seen->running--;
}

static void check_each(size_t count, size_t at_once)
{
    struct seen seen = {0};
    thread_each(count, at_once, job, &seen);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(seen.calls[i], i < count);
    }
    assert_in_range(seen.most, count > 0, at_once);
    assert_int_equal(seen.running, 0);
}

static void each_number_is_called_once(void **state)
{
    (void)state;
    check_each(0, 4);
    check_each(1, 4);
    check_each(3, 8);
    check_each(COUNT, 1);
    check_each(COUNT, 4);
    check_each(COUNT, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_called_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
