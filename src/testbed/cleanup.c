// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/cleanup — removes testbeds by their records and nothing else: those left by dead runs,
 * and standing ones. Requires no testbed that can be attached to. Called at every start of a run,
 * by `vrbench cleanup` and `vrbench down`; life.c uses the part that gives interfaces back.
 */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/first.h"
#include "linux/link.h"
#include "linux/memory.h"
#include "linux/process.h"
#include "linux/session.h"
#include "testbed/allocation.h"
#include "testbed/handover.h"
#include "testbed/loan.h"
#include "testbed/names.h"
#include "testbed/nic.h"
#include "testbed/parts.h"
#include "testbed/platform_allocation.h"
#include "testbed/standing.h"
#include "testbed/tasks.h"

#define END_WITHIN_NS   (5U * NS_PER_S)
#define LOOPBACK_INDEX  1
#define STATUS_MAX      (1U << 16)
#define ENVIRONMENT_MAX (4U << 20)

// Gives one interface back from wherever it is: its node, the host on the way there, or at home
// with changed settings. `ret_held` reports whether it is still in a namespace of the testbed.
static int return_nic(const struct record *record, const json_t *entry, const struct netns *home,
                      bool *ret_held, struct error *err)
{
    const json_t *nics = json_object_get(record->content, "nics");
    const json_t *described = json_object_get(entry, "nic");
    const char *node = json_string_value(json_object_get(entry, "node"));
    const char *lasting = json_string_value(json_object_get(entry, "lasting")); // see linux/napi.h
    const char *name = json_string_value(json_object_get(entry, "name"));
    const char *host_name = json_string_value(json_object_get(entry, "host_name"));
    const struct place {
        const char *node, *name;
        bool before; // of the node before its reboot, while a reboot is in progress
    } places[] = {{node, name, false},    {"host", host_name, false}, {node, name, true},
                  {node, lasting, false}, {"host", lasting, false},   {node, lasting, true}};
    handover_clear_name(home, nics, entry);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const struct place *at = &places[i];
        if (at->node == NULL || at->name == NULL) {
            continue;
        }
        _cleanup_free_ char *pin = at->before ? netns_pin_before(record->directory, at->node)
                                              : testbed_pin(record, at->node);
        struct netns *from = NULL;
        struct link_info info;
        if (netns_open(pin, &from, NULL) < 0) {
            continue; // not made yet
        }
        bool here = link_find(from, at->name, &info, NULL) == 0;
        int rc = here ? nic_give_back(from, at->name, home, described, err) : 0;
        *ret_held = rc < 0 && link_find(from, at->name, &info, NULL) == 0;
        netns_close(from);
        if (here) {
            return rc;
        }
    }
    // Not taken yet, or partly taken or given back; or a machine had its device.
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

// Appends the entries of those that could not be given back to `left`.
static int return_some(const struct record *record, const json_t *nics, bool devices,
                       const struct netns *home, json_t *left, struct error *err)
{
    size_t i = 0;
    json_t *entry = NULL;
    int held = 0;
    json_array_foreach(nics, i, entry)
    {
        struct error why = ERROR_INIT;
        bool here = false;
        if (handover_is_noted(entry) != devices) {
            continue;
        }
        int rc = return_nic(record, entry, home, &here, &why);
        if (rc < 0) {
            log_warning("testbed", "%s", why.text);
            error_move(err, &why);
            json_array_append(left, entry);
        }
        held = here ? rc : held;
        error_clear(&why);
    }
    return held;
}

