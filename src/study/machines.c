// SPDX-License-Identifier: GPL-3.0-or-later
// study/machines — see machines.h.
#include "study/machines.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "result/platform_facts.h"
#include "run/job.h"

#define START_S        6.0  // time until an emulated machine forwards
#define SEARCH_S       10.0 // time to find the loads of a length, in addition to that on namespaces
#define BESIDE_BYTES   (64ULL << 20) // memory of a hypervisor's process in addition to its machine's
#define MEMORY_DEFAULT (128ULL << 20)
#define MEMINFO_MAX    ((size_t)1 << 16)

const struct timing timing_machines = {.name = "machines",
                                       .attempts = JOB_ATTEMPTS,
                                       .loads = 8,
                                       .sweep = "2 s",
                                       .trial = "2 s",
                                       .repeats = 5,
                                       .watch = "15 s",
                                       .watches = 5};
const struct timing timing_machines_quick = {.name = "machines-quick",
                                             .quick = true,
                                             .attempts = JOB_ATTEMPTS_QUICK,
                                             .loads = 4,
                                             .sweep = "400 ms",
                                             .trial = "400 ms",
                                             .repeats = 3,
                                             .watch = "6 s",
                                             .watches = 3};

bool machines_are_made_by(const char *platform)
{
    struct platform_facts facts;
    platform_facts_of_name(platform, &facts);
    bool machines = facts.kind == PLATFORM_MACHINES;
    platform_facts_clear(&facts);
    return machines;
}

const struct timing *machines_timing(const struct timing *asked, const char *platform)
{
    if (!machines_are_made_by(platform) || asked == &timing_study) {
        return asked;
    }
    return asked->quick ? &timing_machines_quick : &timing_machines;
}

double machines_overhead(const struct timing *timing, size_t testbeds, unsigned routers,
                         size_t searches)
{
    if (timing != &timing_machines && timing != &timing_machines_quick) {
        return 0.0;
    }
    return (double)testbeds * routers * START_S + (double)searches * SEARCH_S;
}

// MemAvailable of /proc/meminfo in bytes; 0 if it cannot be read.
static uint64_t available_bytes(void)
{
    _cleanup_free_ char *text = NULL;
    if (file_read("/proc/meminfo", MEMINFO_MAX, &text, NULL, NULL) < 0) {
        return 0;
    }
    const char *line = strstr(text, "MemAvailable:");
    return line == NULL ? 0 : strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024;
}

int machines_check_memory(const struct scenario *scenario, struct error *err)
{
    if (!machines_are_made_by(scenario->platform)) {
        return 0;
    }
    uint64_t need = 0;
    for (size_t i = 0; i < scenario->router_count; i++) {
        uint64_t asked = scenario->routers[i].memory_bytes;
        need += (asked == 0 ? MEMORY_DEFAULT : asked) + BESIDE_BYTES;
    }
    uint64_t available = available_bytes();
    if (available > 0 && need > available) {
        return fail_lacking(
            err,
            "%zu machines require about %llu MiB of memory, but %llu are available: "
            "end other programs that use memory, or add memory",
            scenario->router_count, (unsigned long long)(need >> 20),
            (unsigned long long)(available >> 20));
    }
    return 0;
}

// Verdicts that emulation alone can cause. A verdict against the direction of its effect stands: a
// host that takes much CPU beside slowed-down routers would take more beside real ones.
static const struct {
    unsigned claim;
    bool confirmed, refuted;
    const char *why;
} spoilt[] = {
    {1, false, true,
     "emulation multiplies a router's CPU time, so the host's share of "
     "it is small whatever bridging costs"},
    {2, true, false,
     "emulation multiplies the work for each packet, but not the copying of its "
     "bytes, so short packets cost more CPU whatever a real machine does"},
    {4, true, true,
     "the emulator saturates before the bridging host, so the host's overload is not seen"},
    {5, false, true,
     "a delayed emulated router takes more packets at a time, each for less CPU, so "
     "its use without a cap is more than its need"},
    {7, true, false,
     "emulated routers forward far less than the tester can send, so its limit does not "
     "bound them"},
    {8, false, true,
     "the emulator allocates memory for translated code, which a real machine "
     "does not"},
};

const char *machines_spoil(unsigned claim, enum claim_verdict verdict)
{
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        if (spoilt[i].claim == claim && ((verdict == CLAIM_CONFIRMED && spoilt[i].confirmed) ||
                                         (verdict == CLAIM_REFUTED && spoilt[i].refuted))) {
            return spoilt[i].why;
        }
    }
    return NULL;
}
