// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/napi_scan — to which interface a NAPI thread belongs, by its name. That threads
// are found is proved by tests/net/threads.sh.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "linux/napi_scan.h"

#include <cmocka.h>

static void test_whole_name_is_matched(void **state)
{
    (void)state;
    assert_true(napi_thread_is_of("napi/eth0-8193", "eth0"));
    assert_true(napi_thread_is_of("napi/vif1024.1-12345678", "vif1024.1"));
    assert_false(napi_thread_is_of("napi/eth0-8193", "eth"));
    assert_false(napi_thread_is_of("napi/eth0-8193", "eth00"));
    assert_false(napi_thread_is_of("napi/eth1-8193", "eth0"));
    assert_false(napi_thread_is_of("kworker/eth0-1", "eth0"));
    assert_false(napi_thread_is_of("napi/eth0-", "eth0"));
}

static void test_name_that_begins_another_is_not_matched(void **state)
{
    (void)state;
    assert_false(napi_thread_is_of("napi/eth0-1-8193", "eth0"));
    assert_true(napi_thread_is_of("napi/eth0-1-8193", "eth0-1"));
    assert_false(napi_thread_is_of("napi/eth0-1-819", "eth0")); // cut
    assert_true(napi_thread_is_of("napi/eth0-1-819", "eth0-1"));
}

static void test_cut_name_is_matched_as_far_as_it_goes(void **state)
{
    (void)state;
    assert_true(napi_thread_is_of("napi/vif1024.1-", "vif1024.1"));
    assert_true(napi_thread_is_of("napi/enp129s0f1", "enp129s0f1np1"));
    assert_false(napi_thread_is_of("napi/enp129s0f1", "enp129s0f0np1"));
    assert_false(napi_thread_is_of("napi/enp129s0f", "enp129s0f1np1")); // shorter than a cut one
}

static void test_pid_used_again_is_another_thread(void **state)
{
    (void)state;
    struct napi_thread items[] = {{.pid = 10, .started = 5}, {.pid = 20, .started = 6}};
    struct napi_threads threads = {.items = items, .count = 2};
    assert_true(napi_threads_have(&threads, &(struct napi_thread){.pid = 20, .started = 6}));
    assert_false(napi_threads_have(&threads, &(struct napi_thread){.pid = 20, .started = 7}));
    assert_false(napi_threads_have(&threads, &(struct napi_thread){.pid = 15, .started = 6}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_name_is_matched),
        cmocka_unit_test(test_name_that_begins_another_is_not_matched),
        cmocka_unit_test(test_cut_name_is_matched_as_far_as_it_goes),
        cmocka_unit_test(test_pid_used_again_is_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
