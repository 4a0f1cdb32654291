// SPDX-License-Identifier: GPL-3.0-or-later
// doctor/doctor — see doctor.h. Called by `vrbench doctor` and, for run.json, by `vrbench run`.
#include "doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "doctor/built.h"
#include "linux/cgroup.h"
#include "linux/child.h"
#include "linux/cpu.h"
#include "linux/discard.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "linux/pci.h"
#include "linux/rights.h"
#include "machine/machine.h"
#include "ration/cap_probe.h"
#include "traffic/engine.h"

#define TRIAL_INDEX 100000

static struct finding *add(struct computer *machine, const char *subject)
{
    machine->findings =
        memory_resize(machine->findings, machine->finding_count + 1, sizeof *machine->findings);
    struct finding *finding = &machine->findings[machine->finding_count++];
    *finding = (struct finding){.subject = subject};
    return finding;
}

static void good(struct computer *machine, const char *subject, const char *found)
{
    add(machine, subject)->found = text_copy(found);
}

static void bad(struct computer *machine, const char *subject, enum finding_level level,
                const char *found, const char *follows, const char *mends)
{
    struct finding *finding = add(machine, subject);
    finding->level = level;
    finding->found = text_copy(found);
    finding->follows = text_copy(follows);
    finding->mends = text_copy(mends);
}

// First line of a file after `key`, without blanks and quotes around it; NULL if there is none.
static char *value_in(const char *path, const char *key)
{
    _cleanup_free_ char *text = NULL;
    if (file_read(path, 1U << 22, &text, NULL, NULL) < 0) {
        return NULL;
    }
    char *at = key == NULL ? text : strstr(text, key);
    if (at == NULL) {
        return NULL;
    }
    at += key == NULL ? 0 : strlen(key);
    at += strspn(at, " \t:=\"");
    at[strcspn(at, "\n\"")] = '\0';
    return text_copy(at);
}

static void identify(struct computer *machine)
{
    struct utsname names;
    if (uname(&names) == 0) {
        machine->hostname = text_copy(names.nodename);
        machine->kernel = text_copy(names.release);
    }
    tuning_read("", &machine->tuning);
    machine->cpu_model = value_in("/proc/cpuinfo", "model name");
    machine->system = value_in("/etc/os-release", "PRETTY_NAME");
    machine->cpus_online = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    machine->memory_bytes =
        (unsigned long long)sysconf(_SC_PHYS_PAGES) * (unsigned long long)sysconf(_SC_PAGE_SIZE);
    _cleanup_free_ char *cpuinfo = NULL;
    if (file_read("/proc/cpuinfo", 1U << 22, &cpuinfo, NULL, NULL) == 0 &&
        strstr(cpuinfo, " hypervisor") != NULL) {
        machine->virtualisation = value_in("/sys/class/dmi/id/sys_vendor", NULL);
        if (machine->virtualisation == NULL) {
            machine->virtualisation = text_copy("a virtual machine");
        }
    }
}

static void inspect_rights(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    if (rights_check(&why) == 0) {
        good(machine, "rights", "root");
    } else {
        bad(machine, "rights", FINDING_MISSING, why.text, "no testbed can be built",
            "run as root (sudo) with all capabilities");
    }
}

// A machine on which the settings of network namespaces are read-only.
static void inspect_settings(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    if (rights_check_settings(&why) == 0) {
        good(machine, "network settings", "/proc/sys/net can be written");
    } else {
        bad(machine, "network settings", FINDING_MISSING, why.text, "no testbed can be built",
            "mount -o remount,rw,bind /proc/sys, or a container with --privileged");
    }
}

