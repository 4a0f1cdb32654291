// SPDX-License-Identifier: GPL-3.0-or-later
// linux/first_child — see first_child.h. Called by machine/netns, machine/daemon and
// testbed/converge.
#include "linux/first_child.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

// Parses name and parent from "PID (NAME) STATE PARENT …" (proc(5)).
static pid_t read_parent(const char *process, char ret_name[16])
{
    _cleanup_free_ char *path = text_format("/proc/%s/stat", process);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, 4096, &text, NULL, NULL) < 0) {
        return 0;
    }
    const char *name = strchr(text, '(');
    const char *end = strrchr(text, ')');
    if (name == NULL || end == NULL || strlen(end) < 4) {
        return 0;
    }
    snprintf(ret_name, 16, "%.*s", (int)(end - name - 1), name + 1);
    return (pid_t)strtol(end + 3, NULL, 10);
}

size_t first_children(pid_t first, struct first_child **ret)
{
    struct first_child *list = NULL;
    size_t count = 0;
    _cleanup_closedir_ DIR *processes = opendir("/proc");
    for (struct dirent *entry = NULL; processes != NULL && (entry = readdir(processes)) != NULL;) {
        struct first_child child = {.pid = (pid_t)strtol(entry->d_name, NULL, 10)};
        if (child.pid > 0 && read_parent(entry->d_name, child.name) == first) {
            list = memory_resize(list, count + 1, sizeof *list);
            list[count++] = child;
        }
    }
    *ret = list;
    return count;
}

int first_child_time(pid_t pid, uint64_t *ret_ns, struct error *err)
{
    clockid_t clock;
    struct timespec used;
    int rc = clock_getcpuclockid(pid, &clock);
    if (rc == 0 && clock_gettime(clock, &used) < 0) {
        rc = errno == EINVAL ? ESRCH : errno;
    }
    if (rc != 0) {
        return fail(err, rc, "CPU time of process %d", (int)pid);
    }
    *ret_ns = (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
    return 0;
}

uint64_t first_child_memory(pid_t pid)
{
    _cleanup_free_ char *path = text_format("/proc/%d/smaps_rollup", (int)pid);
    _cleanup_free_ char *text = NULL;
    const char *line =
        file_read(path, 65536, &text, NULL, NULL) < 0 ? NULL : strstr(text, "\nPss:");
    return line == NULL ? 0 : 1024U * strtoull(line + 5, NULL, 10);
}

void first_add_threads(pid_t pid, pid_t **list, size_t *count)
{
    _cleanup_free_ char *path = text_format("/proc/%d/task", (int)pid);
    _cleanup_closedir_ DIR *threads = opendir(path);
    for (struct dirent *entry = NULL; threads != NULL && (entry = readdir(threads)) != NULL;) {
        pid_t task = (pid_t)strtol(entry->d_name, NULL, 10);
        if (task > 0) {
            *list = memory_resize(*list, *count + 1, sizeof **list);
            (*list)[(*count)++] = task;
        }
    }
}

void first_last_words(const char *log, char ret[160])
{
    _cleanup_close_ int fd = open(log, O_RDONLY | O_CLOEXEC);
    char tail[512];
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t got = fd < 0 ? 0 : pread(fd, tail, sizeof tail, from);
    size_t end = got > 0 ? (size_t)got : 0;
    while (end > 0 && isspace((unsigned char)tail[end - 1])) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && tail[begin - 1] != '\n') {
        begin--;
    }
    size_t length = end - begin < 159 ? end - begin : 159;
    memcpy(ret, tail + begin, length);
    ret[length] = '\0';
    for (char *at = ret; *at != '\0'; at++) {
        *at = *at >= ' ' && *at <= '~' ? *at : '?';
    }
    if (length == 0) {
        snprintf(ret, 160, "nothing");
    }
}