int testbed_return_nics(struct record *record, struct error *err)
{
    const json_t *nics = json_object_get(record->content, "nics");
    if (json_array_size(nics) == 0) {
        return 0;
    }
    _cleanup_free_ char *pin = testbed_pin(record, "home");
    struct netns *home = NULL;
    if (netns_open(pin, &home, err) < 0) {
        return 0;
    }
    // Those of machines first: until they have their own names back they may have the names of
    // others.
    json_t *left = json_array();
    int held = return_some(record, nics, true, home, left, err);
    int rest = return_some(record, nics, false, home, left, err);
    netns_close(home);
    bool returned = json_array_size(left) < json_array_size(nics);
    json_object_set_new(record->content, "nics", left);
    if (returned) {
        // The next cleanup must not reset what the user has since set.
        (void)record_write(record, NULL);
    }
    return held < 0 ? held : rest;
}

// ---- processes

// The inode numbers of the namespaces that a record pins for nodes: all, or that of `node` only.
static size_t pinned_namespaces(const struct record *record, const char *node, ino_t **ret)
{
    size_t count = 0;
    _cleanup_closedir_ DIR *directory = opendir(record->directory);
    for (struct dirent *entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;) {
        struct stat st;
        if (text_starts(entry->d_name, NETNS_PIN_PREFIX) &&
            (node == NULL || text_equal(entry->d_name + strlen(NETNS_PIN_PREFIX), node)) &&
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

// Whether a process is the first process of a node (linux/first.h). All processes started inside
// share its PID namespace and end with it.
static bool is_first(const char *process)
{
    _cleanup_free_ char *path = text_format("/proc/%s/status", process);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, STATUS_MAX, &text, NULL, NULL) < 0 ||
        !text_starts(text, "Name:\t" FIRST_NAME_PREFIX)) {
        return false;
    }
    // Its PIDs from this PID namespace inwards: proc_pid_status(5).
    const char *numbers = strstr(text, "\nNSpid:");
    const char *end = numbers == NULL ? NULL : strchr(numbers + 1, '\n');
    return end != NULL && end - numbers > 2 && end[-2] == '\t' && end[-1] == '1';
}

// Whether a process has the mark of the testbed's consoles (linux/session.h) in its environment.
static bool is_marked(const char *process, const char *id)
{
    _cleanup_free_ char *mark = text_format(SESSION_TESTBED "=%s", id);
    _cleanup_free_ char *path = text_format("/proc/%s/environ", process);
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    if (file_read(path, ENVIRONMENT_MAX, &text, &length, NULL) < 0) {
        return false;
    }
    for (size_t at = 0; at < length; at += strlen(text + at) + 1) {
        if (text_equal(text + at, mark)) {
            return true;
        }
    }
    return false;
}

// Whether an interface in a node is a lent one that could not be given back.
static bool is_lent(const struct record *record, const char *name)
{
    static const char *const keys[] = {"name", "host_name", "lasting"};
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(record->content, "nics"), i, entry)
    {
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            const char *called = json_string_value(json_object_get(entry, keys[k]));
            if (called != NULL && text_equal(called, name)) {
                return true;
            }
        }
    }
    return false;
}

static void delete_links_in(const struct record *record, const struct netns *ns)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    struct if_nameindex *links = netns_visit(ns, &visit, NULL) < 0 ? NULL : if_nameindex();
    for (size_t i = 0; links != NULL && links[i].if_index != 0; i++) {
        if (links[i].if_index != LOOPBACK_INDEX && !is_lent(record, links[i].if_name)) {
            (void)link_delete(ns, (int)links[i].if_index,
                              NULL); // its peer may have been deleted first
        }
    }
    if_freenameindex(links);
}

// Deletes the interfaces of all nodes. The kernel does so when a namespace ends, but not while a
// process of another program is in it.
static void delete_links(const struct record *record)
{
    _cleanup_closedir_ DIR *directory = opendir(record->directory);
    for (struct dirent *entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;) {
        _cleanup_free_ char *pin = text_format("%s/%s", record->directory, entry->d_name);
        struct netns *ns = NULL;
        if (text_starts(entry->d_name, NETNS_PIN_PREFIX) && netns_open(pin, &ns, NULL) == 0) {
            delete_links_in(record, ns);
            netns_close(ns);
        }
    }
}

