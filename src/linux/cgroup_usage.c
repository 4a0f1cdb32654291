// SPDX-License-Identifier: GPL-3.0-or-later
// linux/cgroup_usage — see cgroup_usage.h. Called by machine/lxc.
#include "linux/cgroup_usage.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/mounts.h"

#define CONTROLLER "cpuacct"
#define TEXT_MAX   65536

// Whether a comma-separated list contains a word.
static bool lists(const char *list, size_t length, const char *word)
{
    const char *end = list + length;
    while (list < end) {
        size_t width = strcspn(list, ",:");
        if (width == strlen(word) && strncmp(list, word, width) == 0) {
            return true;
        }
        list += width + 1;
    }
    return false;
}

// Returns the path in a line "3:cpu,cpuacct:/machine/x" of /proc/PID/cgroup, or NULL if the line
// has another controller. With `controller` NULL, the path of version 2's line "0::/machine/x".
static const char *path_in(const char *line, const char *controller)
{
    const char *list = strchr(line, ':');
    const char *path = list == NULL ? NULL : strchr(list + 1, ':');
    if (path == NULL) {
        return NULL;
    }
    size_t length = (size_t)(path - list) - 1;
    bool wanted = controller == NULL ? length == 0 : lists(list + 1, length, controller);
    return wanted ? path + 1 : NULL;
}

// The path of a control group in the text of /proc/PID/cgroup: the line that path_in() accepts.
// NULL if there is none. Cuts the text into lines.
static const char *find_path(char *text, const char *controller)
{
    char *rest = NULL;
    const char *path = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL && path == NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        path = path_in(line, controller);
    }
    return path;
}

int cgroup_usage_find(pid_t process, char **ret_path, struct error *err)
{
    _cleanup_free_ char *listing = text_format("/proc/%d/cgroup", (int)process);
    for (int version = 1; version <= 2; version++) {
        _cleanup_free_ char *text = NULL;
        int rc = file_read(listing, TEXT_MAX, &text, NULL, err);
        if (rc < 0) {
            return rc;
        }
        const char *path = find_path(text, version == 1 ? CONTROLLER : NULL);
        _cleanup_free_ char *mount = path == NULL   ? NULL
                                     : version == 2 ? mounts_find("cgroup2", NULL, NULL)
                                                    : mounts_find("cgroup", CONTROLLER, NULL);
        if (mount == NULL || strcmp(path, "/") == 0) {
            continue;
        }
        _cleanup_free_ char *file =
            text_format("%s%s/%s", mount, path, version == 1 ? "cpuacct.usage" : "cpu.stat");
        if (access(file, R_OK) == 0) {
            *ret_path = steal_pointer(&file);
            return 0;
        }
    }
    return fail(err, ENOENT, "the control group that counts the CPU time of process %d",
                (int)process);
}

char *cgroup_usage_members(const char *path)
{
    const char *slash = strrchr(path, '/');
    return text_format("%.*s/cgroup.procs", slash == NULL ? 0 : (int)(slash - path), path);
}

int cgroup_usage_read(const char *path, uint64_t *ret_ns, struct error *err)
{
    static const char key[] = "usage_usec ";
    _cleanup_free_ char *text = NULL;
    char *end = NULL;
    int rc = file_read(path, TEXT_MAX, &text, NULL, err);
    if (rc < 0) {
        return rc;
    }
    const char *found = strstr(text, key);
    const char *digits = found == NULL ? text : found + strlen(key);
    errno = 0;
    uint64_t number = strtoull(digits, &end, 10);
    if (errno != 0 || end == digits || *end != '\n') {
        return fail(err, EINVAL, "%s", path);
    }
    *ret_ns = found == NULL ? number : number * NS_PER_US;
    return 0;
}

// The number after a word at the begin of a line; 0 if there is none.
static uint64_t number_after(const char *text, const char *word)
{
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        if (strncmp(line, word, strlen(word)) == 0) {
            return strtoull(line + strlen(word), NULL, 10);
        }
    }
    return 0;
}

// The time of the group of a path below a mount point, and of those above it.
static uint64_t throttled_below(const char *mount, const char *path)
{
    uint64_t sum_ns = 0;
    _cleanup_free_ char *group = text_copy(path);
    char *slash = NULL;
    while ((slash = strrchr(group, '/')) != NULL && slash[1] != '\0') {
        _cleanup_free_ char *file = text_format("%s%s/cpu.stat", mount, group);
        _cleanup_free_ char *text = NULL;
        if (file_read(file, TEXT_MAX, &text, NULL, NULL) == 0) {
            sum_ns += number_after(text, "throttled_time ");
            sum_ns += number_after(text, "throttled_usec ") * NS_PER_US;
        }
        *slash = '\0';
    }
    return sum_ns;
}

uint64_t cgroup_throttled_ns(void)
{
    uint64_t sum_ns = 0;
    for (int version = 1; version <= 2; version++) {
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *mount =
            version == 1 ? mounts_find("cgroup", "cpu", NULL) : mounts_find("cgroup2", NULL, NULL);
        if (mount != NULL && file_read("/proc/self/cgroup", TEXT_MAX, &text, NULL, NULL) == 0) {
            const char *path = find_path(text, version == 1 ? "cpu" : NULL);
            sum_ns += path == NULL ? 0 : throttled_below(mount, path);
        }
    }
    return sum_ns;
}
