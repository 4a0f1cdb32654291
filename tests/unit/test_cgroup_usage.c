// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/cgroup_usage and linux/cgroup — CPU time as reported by control groups of both
// versions, and the quotas that they get. tests/net/lxc_life.sh tests that a group is found.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "linux/cgroup_usage.h"

#include <cmocka.h>

// What is read of a file with that text: its result, and the number.
static int read_text(const char *text, uint64_t *ret)
{
    char path[] = "/tmp/vrbench-test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    int rc = cgroup_usage_read(path, ret, NULL);
    unlink(path);
    return rc;
}

static void test_both_versions(void **state)
{
    (void)state;
    uint64_t ns = 0;
    assert_int_equal(read_text("1234567890123\n", &ns), 0);
    assert_int_equal(ns, 1234567890123ULL);
    assert_int_equal(read_text("usage_usec 4200\nuser_usec 4000\nsystem_usec 200\n", &ns), 0);
    assert_int_equal(ns, 4200000);
}

static void test_nonsense(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "\n",
                                        "x\n",
                                        "12x\n",
                                        "usage_usec \n",
                                        "12 13\n",
                                        "12",
                                        "usage_usec x\n",
                                        "99999999999999999999999\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t ns = 7;
        assert_true(read_text(texts[i], &ns) < 0);
        assert_int_equal(ns, 7);
    }
    uint64_t ns = 7;
    assert_true(cgroup_usage_read("/nonexistent/cpuacct.usage", &ns, NULL) < 0);
}

static void test_members(void **state)
{
    (void)state;
    _cleanup_free_ char *members = cgroup_usage_members("/sys/fs/cgroup/cpuacct/a/cpuacct.usage");
    assert_string_equal(members, "/sys/fs/cgroup/cpuacct/a/cgroup.procs");
}

// kernel/sched/core.c refuses quotas below 1 ms and periods above 1 s.
static void test_every_quota(void **state)
{
    (void)state;
    char folder[] = "/tmp/vrbench-test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    _cleanup_free_ char *path = text_format("%s/cpu.max", folder);
    const struct cgroup_tree tree = {.version = 2, .root = folder};
    for (unsigned percent = 1; percent <= 400; percent++) {
        fclose(fopen(path, "we"));
        assert_int_equal(cgroup_set_quota(&tree, ".", percent, NULL), 0);
        _cleanup_free_ char *text = NULL;
        assert_int_equal(file_read(path, 64, &text, NULL, NULL), 0);
        char *end = NULL;
        unsigned long quota_us = strtoul(text, &end, 10);
        unsigned long period_us = strtoul(end, NULL, 10);
        assert_true(quota_us >= 1000 && period_us >= 1000 && period_us <= 1000000);
        unsigned read = 0;
        assert_int_equal(cgroup_get_quota(&tree, ".", &read, NULL), 0);
        assert_int_equal(read, percent);
    }
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_versions),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_every_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