int testbed_end_processes(const struct record *record, const char *node, struct error *err)
{
    _cleanup_free_ ino_t *namespaces = NULL;
    size_t count = pinned_namespaces(record, node, &namespaces);
    _cleanup_closedir_ DIR *processes = count == 0 ? NULL : opendir("/proc");
    bool others = false;
    int rc = 0;
    for (struct dirent *entry = NULL; processes != NULL && (entry = readdir(processes)) != NULL;) {
        const char *name = entry->d_name;
        pid_t pid = (pid_t)strtol(name, NULL, 10);
        if (pid <= 1 || pid == getpid() || process_is_kernels(pid) ||
            !lives_in(name, namespaces, count)) {
            continue;
        }
        _cleanup_close_ int process = process_open(pid, process_start_time(pid), NULL);
        // Checked after opening, because the PID could have been reused before. A process of
        // another program, such as one that reads counters, may be here for a moment.
        if (process < 0 || !lives_in(name, namespaces, count)) {
            continue;
        }
        if (!is_first(name) && !is_marked(name, record->id)) {
            others = true;
            continue;
        }
        int killed = process_kill(process, END_WITHIN_NS, err);
        rc = rc < 0 ? rc : killed;
    }
    if (others && node == NULL) {
        delete_links(record);
    }
    return rc;
}

// ---- platforms

// Removes what the platform made outside of the testbed's namespaces and folder.
static int clean_up_platform(struct record *record, struct error *err)
{
    const char *uri = json_string_value(json_object_get(record->content, "platform"));
    _cleanup_free_ char *pin = testbed_pin(record, "home");
    struct platform *platform = NULL;
    struct netns *home = NULL;
    int rc = uri == NULL ? 0 : platform_open(uri, &platform, err);
    int restored = rc == 0 && platform != NULL ? platform_restore_host(platform, record, err) : 0;
    if (rc == 0 && platform != NULL) {
        (void)netns_open(pin, &home, NULL);
        rc = platform->ops->clean_up(platform, record->id, record->directory, home,
                                     restored < 0 ? NULL : err);
        netns_close(home);
    }
    platform_close(platform);
    return restored < 0 ? restored : rc;
}

// ---- removing one

// If the directory of a record made in another mount namespace can be reached through a process of
// the testbed there, uses that path from here on.
static void reach_directory(struct record *record)
{
    const json_t *maker = json_object_get(record->content, "maker");
    const json_t *routers = json_object_get(record->content, "routers");
    for (size_t i = 0; i <= json_array_size(routers) && record_is_elsewhere(record); i++) {
        const json_t *described =
            i == 0 ? NULL : json_object_get(json_array_get(routers, i - 1), "platform");
        const json_t *pid = i == 0 ? json_array_get(maker, 0) : json_object_get(described, "first");
        const json_t *started =
            i == 0 ? json_array_get(maker, 1) : json_object_get(described, "first_started");
        _cleanup_close_ int process = process_open((pid_t)json_integer_value(pid),
                                                   (uint64_t)json_integer_value(started), NULL);
        if (process < 0) {
            continue;
        }
        char *path =
            text_format("/proc/%d/root%s", (int)json_integer_value(pid), record->directory);
        char *own = record->directory;
        record->directory = path;
        _cleanup_free_ char *home = testbed_pin(record, "home");
        if (access(home, F_OK) == 0) {
            free(own);
            return;
        }
        record->directory = own;
        free(path);
    }
}

