// SPDX-License-Identifier: GPL-3.0-or-later
// linux/interference — see interference.h.
#include "linux/interference.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/cgroup_usage.h"

#define TEXT_MAX (8U << 20)
#define COLUMNS  4096 // CPUs of /proc/interrupts that are read

// The CPU of each column, from the first line: "           CPU0       CPU1". Returns their number.
static size_t read_columns(const char *text, unsigned columns[COLUMNS])
{
    size_t count = 0;
    const char *end = strchrnul(text, '\n');
    while (count < COLUMNS && (text = strstr(text, "CPU")) != NULL && text < end) {
        columns[count++] = (unsigned)strtoul(text + 3, NULL, 10);
        text += 3;
    }
    return count;
}

// The last word of a line, which names the device.
static void read_name(const char *line, size_t length, char ret[32])
{
    while (length > 0 && isspace((unsigned char)line[length - 1])) {
        length--;
    }
    size_t begin = length;
    while (begin > 0 && !isspace((unsigned char)line[begin - 1])) {
        begin--;
    }
    snprintf(ret, 32, "%.*s", (int)(length - begin), line + begin);
}

// A line "  27:      12      3   PCI-MSIX-0000:00:01.0   1-edge      virtio0-input.0". Those of
// timers and of other CPUs begin with letters.
static void read_line(const char *line, size_t length, const unsigned *columns, size_t column_count,
                      const struct cpu_list *cpus, struct interference *ret)
{
    char *at = NULL;
    (void)strtoul(line, &at, 10);
    if (at == line || *at != ':') {
        return;
    }
    struct device_interrupts device = {.counts = memory_new_array(uint64_t, cpus->count)};
    at++;
    for (size_t i = 0; i < column_count; i++) {
        char *end = NULL;
        uint64_t count = strtoull(at, &end, 10);
        if (end == at || end > line + length) {
            break;
        }
        for (size_t k = 0; k < cpus->count; k++) {
            device.counts[k] = cpus->cpus[k] == columns[i] ? count : device.counts[k];
        }
        at = end;
    }
    read_name(line, length, device.name);
    ret->devices =
        memory_resize(ret->devices, ret->device_count + 1, sizeof(struct device_interrupts));
    ret->devices[ret->device_count++] = device;
}

void interference_parse(const char *text, const struct cpu_list *cpus, struct interference *ret)
{
    _cleanup_free_ unsigned *columns = memory_new_array(unsigned, COLUMNS);
    size_t column_count = read_columns(text, columns);
    while (*(text = strchrnul(text, '\n')) != '\0' && text[1] != '\0') {
        text++;
        read_line(text, (size_t)(strchrnul(text, '\n') - text), columns, column_count, cpus, ret);
    }
}

void interference_take(const struct cpu_list *cpus, struct interference *ret)
{
    struct interference counts = {.throttled_ns = cgroup_throttled_ns()};
    struct rusage usage;
    _cleanup_free_ char *text = NULL;
    if (file_read("/proc/interrupts", TEXT_MAX, &text, NULL, NULL) == 0) {
        interference_parse(text, cpus, &counts);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        counts.major_faults = (uint64_t)usage.ru_majflt;
    }
    *ret = counts;
}

void interference_clear(struct interference *counts)
{
    for (size_t i = 0; i < counts->device_count; i++) {
        free(counts->devices[i].counts);
    }
    free(counts->devices);
    *counts = (struct interference){0};
}

struct interrupts_between interference_between(const struct interference *before,
                                               const struct interference *after, size_t cpu)
{
    struct interrupts_between ret = {0};
    uint64_t most = 0;
    for (size_t i = 0; i < after->device_count; i++) {
        // A device that came or went in between shifts the lines: it is not counted.
        const struct device_interrupts *now = &after->devices[i];
        const struct device_interrupts *then =
            i < before->device_count ? &before->devices[i] : NULL;
        if (then == NULL || !text_equal(then->name, now->name) ||
            now->counts[cpu] <= then->counts[cpu]) {
            continue;
        }
        uint64_t count = now->counts[cpu] - then->counts[cpu];
        ret.count += count;
        if (count > most) {
            most = count;
            memcpy(ret.busiest, now->name, sizeof ret.busiest);
        }
    }
    return ret;
}
