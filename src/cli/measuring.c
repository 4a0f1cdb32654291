// SPDX-License-Identifier: GPL-3.0-or-later
// cli/measuring — see measuring.h.
#include "cli/measuring.h"

#include <time.h>

#include "base/cleanup.h"
#include "base/folder.h"
#include "base/text.h"
#include "face/agent.h"
#include "linux/rights.h"
#include "testbed/testbed.h"
#include "traffic/engine.h"

int measuring_add_goals(struct goal_list *list, const char *text, struct error *err)
{
    struct search_goal goals[GOALS_OF_A_NAME];
    size_t count = 0;
    int rc = goals_parse(text, goals, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        for (size_t k = 0; k < list->count; k++) {
            if (text_equal(list->items[k].name, goals[i].name)) {
                return fail_input(err, "--goal %s is given twice", text);
            }
        }
        if (list->count == GOALS_MOST) {
            return fail_input(err, "at most %u goals can be searched for at once", GOALS_MOST);
        }
        list->items[list->count++] = goals[i];
    }
    return rc;
}

int measuring_narrow(struct scenario *scenario, const struct text_list *topologies,
                     struct error *err)
{
    if (topologies->count == 0) {
        return 0;
    }
    bool wanted[TOPOLOGY_COUNT] = {false};
    for (size_t i = 0; i < topologies->count; i++) {
        enum topology topology = TOPOLOGY_DIRECT;
        if (topology_from_name(topologies->items[i], &topology) < 0) {
            return fail_input(err, "--topology: expected direct, bridged or dedicated, not \"%s\"",
                              topologies->items[i]);
        }
        wanted[topology] = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < scenario->topology_count; i++) {
        if (wanted[scenario->topologies[i]]) {
            scenario->topologies[kept++] = scenario->topologies[i];
        }
    }
    scenario->topology_count = kept;
    return kept > 0 ? 0
                    : fail_input(err, "scenario %s contains none of the requested topologies",
                                 scenario->name);
}

// Fails if a program that a scenario requires is missing.
static int check_programs(const struct scenario *scenario, struct error *err)
{
    int rc;
    if ((rc = engine_check(scenario->traffic.engine, err)) < 0 ||
        (scenario->method != METHOD_PRECISE && (rc = agent_check(err)) < 0) ||
        (rc = testbed_check_platform(scenario, false, err)) < 0) {
        return rc;
    }
    return testbed_check_daemons(scenario, err);
}

static int check_rights(struct error *err)
{
    int rc = rights_check(err);
    return rc < 0 ? rc : rights_check_settings(err);
}

int measuring_check_on(const struct scenario *scenario, struct error *err)
{
    int rc = check_rights(err);
    if (rc == 0 && scenario->method != METHOD_PRECISE) {
        rc = fail_input(err,
                        "scenario %s has method: %s, for which the testbed must be built: omit "
                        "--on, or use method: precise",
                        scenario->name, method_name(scenario->method));
    }
    rc = rc < 0 ? rc : engine_check(scenario->traffic.engine, err);
    return rc < 0 ? rc : testbed_clean_up_dead(err);
}

int measuring_check(struct scenario *const *scenarios, size_t count, bool even_default_route,
                    struct error *err)
{
    int rc = check_rights(err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = check_programs(scenarios[i], err);
    }
    if (rc < 0) {
        return rc;
    }
    rc = testbed_clean_up_dead(err); // gives interfaces back that a dead run was lent
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = testbed_check_links(scenarios[i], even_default_route, err);
    }
    return rc;
}

int measuring_check_output(const char *folder, struct error *err)
{
    return folder[0] != '\0' ? 0
                             : fail_input(err, "-o: the name of the folder for results is empty");
}

int measuring_folder_named(const char *name, char **ret, struct error *err)
{
    char when[32];
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &parts);
    _cleanup_free_ char *stem = text_format("%s-%s", name, when);
    return folder_make_new(stem, ret, err);
}

int measuring_folder(const struct scenario *scenario, char **ret, struct error *err)
{
    return measuring_folder_named(scenario->name, ret, err);
}
