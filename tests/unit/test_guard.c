// SPDX-License-Identifier: GPL-3.0-or-later
// tests of run/guard — every setting that determines a measurement prevents a resume as another
// one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "run/guard.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

static const char SCENARIO[] =
    "name: x\nplatform: qemu:///system\n"
    "routers:\n  r1: { daemon: bird, config: r1.conf }\n"
    "  r2: { image: r2.img, setup: { cloud_init: r2.user } }\n"
    "  r3: { image: r2.img, setup: { serial: r3.script } }\n"
    "networks: { NET0: { router: r1 }, NET1: { router: r2 }, NET2: { router: r3 } }\n"
    "traffic: { lengths: [64], rates: { pps: [300] } }\n";

static const char *const files[] = {"x.yaml", "r1.conf", "r2.img", "r2.user", "r3.script"};

struct place {
    char folder[32];
    json_t *guard; // of the scenario as written
};

static void write_file(const struct place *place, const char *name, const char *text)
{
    _cleanup_free_ char *path = text_format("%s/%s", place->folder, name);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
}

static struct scenario *read_scenario(const struct place *place, const char *engine)
{
    _cleanup_free_ char *path = text_format("%s/x.yaml", place->folder);
    _cleanup_error_ struct error err = ERROR_INIT;
    struct scenario *scenario = NULL;
    if (scenario_read_for(path, engine, 2, &scenario, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return scenario;
}

static int write_all(void **state)
{
    struct place *place = memory_new(1, sizeof *place);
    strcpy(place->folder, "/tmp/vrbench-guard-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_file(place, files[i], i == 0 ? SCENARIO : files[i]);
    }
    _cleanup_scenario_ struct scenario *scenario = read_scenario(place, NULL);
    const struct job job = {.scenario = scenario, .folder = "out"};
    place->guard = guard_make(&job);
    *state = place;
    return 0;
}

static int remove_all(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *path = text_format("%s/%s", place->folder, files[i]);
        unlink(path);
    }
    rmdir(place->folder);
    json_decref(place->guard);
    free(place);
    return 0;
}

static void assert_refused(const struct place *place, const struct job *job, const char *part)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_true(guard_check(job, place->guard, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    if (strstr(err.text, part) == NULL) {
        fail_msg("refused with \"%s\", not with \"%s\"", err.text, part);
    }
}

static void test_same_scenario_goes_on(void **state)
{
    const struct place *place = *state;
    _cleanup_scenario_ struct scenario *scenario = read_scenario(place, NULL);
    const struct job job = {.scenario = scenario, .folder = "out", .resume = true};
    _cleanup_error_ struct error err = ERROR_INIT;
    if (guard_check(&job, place->guard, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_true(guard_check(&job, NULL, &err) < 0);
}

static void test_command_line_decides(void **state)
{
    const struct place *place = *state;
    _cleanup_scenario_ struct scenario *scenario = read_scenario(place, NULL);
    struct job job = {.scenario = scenario, .folder = "out", .quick = true};
    assert_refused(place, &job, "--quick");
    job = (struct job){.scenario = scenario, .folder = "out", .study_timing = true};
    assert_refused(place, &job, "--study-timing");
    scenario->topology_count--;
    job = (struct job){.scenario = scenario, .folder = "out"};
    assert_refused(place, &job, "topology dedicated: left out now, measured then");
    _cleanup_scenario_ struct scenario *other = read_scenario(place, "iperf");
    job = (struct job){.scenario = other, .folder = "out"};
    assert_refused(place, &job, "engine: iperf now, auto then");
}

static void test_every_file_decides(void **state)
{
    const struct place *place = *state;
    static const char *const parts[] = {"text of the scenario", "config of router r1",
                                        "image of router r2", "user data of router r2",
                                        "serial script of router r3"};
    for (size_t i = sizeof files / sizeof files[0]; i-- > 0;) {
        const char *was = i == 0 ? SCENARIO : files[i];
        _cleanup_free_ char *changed = text_format("%s# x\n", was);
        write_file(place, files[i], changed);
        _cleanup_scenario_ struct scenario *scenario = read_scenario(place, NULL);
        const struct job job = {.scenario = scenario, .folder = "out"};

        assert_refused(place, &job, parts[i]);
        write_file(place, files[i], was);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_scenario_goes_on, write_all, remove_all),
        cmocka_unit_test_setup_teardown(test_command_line_decides, write_all, remove_all),
        cmocka_unit_test_setup_teardown(test_every_file_decides, write_all, remove_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