static void inspect_cpus(struct computer *machine)
{
    struct cpu_list usable;
    if (cpu_list_usable(&usable, NULL) < 0) {
        return;
    }
    machine->cpus_usable = (unsigned)usable.count;
    char *found = text_format("%zu usable", usable.count);
    if (usable.count >= 2) {
        good(machine, "CPUs", found);
    } else {
        bad(machine, "CPUs", FINDING_LIMIT, found,
            "tester and device under test share a CPU: the tester takes CPU time from the routers",
            "a second CPU");
    }
    free(found);
}

static void inspect_awake(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    _cleanup_close_ int awake = cpu_hold_awake(&why);
    if (awake >= 0) {
        good(machine, "CPU sleep states", "held off while measuring (/dev/cpu_dma_latency)");
    } else {
        bad(machine, "CPU sleep states", FINDING_LIMIT, why.text,
            "idle CPUs sleep and wake late: more CPU time per packet, longer delays, stray losses",
            "root, /dev/cpu_dma_latency, and a kernel with CONFIG_CPU_IDLE");
    }
}

// A veth pair between two namespaces, for tests.
struct trial_pair {
    struct netns *a, *b;
};

static int make_pair(struct trial_pair *pair, struct error *err)
{
    static const struct offloads offloads = {.gro = true};
    int rc = netns_create(NULL, &pair->a, err);
    if (rc == 0) {
        rc = netns_create(NULL, &pair->b, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct link_spec a = {.ns = pair->a, .name = "a", .index = TRIAL_INDEX, .mac = {2, 0x76, 9}};
    struct link_spec b = {.ns = pair->b, .name = "b", .index = TRIAL_INDEX, .mac = {2, 0x76, 8}};
    if ((rc = link_make_pair(&a, &b, err)) < 0 ||
        (rc = offload_set(pair->a, "a", &offloads, err)) < 0 ||
        (rc = offload_set(pair->b, "b", &offloads, err)) < 0 ||
        (rc = link_set_up(pair->a, TRIAL_INDEX, true, err)) < 0) {
        return rc;
    }
    return link_set_up(pair->b, TRIAL_INDEX, true, err);
}

static void inspect_napi(struct computer *machine, const struct netns *ns)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct napi_interface interface = {.name = "b", .index = TRIAL_INDEX};
    if (napi_make_threaded(ns, &interface, 1, NAPI_NETLINK, NULL) == 0) {
        good(machine, "threaded NAPI", "set by netlink");
    } else if (napi_make_threaded(ns, &interface, 1, NAPI_SYSFS, &why) == 0) {
        good(machine, "threaded NAPI", "set by sysfs");
    } else {
        bad(machine, "threaded NAPI", FINDING_MISSING, why.text,
            "the kernel charges a namespace's forwarding to arbitrary tasks: no CPU figures",
            why.exit_status == EXIT_LACKING ? "a kernel with threaded NAPI for veth interfaces"
                                            : "fix the reason above; the kernel may support it");
    }
    if (interface.thread_count > 0) {
        uint64_t ns_used = 0;
        if (cpu_task_time(interface.threads[0], &ns_used, &why) < 0) {
            bad(machine, "task CPU times", FINDING_MISSING, why.text,
                "CPU usage of routers and host can't be read", "a kernel with CONFIG_SCHED_INFO");
        } else {
            good(machine, "task CPU times", "/proc/TASK/schedstat, in ns");
        }
    }
    free(interface.threads);
}

static void inspect_filter(struct computer *machine, const struct netns *ns)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    if (discard_at_ingress(ns, TRIAL_INDEX, 9, &why) == 0) {
        good(machine, "BPF filter at ingress", "loads and attaches");
    } else {
        bad(machine, "BPF filter at ingress", FINDING_LIMIT, why.text,
            "the sink's packets pass the UDP layer: the tester's limit is lower",
            "a kernel with CONFIG_BPF_SYSCALL, CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS");
    }
}

