// SPDX-License-Identifier: GPL-3.0-or-later
// ration/cap_probe — see cap_probe.h. Called by testbed/allocation if a cap is requested, and by
// doctor/.
#include "ration/cap_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/netns.h"
#include "linux/offload.h"
#include "ration/deadline.h"

#define GROUP_PREFIX    "vrbench-probe-"
#define PROBE_WEIGHT    65535U
#define FREE_NS         (60U * NS_PER_MS)
#define CAPPED_NS       (150U * NS_PER_MS)
#define ROUNDS          4
#define ATTEMPTS        60
#define FREE_LEAST      20.0 // percent of a CPU required without a cap for a result
#define FULL_LEAST      0.8  // fraction of a window in which the cable must be full for a result
#define BITES_BELOW     (2.0 * CAP_PROBE_PERCENT)
#define OVERRUN_MOST_NS (300.0 * NS_PER_MS)
#define GONE_NS         (5U * NS_PER_S)
#define NICE_FIRST      (-20)
#define BATCH           64
#define FRAME_LENGTH    60

static const uint8_t mac_a[6] = {2, 0x76, 9};
static const uint8_t mac_b[6] = {2, 0x76, 8};

// A cable whose far end is served by a kernel thread, and a socket that fills it.
struct rig {
    struct netns *a, *b;
    struct napi_interface far;
    int socket;
};

