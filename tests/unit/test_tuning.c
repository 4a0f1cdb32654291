// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/tuning: made-up files of /sys and /proc.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/tuning.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "own_folder.h"

static void write_below(const char *path, const char *text)
{
    _cleanup_free_ char *whole = path_of(path);
    _cleanup_free_ char *above = text_copy(whole);
    *strrchr(above, '/') = '\0';
    assert_int_equal(file_make_dirs(above, NULL), 0);
    assert_int_equal(file_replace(whole, text, strlen(text), NULL), 0);
}

static void test_a_server(void **state)
{
    (void)state;
    write_below("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    write_below("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
    write_below("sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n");
    write_below("sys/devices/system/cpu/cpufreq/boost", "0\n");
    write_below("sys/devices/system/cpu/smt/control", "off\n");
    write_below("sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
    write_below("sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
    write_below("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    write_below("proc/cpuinfo", "processor\t: 0\nmicrocode\t: 0xf4\nprocessor\t: 1\n");
    write_below("proc/cmdline", "quiet mitigations=auto\n");
    _cleanup_free_ char *root = path_of("");
    root[strlen(root) - 1] = '\0';
    struct tuning tuning;
    tuning_read(root, &tuning);
    assert_string_equal(tuning.governor, "powersave, performance");
    assert_string_equal(tuning.turbo, "off");
    assert_string_equal(tuning.smt, "off");
    assert_string_equal(tuning.mitigations, "l1tf: Not affected; meltdown: Mitigation: PTI");
    assert_string_equal(tuning.microcode, "0xf4");
    assert_string_equal(tuning.clock_source, "tsc");
    assert_string_equal(tuning.command_line, "quiet mitigations=auto");
    tuning_clear(&tuning);
    // intel_pstate's file means the opposite.
    write_below("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    tuning_read(root, &tuning);
    assert_string_equal(tuning.turbo, "on");
    tuning_clear(&tuning);
}

static void test_nothing_reported(void **state)
{
    (void)state;
    _cleanup_free_ char *root = path_of("nowhere");
    struct tuning tuning;
    tuning_read(root, &tuning);
    assert_null(tuning.governor);
    assert_null(tuning.turbo);
    assert_null(tuning.smt);
    assert_null(tuning.mitigations);
    assert_null(tuning.microcode);
    assert_null(tuning.clock_source);
    assert_null(tuning.command_line);
    tuning_clear(&tuning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_server),
        IN_FOLDER(test_nothing_reported),
    };
    return cmocka_run_group_tests_name("tuning", tests, NULL, NULL);
}