static void inspect_network(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct trial_pair pair = {NULL, NULL};
    int rc = make_pair(&pair, &why);
    if (rc < 0) {
        bad(machine, "namespaces and veth", FINDING_MISSING, why.text,
            "the platform netns is unavailable",
            "root, and a kernel with CONFIG_NET_NS and CONFIG_VETH (module veth)");
    } else {
        good(machine, "namespaces and veth", "made, joined and set up");
        struct link_spec bridge = {
            .ns = pair.a, .name = "br", .index = TRIAL_INDEX + 1, .mac = {2, 0x76, 7}};
        if (link_make_bridge(&bridge, &why) == 0) {
            good(machine, "bridges", "made");
        } else {
            bad(machine, "bridges", FINDING_MISSING, why.text,
                "the topology bridged can't be measured",
                "a kernel with CONFIG_BRIDGE (module bridge)");
        }
        inspect_napi(machine, pair.b);
        inspect_filter(machine, pair.b);
    }
    netns_close(pair.a);
    netns_close(pair.b);
}

static void inspect_engine(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    if (engine_check("xdp", &why) == 0) {
        good(machine, "engine xdp", "BPF programs send and count packets in the kernel");
    } else {
        bad(machine, "engine xdp", FINDING_LIMIT, why.text,
            "the engine auto takes packet, which sends about a third as many packets",
            "Linux 5.18 or later, with CONFIG_BPF_SYSCALL and CONFIG_BPF_JIT");
    }
}

static void inspect_cgroups(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct cgroup_tree *tree = NULL;
    if (cgroup_tree_open(NULL, &tree, &why) == 0) {
        char *found = text_format("version %d at %s", tree->version, tree->root);
        good(machine, "CPU control groups", found);
        free(found);
    } else {
        bad(machine, "CPU control groups", FINDING_LIMIT, "no cpu controller is mounted",
            "vrbench mounts one while it runs, if the kernel supports it",
            "mount /sys/fs/cgroup, or a kernel with CONFIG_CGROUP_SCHED");
    }
    cgroup_tree_close(tree);
}

static char *describe_trial(const char *name, const struct cap_trial *trial)
{
    return trial->tried ? text_format("%s %s (%.1f %% used of a cap of %u %%)", name,
                                      trial->bites ? "holds" : "does not hold a kernel thread",
                                      trial->percent, CAP_PROBE_PERCENT)
                        : text_format("%s is unavailable: %s", name, trial->why);
}

static void report_caps(struct computer *machine, const struct cap_probe *probe)
{
    _cleanup_free_ char *quota = describe_trial("CFS bandwidth", &probe->quota);
    _cleanup_free_ char *deadline = describe_trial("SCHED_DEADLINE", &probe->deadline);
    _cleanup_free_ char *found =
        text_format("held by %s; %s; %s",
                    probe->way == CAP_WAY_QUOTA
                        ? "CFS bandwidth"
                        : (probe->way == CAP_WAY_DEADLINE ? "SCHED_DEADLINE" : "nothing"),
                    quota, deadline);
    if (probe->way != CAP_WAY_NONE) {
        good(machine, "CPU caps", found);
    } else {
        bad(machine, "CPU caps", FINDING_LIMIT, found, "a scenario with a cap is refused",
            "root of the whole machine, CONFIG_CFS_BANDWIDTH and, from Linux 6.18 on, "
            "SCHED_DEADLINE");
    }
}

static void inspect_caps(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct cgroup_tree *tree = NULL;
    struct cap_probe probe;
    int rc = cgroup_tree_open(NULL, &tree, &why);
    if (rc == 0) {
        rc = cap_probe(tree, true, &probe, &why);
    }
    if (rc == 0) {
        report_caps(machine, &probe);
        cap_probe_clear(&probe);
    } else {
        bad(machine, "CPU caps", FINDING_LIMIT, why.text,
            "unknown whether caps can be held; a run with a cap tests it again",
            "a quieter machine, or fix the reason above");
    }
    cgroup_tree_close(tree);
}