static int open_socket(struct rig *rig, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    struct link_info info;
    int rc = link_find(rig->a, "a", &info, err);
    if (rc == 0) {
        rc = netns_visit(rig->a, &visit, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = info.index};
    rig->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (rig->socket < 0 || bind(rig->socket, (struct sockaddr *)&address, sizeof address) < 0) {
        return fail(err, errno, "packet socket");
    }
    const int on = 1;
    (void)setsockopt(rig->socket, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    return 0;
}

static int make_rig(struct rig *rig, struct error *err)
{
    static const struct offloads offloads = {.gro = true};
    int rc = netns_create(NULL, &rig->a, err);
    if (rc == 0) {
        rc = netns_create(NULL, &rig->b, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct link_spec a = {.ns = rig->a, .name = "a", .index = 100000};
    struct link_spec b = {.ns = rig->b, .name = "b", .index = 100001};
    memcpy(a.mac, mac_a, 6);
    memcpy(b.mac, mac_b, 6);
    rig->far = (struct napi_interface){.name = "b", .index = b.index};
    if ((rc = link_make_pair(&a, &b, err)) < 0 ||
        (rc = offload_set(rig->a, "a", &offloads, err)) < 0 ||
        (rc = offload_set(rig->b, "b", &offloads, err)) < 0 ||
        (rc = link_set_up(rig->a, a.index, true, err)) < 0 ||
        (rc = link_set_up(rig->b, b.index, true, err)) < 0 ||
        (rc = napi_make_threaded(rig->b, &rig->far, 1, NAPI_AUTO, err)) < 0) {
        return rc;
    }
    return open_socket(rig, err);
}

// Removes the cable and waits for its thread to end.
static void end_rig(struct rig *rig)
{
    if (rig->socket >= 0) {
        close(rig->socket);
    }
    if (rig->b != NULL) {
        (void)link_delete(rig->b, rig->far.index, NULL);
    }
    netns_close(rig->a);
    netns_close(rig->b);
    uint64_t deadline = clock_monotonic_ns() + GONE_NS;
    for (size_t i = 0; i < rig->far.thread_count; i++) {
        while (kill(rig->far.threads[i], 0) == 0 && clock_monotonic_ns() < deadline) {
            clock_sleep(NS_PER_MS);
        }
    }
    free(rig->far.threads);
}

// Observations of the thread while the cable was filled.
struct window {
    double percent; // of a CPU, used by the thread
    double full; // fraction of the time in which the cable was full, so the thread had more to do
};

// Sends until the time is over; returns for how long the ring was full.
static uint64_t fill(const struct rig *rig, uint64_t start, uint64_t ns, uint64_t *ret_end)
{
    uint8_t frame[FRAME_LENGTH] = {0};
    memcpy(frame, mac_b, 6);
    memcpy(frame + 6, mac_a, 6);
    frame[12] = 0x88; // EtherType for local experiments (IEEE 802), which no protocol handles
    frame[13] = 0xb5;
    struct iovec vector = {frame, sizeof frame};
    struct mmsghdr messages[BATCH];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < BATCH; i++) {
        messages[i].msg_hdr.msg_iov = &vector;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    uint64_t now = start;
    uint64_t full_ns = 0;
    while (now - start < ns) {
        int sent = sendmmsg(rig->socket, messages, BATCH, MSG_DONTWAIT);
        uint64_t then = now;
        now = clock_monotonic_ns();
        full_ns += sent < BATCH ? now - then : 0; // ENOBUFS
    }
    *ret_end = now;
    return full_ns;
}

static int flood(const struct rig *rig, uint64_t ns, struct window *ret, struct error *err)
{
    // With priority over other programs: a cable that is not filled proves nothing.
    const id_t self = (id_t)gettid();
    int nice = getpriority(PRIO_PROCESS, self);
    (void)setpriority(PRIO_PROCESS, self, NICE_FIRST);
    uint64_t before = 0;
    uint64_t after = 0;
    uint64_t full_ns = 0;
    uint64_t start = clock_monotonic_ns();
    uint64_t end = start;
    int rc = cpu_task_time(rig->far.threads[0], &before, err);
    if (rc == 0) {
        full_ns = fill(rig, start, ns, &end);
        rc = cpu_task_time(rig->far.threads[0], &after, err);
    }
    (void)setpriority(PRIO_PROCESS, self, nice);
    if (rc == 0) {
        ret->percent = 100.0 * (double)(after - before) / (double)(end - start);
        ret->full = (double)full_ns / (double)(end - start);
    }
    return rc;
}

static int flood_free(const struct rig *rig, double *ret_percent, struct error *err)
{
    struct window window = {0};
    int rc = 0;
    for (int attempt = 0; rc == 0 && attempt < ATTEMPTS && window.percent < FREE_LEAST; attempt++) {
        rc = flood(rig, FREE_NS, &window, err);
    }
    if (rc == 0 && window.percent < FREE_LEAST) {
        rc = fail(err, EBUSY, "the thread for trying caps got only %.0f %% of a CPU",
                  window.percent);
    }
    if (rc == 0) {
        *ret_percent = window.percent;
    }
    return rc;
}

// The kernel refuses SCHED_DEADLINE (EBUSY) if the machine has no capacity for it, or if its own
// sum is wrong: it books the time of tasks that leave late, and resets the sum meanwhile. Writing
// the admission setting, with its present value, makes it recompute the sum.
static int open_ration(const struct ration_spec *spec, struct ration **ret, struct error *err)
{
    int rc = ration_open(spec, ret, err);
    for (int attempt = 0; rc == -EBUSY && attempt < ATTEMPTS; attempt++) {
        long setting = 0;
        clock_sleep(FREE_NS);
        if (admission_read(&setting, NULL) == 0) {
            (void)admission_write(setting, NULL);
        }
        rc = ration_open(spec, ret, err);
    }
    if (rc == 0) {
        error_clear(err);
    }
    return rc;
}

// Runs windows until the use in all of them is near the cap, or so far above it that no single
// overrun explains it: a held thread pays for an overrun by stopping, so the next windows
// compensate. (On a virtual machine, time taken by its host may look like an overrun.) Use below
// the cap is proof only if the thread had more to do all the time; use above it always is.
static int flood_capped(const struct rig *rig, double *ret_percent, struct error *err)
{
    double used_ns = 0.0;
    double passed_ns = 0.0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct window window = {0};
        int rc = flood(rig, CAPPED_NS, &window, err);
        if (rc < 0) {
            return rc;
        }
        if (window.percent < BITES_BELOW && window.full < FULL_LEAST) {
            continue;
        }
        used_ns += window.percent / 100.0 * CAPPED_NS;
        passed_ns += CAPPED_NS;
        double percent = 100.0 * used_ns / passed_ns;
        if (percent < BITES_BELOW ||
            used_ns - passed_ns * CAP_PROBE_PERCENT / 100.0 > OVERRUN_MOST_NS) {
            *ret_percent = percent;
            return 0;
        }
    }
    if (passed_ns > 0.0) {
        *ret_percent = 100.0 * used_ns / passed_ns;
        return 0;
    }
    return fail(err, EBUSY, "the thread for trying a cap could not be kept busy");
}

// A thread that other programs keep from running looks capped, too. Therefore it must run freely
// without the cap, before (after the previous round) and afterwards.
static int try_once(const struct ration_spec *spec, struct ration *ration, const struct rig *rig,
                    struct cap_trial *trial, bool *holds, struct error *err)
{
    double percent = 0.0;
    double free_percent = 0.0;
    int rc = flood_capped(rig, &percent, err);
    if (rc < 0) {
        return rc;
    }
    trial->percent = percent > trial->percent ? percent : trial->percent;
    *holds = percent < BITES_BELOW;
    if (!*holds || spec->way != CAP_WAY_QUOTA) {
        return 0;
    }
    rc = ration_set(ration, spec->way, spec->weight, spec->largest, 0, err);
    if (rc == 0) {
        rc = flood_free(rig, &free_percent, err);
    }
    return rc < 0 ? rc : ration_set(ration, spec->way, spec->weight, spec->largest, spec->cap, err);
}

static void try_way(const struct cgroup_tree *tree, const char *path, const struct rig *rig,
                    enum cap_way way, struct cap_trial *trial)
{
    // A large weight, so that other programs on the CPU do not have the effect of a cap.
    struct ration_spec spec = {.tree = tree,
                               .path = path,
                               .tasks = rig->far.threads,
                               .task_count = 1,
                               .cpu_count = 1,
                               .way = way,
                               .weight = PROBE_WEIGHT,
                               .largest = PROBE_WEIGHT,
                               .cap = CAP_PROBE_PERCENT};
    _cleanup_error_ struct error why = ERROR_INIT;
    struct ration *ration = NULL;
    int rc = open_ration(&spec, &ration, &why);
    bool holds = rc == 0;
    for (unsigned round = 0; rc == 0 && holds && round < ROUNDS; round++) {
        rc = try_once(&spec, ration, rig, trial, &holds, &why);
    }
    // Not set back to SCHED_OTHER while it sleeps, because the kernel would continue to book its
    // time. It ends with its interface.
    if (way == CAP_WAY_QUOTA) {
        ration_release(ration);
    } else {
        ration_close(ration);
    }
    trial->tried = rc == 0;
    trial->bites = rc == 0 && holds;
    trial->why = rc < 0 ? text_copy(why.text) : NULL;
}

int cap_probe(const struct cgroup_tree *tree, bool all, struct cap_probe *ret, struct error *err)
{
    if (tree == NULL) {
        return fail_lacking(err, "no control group hierarchy with the cpu controller");
    }
    cap_probe_clean_up(tree);
    struct cap_probe probe = {0};
    struct rig rig = {.socket = -1};
    bool handed_on = cgroup_hands_on_cpu(tree);
    _cleanup_free_ char *path = text_format(GROUP_PREFIX "%d", (int)getpid());
    int rc = make_rig(&rig, err);
    if (rc == 0) {
        rc = cgroup_make(tree, path, err);
    }
    if (rc == 0) {
        rc = cgroup_set_weight(tree, path, PROBE_WEIGHT, PROBE_WEIGHT, err);
    }
    if (rc == 0) {
        rc = cgroup_add_task(tree, path, rig.far.threads[0], err);
    }
    if (rc == 0) {
        rc = flood_free(&rig, &probe.free_percent, err);
    }
    if (rc == 0) {
        try_way(tree, path, &rig, CAP_WAY_QUOTA, &probe.quota);
        probe.way = probe.quota.bites ? CAP_WAY_QUOTA : CAP_WAY_NONE;
        if (all || !probe.quota.bites) {
            try_way(tree, path, &rig, CAP_WAY_DEADLINE, &probe.deadline);
        }
        if (probe.way == CAP_WAY_NONE && probe.deadline.bites) {
            probe.way = CAP_WAY_DEADLINE;
        }
    }
    end_rig(&rig);
    (void)cgroup_remove(tree, path, NULL);
    if (!handed_on) {
        cgroup_hand_on_no_cpu(tree);
    }
    if (rc < 0) {
        cap_probe_clear(&probe);
        error_context(err, "probing which caps hold");
        return rc;
    }
    *ret = probe;
    return 0;
}

void cap_probe_clear(struct cap_probe *probe)
{
    free(probe->quota.why);
    free(probe->deadline.why);
    *probe = (struct cap_probe){0};
}

void cap_probe_clean_up(const struct cgroup_tree *tree)
{
    _cleanup_closedir_ DIR *groups = opendir(tree->root);
    for (struct dirent *entry = groups == NULL ? NULL : readdir(groups); entry != NULL;
         entry = readdir(groups)) {
        if (!text_starts(entry->d_name, GROUP_PREFIX)) {
            continue;
        }
        pid_t owner = (pid_t)strtol(entry->d_name + strlen(GROUP_PREFIX), NULL, 10);
        if (owner > 0 && kill(owner, 0) < 0 && errno == ESRCH) {
            cgroup_remove_if_empty(tree, entry->d_name);
        }
    }
}
