// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/cleanup — removes what dead runs left, by their records and nothing else. Called at every
// start of a run and by `vrbench cleanup`; life.c uses the part that gives interfaces back.
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/process.h"
#include "testbed/allocation.h"
#include "testbed/handover.h"
#include "testbed/nic.h"
#include "testbed/parts.h"
#include "testbed/platform_allocation.h"
#include "testbed/tasks.h"

#define END_WITHIN_NS (5U * NS_PER_S)

// Gives one interface back from wherever it had got to: its node, the host on its way there, or
// still (again) at home but not as it was.
static int return_nic(const struct record *record, const json_t *entry, const struct netns *home,
                      struct error *err)
{
    const json_t *nics = json_object_get(record->content, "nics");
    const json_t *described = json_object_get(entry, "nic");
    const char *node = json_string_value(json_object_get(entry, "node"));
    const char *lasting = json_string_value(json_object_get(entry, "lasting")); // linux/napi.h
    const char *nodes[] = {node, "host", node, "host"};
    const char *names[] = {json_string_value(json_object_get(entry, "name")),
                           json_string_value(json_object_get(entry, "host_name")), lasting,
                           lasting};
    handover_clear_name(home, nics, entry);
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        if (nodes[i] == NULL || names[i] == NULL) {
            continue;
        }
        _cleanup_free_ char *pin = testbed_pin(record, nodes[i]);
        struct netns *from = NULL;
        struct link_info info;
        if (netns_open(pin, &from, NULL) < 0) {
            continue; // not made yet
        }
        bool here = link_find(from, names[i], &info, NULL) == 0;
        int rc = here ? nic_give_back(from, names[i], home, described, err) : 0;
        netns_close(from);
        if (here) {
            return rc;
        }
    }
    // Not taken yet, or only half, or half given back already; or a machine had its device.
    int rc = handover_is_noted(entry) ? handover_await(home, nics, entry, err) : 0;
    return rc < 0 ? rc : nic_restore(home, described, err);
}

bool testbed_lends_devices(const struct record *record)
{
    size_t i = 0;
    json_t *entry = NULL;
    bool lends = false;
    json_array_foreach(json_object_get(record->content, "nics"), i, entry)
    {
        lends |= handover_is_noted(entry);
    }
    return lends;
}

static void return_some(const struct record *record, const json_t *nics, bool devices,
                        const struct netns *home, struct error *err)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(nics, i, entry)
    {
        struct error why = ERROR_INIT;
        if (handover_is_noted(entry) == devices && return_nic(record, entry, home, &why) < 0) {
            log_warning("testbed", "%s", why.text);
            error_move(err, &why);
        }
        error_clear(&why);
    }
}

void testbed_return_nics(const struct record *record, struct error *err)
{
    const json_t *nics = json_object_get(record->content, "nics");
    if (json_array_size(nics) == 0) {
        return;
    }
    _cleanup_free_ char *pin = testbed_pin(record, "home");
    struct netns *home = NULL;
    if (netns_open(pin, &home, err) < 0) {
        return;
    }
    // Those first that machines had: until they have their own names back they may hold others'.
    return_some(record, nics, true, home, err);
    return_some(record, nics, false, home, err);
    netns_close(home);
}

// Adds the inode numbers of the namespaces that a record pins, but the one it was made from.
static size_t pinned_namespaces(const struct record *record, ino_t **ret)
{
    size_t count = 0;
    _cleanup_closedir_ DIR *directory = opendir(record->directory);
    for (struct dirent *entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;) {
        struct stat st;
        if (text_starts(entry->d_name, NETNS_PIN_PREFIX) &&
            fstatat(dirfd(directory), entry->d_name, &st, 0) == 0) {
            *ret = memory_resize(*ret, count + 1, sizeof **ret);
            (*ret)[count++] = st.st_ino;
        }
    }
    return count;
}

static bool lives_in(const char *process, const ino_t *namespaces, size_t count)
{
    _cleanup_free_ char *path = text_format("/proc/%s/ns/net", process);
    struct stat st;
    if (stat(path, &st) < 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (namespaces[i] == st.st_ino) {
            return true;
        }
    }
    return false;
}

int testbed_end_processes(const struct record *record, struct error *err)
{
    _cleanup_free_ ino_t *namespaces = NULL;
    size_t count = pinned_namespaces(record, &namespaces);
    _cleanup_closedir_ DIR *processes = count == 0 ? NULL : opendir("/proc");
    int rc = 0;
    for (struct dirent *entry = NULL; processes != NULL && (entry = readdir(processes)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 1 || pid == getpid() || !lives_in(entry->d_name, namespaces, count)) {
            continue;
        }
        _cleanup_close_ int process = process_open(pid, process_start_time(pid), NULL);
        // Looked at again: the number could have passed to another in between.
        if (process >= 0 && lives_in(entry->d_name, namespaces, count)) {
            int killed = process_kill(process, END_WITHIN_NS, err);
            rc = rc < 0 ? rc : killed;
        }
    }
    return rc;
}

// What the platform made outside of the testbed's namespaces and folder.
static int clean_up_platform(struct record *record, struct error *err)
{
    const char *uri = json_string_value(json_object_get(record->content, "platform"));
    _cleanup_free_ char *pin = testbed_pin(record, "home");
    struct platform *platform = NULL;
    struct netns *home = NULL;
    int rc = uri == NULL ? 0 : platform_open(uri, &platform, err);
    int restored = rc == 0 && platform != NULL ? platform_restore_host(platform, record, err) : 0;
    if (rc == 0 && platform != NULL && platform->ops->clean_up != NULL) {
        (void)netns_open(pin, &home, NULL);
        rc = platform->ops->clean_up(platform, record->id, record->directory, home,
                                     restored < 0 ? NULL : err);
        netns_close(home);
    }
    platform_close(platform);
    return restored < 0 ? restored : rc;
}

static int remove_dead(struct record *record, struct error *err)
{
    _cleanup_free_ char *id = text_copy(record->id);
    struct task_list tasks = {0};
    task_list_from_json(json_object_get(record->content, "threads"), &tasks);
    // Devices come back from machines that have ended; interfaces, from namespaces that haven't.
    bool machines_first = testbed_lends_devices(record);
    int rc = machines_first ? clean_up_platform(record, err) : 0;
    testbed_return_nics(record, NULL);
    if (rc == 0 && !machines_first) {
        rc = clean_up_platform(record, err);
    }
    if (rc == 0) {
        rc = testbed_end_processes(record, err);
    }
    if (rc == 0) {
        rc = testbed_remove_groups(record, tasks.pids, tasks.count, err);
    }
    if (rc < 0) {
        record_forget(record);
    } else {
        rc = record_remove(record, err);
    }
    if (rc == 0) {
        rc = task_list_await_gone(&tasks, err);
    }
    task_list_clear(&tasks);
    if (rc < 0) {
        error_context(err, "cleaning up after the dead run %s", id);
        return rc;
    }
    log_note("cleanup", "removed what run %s had left", id);
    return 0;
}

int testbed_clean_up_dead(unsigned *ret_removed, struct error *err)
{
    unsigned removed = 0;
    char **ids = NULL;
    size_t count = 0;
    int rc = record_list(&ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct record *record = NULL;
        if (record_take_dead(ids[i], &record) == 1) {
            rc = remove_dead(record, err);
            removed += rc == 0;
        }
    }
    record_free_ids(ids, count);
    record_remove_strays();
    if (rc == 0 && ret_removed != NULL) {
        *ret_removed = removed;
    }
    return rc;
}
