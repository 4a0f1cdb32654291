// SPDX-License-Identifier: GPL-3.0-or-later
// doctor/quiet — see quiet.h.
#include "doctor/quiet.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "linux/heartbeat.h"

#define WAIT_LOOK_MS 2000U

static void look_at_times(struct quiet_look *look, const struct cpu_list *cpus,
                          const struct cpu_times *before, const struct cpu_times *after,
                          uint64_t own_ns)
{
    double window_ns = look->seconds * (double)NS_PER_S;
    double busy_ns = 0.0;
    for (size_t i = 0; i < cpus->count; i++) {
        double steal = 100.0 * (double)(after[i].steal_ns - before[i].steal_ns) / window_ns;
        look->steal_percent = steal > look->steal_percent ? steal : look->steal_percent;
        busy_ns += (double)(after[i].busy_ns - before[i].busy_ns);
    }
    double background = 100.0 * (busy_ns - (double)own_ns) / window_ns;
    look->background_percent = background > 0.0 ? background : 0.0;
}

static void look_at_stalls(struct quiet_look *look, const struct heartbeat_report *report)
{
    double window_ns = look->seconds * (double)NS_PER_S;
    uint64_t here_ns = 0;
    look->stalls = report->count;
    for (size_t i = 0; i < report->count; i++) {
        const struct heartbeat_stall *stall = &report->stalls[i];
        bool another = i > 0 && report->stalls[i - 1].cpu != stall->cpu;
        here_ns = (another ? 0 : here_ns) + stall->late_ns;
        double percent = 100.0 * (double)here_ns / window_ns;
        look->stalled_percent = percent > look->stalled_percent ? percent : look->stalled_percent;
        look->longest_stall_ns =
            stall->late_ns > look->longest_stall_ns ? stall->late_ns : look->longest_stall_ns;
    }
}

int quiet_look(unsigned ms, struct quiet_look *ret, struct error *err)
{
    struct cpu_list cpus;
    int rc = cpu_list_usable(&cpus, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ struct cpu_times *before = memory_new_array(struct cpu_times, cpus.count);
    _cleanup_free_ struct cpu_times *after = memory_new_array(struct cpu_times, cpus.count);
    _cleanup_usage_ struct usage_snapshot then = {0};
    _cleanup_usage_ struct usage_snapshot now = {0};
    _cleanup_heartbeat_report_ struct heartbeat_report report = {0};
    struct heartbeat *heartbeat = NULL;
    struct quiet_look look = {.cpus = cpus.count};
    // Threads require real-time priority.
    look.has_stalls = heartbeat_start(&cpus, HEARTBEAT_BY_THREAD, &heartbeat, NULL) == 0;
    uint64_t start_ns = clock_monotonic_ns();
    uint64_t own_ns = cpu_own_time();
    if ((rc = usage_take(&then, err)) == 0 && (rc = cpu_times_read(&cpus, before, err)) == 0 &&
        (rc = stop_sleep((uint64_t)ms * NS_PER_MS, err)) == 0 &&
        (rc = cpu_times_read(&cpus, after, err)) == 0) {
        rc = usage_take(&now, err);
    }
    look.seconds = (double)(clock_monotonic_ns() - start_ns) / (double)NS_PER_S;
    own_ns = cpu_own_time() - own_ns;
    heartbeat_end(heartbeat, &report);
    if (rc < 0) {
        return rc;
    }
    look_at_times(&look, &cpus, before, after, own_ns);
    look_at_stalls(&look, &report);
    look.culprit_count = usage_top(&then, &now, look.culprits, QUIET_CULPRITS);
    *ret = look;
    return 0;
}

bool quiet_is_given(const struct quiet_look *look)
{
    return look->background_percent <= QUIET_BACKGROUND && look->steal_percent <= QUIET_STEAL &&
           look->stalled_percent <= QUIET_STALLED;
}

char *quiet_culprits(const struct quiet_look *look)
{
    char *text = text_copy("");
    double named = 0.0;
    for (size_t i = 0; i < look->culprit_count; i++) {
        const struct usage_culprit *culprit = &look->culprits[i];
        double percent = 100.0 * (double)culprit->ns / (look->seconds * (double)NS_PER_S);
        named += percent;
        if (percent < 1.0) {
            break;
        }
        _cleanup_free_ char *name =
            text_printable(culprit->name[0] == '\0' ? "ended" : culprit->name);
        text_append(&text, ", ", "%s (pid %d) %.0f %%", name, (int)culprit->pid, percent);
    }
    // Processes that end while it is looked, as a compiler's, are not seen.
    if (named < look->background_percent / 2.0 && look->background_percent > QUIET_BACKGROUND) {
        text_append(&text, ", ", "most by short-lived processes");
    }
    return text;
}

char *quiet_disturbance(const struct quiet_look *look)
{
    char *text = text_copy("");
    if (look->background_percent > QUIET_BACKGROUND) {
        _cleanup_free_ char *culprits = quiet_culprits(look);
        text_append(&text, "; ", "other programs use %.0f %% of a CPU%s%s",
                    look->background_percent, culprits[0] == '\0' ? "" : ": ", culprits);
    }
    if (look->steal_percent > QUIET_STEAL) {
        text_append(&text, "; ", "the hypervisor takes %.0f %% of a CPU (steal)",
                    look->steal_percent);
    }
    if (look->stalled_percent > QUIET_STALLED) {
        text_append(&text, "; ", "a CPU stalls for %.1f %% of the time, at most %.1f ms at once",
                    look->stalled_percent, (double)look->longest_stall_ns / (double)NS_PER_MS);
    }
    return text;
}

int quiet_wait(unsigned seconds, struct error *err)
{
    uint64_t deadline_ns = clock_monotonic_ns() + seconds * NS_PER_S;
    bool warned = false;
    for (;;) {
        struct quiet_look look;
        int rc = quiet_look(WAIT_LOOK_MS, &look, err);
        if (rc < 0 || quiet_is_given(&look)) {
            return rc;
        }
        _cleanup_free_ char *why = quiet_disturbance(&look);
        if (clock_monotonic_ns() >= deadline_ns) {
            return fail(err, 0, "the machine did not become quiet within %u s: %s", seconds, why);
        }
        if (!warned) {
            log_warning("quiet", "waiting for a quiet machine: %s", why);
            warned = true;
        }
    }
}