static void inspect_handover(struct computer *machine)
{
    static const char subject[] = "PCI assignment";
    static const char follows[] =
        "in topology dedicated, lent NICs are connected to virtual machines by macvtap instead of "
        "being assigned as PCI devices";
    size_t groups = pci_iommu_groups(PCI_SYSFS);
    if (groups == 0) {
        bad(machine, subject, FINDING_LIMIT, "no IOMMU in use", follows,
            "VT-d or AMD-Vi in the firmware, and intel_iommu=on for Intel's on the kernel's "
            "command "
            "line");
    } else if (!pci_has_vfio(PCI_SYSFS)) {
        bad(machine, subject, FINDING_LIMIT, "an IOMMU, but no vfio-pci", follows,
            "a kernel with CONFIG_VFIO_PCI");
    } else if (!pci_vfio_is_loaded()) {
        bad(machine, subject, FINDING_LIMIT, "an IOMMU, but no /dev/vfio/vfio", follows,
            "modprobe vfio-pci");
    } else {
        char *found = text_format("whole, by VFIO: %zu IOMMU groups", groups);
        good(machine, subject, found);
        free(found);
    }
}

static bool in_path(const char *program)
{
    _cleanup_free_ char *path = NULL;
    return child_find(program, &path) == 0;
}

static void inspect_programs(struct computer *machine)
{
    static const char *const rows[][4] = {
        {"clang", "clang", "BPF programs and fuzzers can't be built; measuring works without",
         "apt-get install clang"},
        {"bird", "bird2", "routers can't learn their routes (daemon: bird or frr)",
         "apt-get install bird2"},
        {"vtysh", "frr", "routers can't have daemon: frr", "apt-get install frr"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (in_path(rows[i][0])) {
            good(machine, rows[i][1], "installed");
        } else {
            bad(machine, rows[i][1], FINDING_LIMIT, "not installed", rows[i][2], rows[i][3]);
        }
    }
}

// The engines that are programs: which version is there, and whether its reports are read.
static void inspect_engine_programs(struct computer *machine)
{
    static const char *const engines[] = {"iperf", "iperf3"};
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        _cleanup_error_ struct error why = ERROR_INIT;
        _cleanup_free_ char *version = engine_program_version(engines[i]);
        _cleanup_free_ char *mended = text_format("apt-get install %s", engines[i]);
        _cleanup_free_ char *follows =
            text_format("no run with engine: %s; make bench can't compare with it", engines[i]);
        _cleanup_free_ char *found = version == NULL
                                         ? text_copy("installed")
                                         : text_format("installed, version %s", version);
        if (!in_path(engines[i])) {
            bad(machine, engines[i], FINDING_LIMIT, "not installed", follows, mended);
        } else if (engine_check(engines[i], &why) < 0) {
            bad(machine, engines[i], FINDING_LIMIT, found, why.text, mended);
        } else {
            good(machine, engines[i], found);
        }
    }
}

// For a system that runs on Xen.
static void inspect_xen(struct computer *machine)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    const char *beneath = platform_beneath();
    if (beneath == NULL) {
        return;
    }
    if (platform_check_plain(beneath, &why) == 0) {
        good(machine, "xen", "routers can be domains (platform: xen)");
    } else {
        bad(machine, "xen", FINDING_LIMIT, "this system runs on Xen",
            "routers can't be domains (platform: xen)", why.text);
    }
}

static void report_background(struct computer *machine, const struct quiet_look *look)
{
    _cleanup_free_ char *culprits = quiet_culprits(look);
    _cleanup_free_ char *found = text_format("other programs use %.0f %% of a CPU, of %zu CPUs%s%s",
                                             look->background_percent, look->cpus,
                                             culprits[0] == '\0' ? "" : ": ", culprits);
    if (look->background_percent <= QUIET_BACKGROUND) {
        good(machine, "background load", found);
    } else {
        bad(machine, "background load", FINDING_LIMIT, found,
            "disturbed trials are repeated and, if the disturbance persists, marked invalid",
            "end these programs, or run --wait-quiet");
    }
}

