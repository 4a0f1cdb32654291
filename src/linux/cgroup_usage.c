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

int cgroup_usage_find(pid_t process, char **ret_path, struct error *err)
{
    _cleanup_free_ char *listing = text_format("/proc/%d/cgroup", (int)process);
    for (int version = 1; version <= 2; version++) {
        _cleanup_free_ char *text = NULL;
        int rc = file_read(listing, TEXT_MAX, &text, NULL, err);
        if (rc < 0) {
            return rc;
        }
        const char *path = NULL;
        char *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line != NULL && path == NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            path = path_in(line, version == 1 ? CONTROLLER : NULL);
        }
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