// Continues with the other steps after a failure; returns the first failure.
static int undo(struct record *record, const struct task_list *tasks, struct error *err)
{
    session_restore(json_object_get(record->content, "session"));
    names_remove(record);
    // Devices come back from ended machines; interfaces, from namespaces that still exist.
    bool machines_first = testbed_lends_devices(record);
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = machines_first ? clean_up_platform(record, err) : 0;
    int held = testbed_return_nics(record, &why);
    if (held < 0) {
        error_move(err, &why);
        return held;
    }
    if (!machines_first) {
        rc = clean_up_platform(record, err);
    }
    int ended = testbed_end_processes(record, NULL, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : ended;
    return rc < 0 ? rc : testbed_remove_groups(record, tasks->pids, tasks->count, err);
}

int testbed_remove_by_record(struct record *record, struct error *err)
{
    const char *name = json_string_value(json_object_get(record->content, "scenario"));
    _cleanup_free_ char *called = name == NULL ? text_format("testbed %s", record->id)
                                               : text_format("testbed %s (%s)", record->id, name);
    struct task_list tasks = {0};
    task_list_from_json(json_object_get(record->content, "threads"), &tasks);
    _cleanup_free_ char *directory = text_copy(record->directory);
    reach_directory(record);
    int rc = undo(record, &tasks, err);
    free(record->directory);
    record->directory = steal_pointer(&directory);
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
        error_context(err, "removing %s", called);
    }
    return rc;
}

int testbed_remove_standing(const char *id, struct error *err)
{
    struct record *record = NULL;
    int rc = record_open(id, &record, err);
    if (rc < 0) {
        return rc;
    }
    rc = record_take_over(record, END_WITHIN_NS, err);
    if (rc == 0) {
        // From here on it counts as a dead run's, if this process dies.
        json_object_set_new(record->content, "kept", json_false());
        rc = record_write(record, err);
    }
    if (rc < 0) {
        record_forget(record);
        return rc;
    }
    return testbed_remove_by_record(record, err);
}

// ---- removing all

void cleaning_clear(struct cleaning *cleaning)
{
    for (size_t i = 0; i < cleaning->left_count; i++) {
        free(cleaning->left[i].id);
        free(cleaning->left[i].why);
    }
    free(cleaning->left);
    *cleaning = (struct cleaning){0};
}

static void note_left(struct cleaning *cleaning, const char *id, const struct error *why)
{
    cleaning->left =
        memory_resize(cleaning->left, cleaning->left_count + 1, sizeof *cleaning->left);
    cleaning->left[cleaning->left_count++] =
        (struct cleaning_left){.id = text_copy(id), .why = text_copy(why->text)};
}

static void clean_one(const char *id, bool all, struct cleaning *cleaning)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct record *record = NULL;
    int rc = -ENOENT;
    if (record_take_dead(id, &record) == 1) {
        rc = testbed_remove_by_record(record, &why);
    } else if (all && record_open(id, &record, NULL) == 0) {
        bool kept = json_is_true(json_object_get(record->content, "kept"));
        record_forget(record);
        rc = kept ? testbed_remove_standing(id, &why) : -ENOENT;
    }
    if (rc == 0) {
        log_note("cleanup", "removed testbed %s", id);
        cleaning->removed++;
    } else if (why.text != NULL && rc != -ENOENT) {
        note_left(cleaning, id, &why);
    }
}

int testbed_clean_up(bool all, struct cleaning *ret, struct error *err)
{
    struct cleaning cleaning = {0};
    char **ids = NULL;
    size_t count = 0;
    int rc = record_list(&ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = stop_requested() ? fail_interrupted(err) : 0;
        if (rc == 0) {
            clean_one(ids[i], all, &cleaning);
        }
    }
    record_free_ids(ids, count);
    if (rc < 0) {
        cleaning_clear(&cleaning);
        return rc;
    }
    record_remove_strays();
    memory_charge_clean_up();
    *ret = cleaning;
    return 0;
}

int testbed_clean_up_dead(struct error *err)
{
    struct cleaning cleaning = {0};
    int rc = testbed_clean_up(false, &cleaning, err);
    for (size_t i = 0; i < cleaning.left_count; i++) {
        log_warning("cleanup", "what a dead run made is left: %s", cleaning.left[i].why);
    }
    cleaning_clear(&cleaning);
    return rc;
}