static void report_steal(struct computer *machine, const struct quiet_look *look)
{
    _cleanup_free_ char *found = text_format("at most %.1f %% of a CPU over %.1f s, idle",
                                             look->steal_percent, look->seconds);
    if (look->steal_percent < 1.0) {
        good(machine, "steal", found);
    } else {
        bad(machine, "steal", FINDING_LIMIT, found,
            "the hypervisor takes CPU time away: disturbed trials are repeated and, if the "
            "disturbance persists, marked invalid",
            "a quieter host or a physical machine");
    }
}

static void report_stalls(struct computer *machine, const struct quiet_look *look)
{
    _cleanup_free_ char *found = text_format(
        "%zu over %.1f s, of at most %.1f ms; a CPU is away for %.2f %% of the time", look->stalls,
        look->seconds, (double)look->longest_stall_ns / (double)NS_PER_MS, look->stalled_percent);
    if (!look->has_stalls) {
        bad(machine, "stalls", FINDING_LIMIT, "a thread of real-time priority can't be started",
            "stalls of the machine cannot be distinguished from losses of a router", "root");
    } else if (look->stalled_percent <= QUIET_STALLED) {
        good(machine, "stalls", found);
    } else {
        bad(machine, "stalls", FINDING_LIMIT, found,
            "packets are lost while a CPU is away: such trials are marked as disturbed",
            "a quieter host or a physical machine");
    }
}

static void inspect_quiet(struct computer *machine, unsigned look_ms)
{
    if (look_ms == 0 || quiet_look(look_ms, &machine->look, NULL) < 0) {
        return;
    }
    machine->looked = true;
    report_background(machine, &machine->look);
    report_steal(machine, &machine->look);
    report_stalls(machine, &machine->look);
}

// What this program was built without; nothing if it has all parts.
static void inspect_build(struct computer *machine)
{
    const struct built_part *part = NULL;
    for (size_t i = 0; (part = built_without(i)) != NULL; i++) {
        _cleanup_free_ char *found = text_format("built without %s", part->name);
        _cleanup_free_ char *mends = text_format("install %s and build again", part->packages);
        bad(machine, "build", FINDING_LIMIT, found, part->follows, mends);
    }
}

void computer_inspect(unsigned look_ms, bool caps, struct computer *ret)
{
    struct computer machine = {0};
    identify(&machine);
    good(&machine, "kernel", machine.kernel);
    inspect_rights(&machine);
    inspect_settings(&machine);
    inspect_cpus(&machine);
    inspect_awake(&machine);
    if (geteuid() == 0) {
        inspect_network(&machine);
    }
    if (geteuid() == 0) {
        inspect_engine(&machine);
    }
    inspect_cgroups(&machine);
    if (geteuid() == 0 && caps) {
        inspect_caps(&machine);
    }
    inspect_handover(&machine);
    inspect_programs(&machine);
    inspect_engine_programs(&machine);
    inspect_xen(&machine);
    inspect_build(&machine);
    inspect_quiet(&machine, look_ms);
    *ret = machine;
}

void computer_clear(struct computer *machine)
{
    for (size_t i = 0; i < machine->finding_count; i++) {
        free(machine->findings[i].found);
        free(machine->findings[i].follows);
        free(machine->findings[i].mends);
    }
    free(machine->findings);
    free(machine->hostname);
    free(machine->kernel);
    free(machine->cpu_model);
    free(machine->virtualisation);
    free(machine->system);
    tuning_clear(&machine->tuning);
    *machine = (struct computer){0};
}

const char *finding_level_name(enum finding_level level)
{
    static const char *const names[] = {
        [FINDING_GOOD] = "good", [FINDING_LIMIT] = "limit", [FINDING_MISSING] = "missing"};
    return names[level];
}
