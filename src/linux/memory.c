// SPDX-License-Identifier: GPL-3.0-or-later
// linux/memory — see memory.h. Called by testbed/ while building.
#include "linux/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"

#define SETTLE_NS       (20U * NS_PER_MS)
#define SETTLE_READINGS 50
#define SETTLED_AFTER   3 // successive readings not below the minimum

int memory_parse_kernel_bytes(const char *meminfo, uint64_t *ret, struct error *err)
{
    static const char *const parts[] = {"\nSUnreclaim:", "\nPercpu:", "\nVmallocUsed:"};
    uint64_t kib = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *line = strstr(meminfo, parts[i]);
        if (line == NULL) {
            return fail(err, 0, "/proc/meminfo has no %s", parts[i] + 1);
        }
        char *end = NULL;
        kib += strtoull(line + strlen(parts[i]), &end, 10);
        if (strncmp(end, " kB", 3) != 0) {
            return fail(err, 0, "/proc/meminfo: unexpected content at %s", parts[i] + 1);
        }
    }
    *ret = kib * 1024U;
    return 0;
}

int memory_kernel_bytes(uint64_t *ret, struct error *err)
{
    _cleanup_free_ char *nothing = NULL;
    (void)file_read("/proc/sys/vm/stat_refresh", 64, &nothing, NULL, NULL);
    _cleanup_free_ char *text = NULL;
    int rc = file_read("/proc/meminfo", 65536, &text, NULL, err);
    return rc < 0 ? rc : memory_parse_kernel_bytes(text, ret, err);
}

int memory_kernel_bytes_settled(uint64_t *ret, struct error *err)
{
    uint64_t least = UINT64_MAX;
    unsigned steady = 0;
    for (unsigned i = 0; i < SETTLE_READINGS && steady < SETTLED_AFTER; i++) {
        uint64_t now = 0;
        int rc = memory_kernel_bytes(&now, err);
        if (rc < 0) {
            return rc;
        }
        steady = now < least ? 0 : steady + 1;
        least = now < least ? now : least;
        *ret = now;
        rc = stop_sleep(SETTLE_NS, err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}
