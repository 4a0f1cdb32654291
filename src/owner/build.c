// SPDX-License-Identifier: GPL-3.0-or-later
// owner/build — see build.h. Called by the jobs of requests.c, in separate threads.
#include "owner/build.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/image.h"
#include "testbed/handover.h"
#include "testbed/names.h"
#include "testbed/standing.h"

#define SETTINGS  "settings" // of a request and of a record
#define NAMESPACE "netns"    // of a request: the inode of the caller's network namespace

static const struct setting_row {
    const char *name;
    bool path; // of a file or folder
} setting_rows[] = {
    {IMAGE_VARIABLE, true}, {MACHINE_TYPE_VARIABLE, false}, {HANDOVER_FORCED, false}};
#define SETTING_COUNT (sizeof setting_rows / sizeof setting_rows[0])

// The owner works in another folder.
static char *absolute_path(const char *path)
{
    char here[PATH_MAX];
    return path[0] == '/' || getcwd(here, sizeof here) == NULL ? text_copy(path)
                                                               : text_format("%s/%s", here, path);
}

static json_t *note_settings(void)
{
    json_t *noted = json_object();
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *value = setting_get(setting_rows[i].name);
        _cleanup_free_ char *whole =
            value != NULL && setting_rows[i].path ? absolute_path(value) : NULL;
        if (value != NULL) {
            json_object_set_new(noted, setting_rows[i].name,
                                json_string(whole == NULL ? value : whole));
        }
    }
    return noted;
}

void build_settings(const json_t *object, struct settings *ret)
{
    const json_t *noted = json_object_get(object, SETTINGS);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *name = setting_rows[i].name;
        settings_add(ret, name, json_string_value(json_object_get(noted, name)));
    }
}

// Requests and jobs may run in threads; 0 = unknown.
static json_int_t own_namespace(void)
{
    struct stat st;
    return stat("/proc/thread-self/ns/net", &st) == 0 ? (json_int_t)st.st_ino : 0;
}

// Interfaces are checked by the caller and taken by the owner, which must find the same ones.
static int check_namespace(const json_t *request, const struct scenario *scenario,
                           enum topology topology, struct error *err)
{
    json_int_t callers = json_integer_value(json_object_get(request, NAMESPACE));
    const bool lends = topology != TOPOLOGY_DIRECT && scenario_lends(scenario);
    return !lends || callers == own_namespace()
               ? 0
               : fail(err, 0,
                      "links: the testbed owner runs in another network namespace, from which it "
                      "would take the interfaces; run vrbench up there (nsenter -t %d -n), or take "
                      "the owner's testbeds down before",
                      (int)getpid());
}

json_t *build_request(json_t *request, const struct scenario *scenario, enum topology topology,
                      const struct cpu_list *usable)
{
    json_object_set_new(request, "name", json_string(scenario->name));
    json_object_set_new(request, "scenario", scenario_note(scenario));
    json_object_set_new(request, "topology", json_string(topology_name(topology)));
    json_object_set_new(request, "usable", cpus_note(usable));
    json_object_set_new(request, SETTINGS, note_settings());
    json_object_set_new(request, NAMESPACE, json_integer(own_namespace()));
    return request;
}

int build_testbed(const json_t *request, struct testbed **ret, struct error *err)
{
    struct cpu_list usable;
    enum topology topology = TOPOLOGY_DIRECT;
    struct scenario *scenario = NULL;
    const char *name = json_string_value(json_object_get(request, "topology"));
    cpus_recall(json_object_get(request, "usable"), &usable);
    if (name == NULL || topology_from_name(name, &topology) < 0) {
        return fail_input(err, "the request contains no topology");
    }
    int rc = scenario_recall(json_object_get(request, "scenario"), (unsigned)usable.count,
                             &scenario, err);
    if (rc < 0) {
        return rc;
    }
    rc = check_namespace(request, scenario, topology, err);
    // In the owner, since some drivers of libvirt serve one process only.
    if (rc == 0) {
        rc = testbed_check_platform(scenario, false, err);
    }
    if (rc == 0) {
        rc = testbed_check_daemons(scenario, err);
    }
    if (rc < 0) {
        scenario_free(scenario);
        return rc;
    }
    json_t *kept = json_pack("{s:O?, s:O?, s:O?}", "uid", json_object_get(request, "uid"), SETTINGS,
                             json_object_get(request, SETTINGS), BUILD_MADE_FOR,
                             json_object_get(request, BUILD_MADE_FOR));
    if (json_is_true(json_object_get(request, "named"))) {
        json_object_set_new(kept, NAMES, json_object());
    }
    rc = testbed_stand(scenario, topology, &usable, kept, ret, err);
    json_decref(kept);
    return rc;
}
