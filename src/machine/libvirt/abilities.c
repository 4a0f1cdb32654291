// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/abilities — what a driver of libvirt can and can't do: see machine/abilities.h.
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/pci.h"
#include "machine/libvirt/foreign_parts.h"
#include "machine/libvirt/interfaces.h"
#include "machine/libvirt/scheduler.h"

#define NO_SUCH_DEVICE "vrbench-no-such-device"

// A test and its object.
struct trial_of {
    virConnectPtr handle;
    virDomainPtr machine; // a running one if possible; NULL = no machine
    const char *name;     // its name; requesting it would clear libvirt's last error
    bool runs;
    enum shares_scale scale;
    struct abilities *abilities;
};

static void add(struct trial_of *trial, const char *name, enum ability_answer answer, char *found)
{
    abilities_add(trial->abilities, name, answer, found);
}

// Whether libvirt's last error means that this driver or build does not support the call.
static bool cannot(void)
{
    int code = virGetLastErrorCode();
    return code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_CONFIG_UNSUPPORTED ||
           code == VIR_ERR_OPERATION_UNSUPPORTED || code == VIR_ERR_ARGUMENT_UNSUPPORTED;
}

// Adds an ability by the result of a call that should succeed.
static void add_result(struct trial_of *trial, const char *name, bool good, char *found)
{
    if (good) {
        add(trial, name, ABILITY_YES, found);
        return;
    }
    free(found);
    add(trial, name, ABILITY_NO, text_copy(virGetLastErrorMessage()));
}

// Adds an ability by a call that must fail: any reason other than lack of support means that it is
// supported.
static void add_refusal(struct trial_of *trial, const char *name)
{
    int code = virGetLastErrorCode();
    bool denied = code == VIR_ERR_OPERATION_DENIED || code == VIR_ERR_ACCESS_DENIED;
    if (cannot() || denied) {
        add(trial, name, ABILITY_NO, text_copy(virGetLastErrorMessage()));
    } else {
        add(trial, name, ABILITY_YES,
            text_format("tried in vain on purpose: %s", virGetLastErrorMessage()));
    }
}

static void add_untried(struct trial_of *trial, const char *name)
{
    add(trial, name, ABILITY_UNKNOWN,
        text_copy(trial->machine == NULL ? "there is no machine to try it on"
                                         : "no machine runs to try it on"));
}

// ---- the computer

static void try_computer(struct trial_of *trial)
{
    virNodeInfo node;
    bool good = virNodeGetInfo(trial->handle, &node) == 0;
    add_result(trial, "computer", good,
               good ? text_format("%u CPUs, %lu MiB", node.cpus, node.memory / 1024) : NULL);
    int count = 0;
    good = virNodeGetCPUStats(trial->handle, VIR_NODE_CPU_STATS_ALL_CPUS, NULL, &count, 0) == 0 &&
           count > 0;
    add_result(trial, "computer CPU time", good, text_copy("of all CPUs together"));
}

// The kinds of machine that it makes, by its capabilities: the `type`s of <domain> below <guest>.
static void try_create(struct trial_of *trial)
{
    _cleanup_free_ char *capabilities = virConnectGetCapabilities(trial->handle);
    add_result(trial, "capabilities", capabilities != NULL,
               capabilities == NULL
                   ? NULL
                   : text_format("%s kvm",
                                 strstr(capabilities, "type='kvm'") == NULL ? "without" : "with"));
    // No driver makes a machine from an empty description.
    virDomainPtr made = virDomainCreateXML(trial->handle, "<domain/>", 0);
    if (made != NULL) {
        (void)virDomainDestroy(made);
        (void)virDomainFree(made);
        add(trial, "create", ABILITY_YES, text_copy("made a machine of an empty description"));
        return;
    }
    add_refusal(trial, "create");
}

// For QEMU's machines on this computer; libvirt itself reports it only when one is started.
static void try_devices(struct trial_of *trial, const struct connection *connection)
{
    static const char name[] = "PCI devices to machines";
    if (!text_equal(connection_driver(connection), "QEMU") || !connection_is_local(connection)) {
        return;
    }
    size_t groups = pci_iommu_groups(PCI_SYSFS);
    const char *lacking = groups == 0                ? "no IOMMU in use"
                          : !pci_has_vfio(PCI_SYSFS) ? "no vfio-pci"
                          : !pci_vfio_is_loaded()    ? "no /dev/vfio/vfio (modprobe vfio-pci)"
                                                     : NULL;
    if (lacking != NULL) {
        add(trial, name, ABILITY_NO,
            text_format("%s: NICs that are lent to machines are macvtaps in them", lacking));
    } else {
        add(trial, name, ABILITY_YES, text_format("by VFIO: %zu IOMMU groups", groups));
    }
}

// ---- reading a machine

static void try_reading(struct trial_of *trial)
{
    virDomainInfo info;
    int state = 0;
    const char *name = trial->name;
    add_result(trial, "state", virDomainGetState(trial->machine, &state, NULL, 0) == 0,
               text_format("of %s", name));
    bool good = virDomainGetInfo(trial->machine, &info) == 0;
    add_result(trial, "memory and vCPUs", good,
               good ? text_format("of %s: %lu MiB, %u", name, info.memory / 1024, info.nrVirtCpu)
                    : NULL);
    if (!trial->runs) {
        add_untried(trial, "CPU time");
        add_untried(trial, "CPU time by parts");
        return;
    }
    if (good && info.cpuTime == 0) {
        add(trial, "CPU time", ABILITY_UNKNOWN,
            text_format("%s has used none, or so it says", name));
    } else {
        add_result(trial, "CPU time", good, text_format("of %s", name));
    }
    add_result(trial, "CPU time by parts",
               virDomainGetCPUStats(trial->machine, NULL, 0, -1, 1, 0) > 0,
               text_format("of %s", name));
}

static void try_interfaces(struct trial_of *trial)
{
    if (!trial->runs) {
        add_untried(trial, "interface counters");
        return;
    }
    struct interface_names names = {0};
    _cleanup_free_ char *xml = virDomainGetXMLDesc(trial->machine, 0);
    if (xml != NULL) {
        (void)interfaces_of_xml(xml, &names, NULL);
    }
    virDomainInterfaceStatsStruct stats;
    const char *device = names.count > 0 ? names.items[0] : NO_SUCH_DEVICE;
    int rc = virDomainInterfaceStats(trial->machine, device, &stats, sizeof stats);
    if (names.count > 0) {
        add_result(trial, "interface counters", rc == 0,
                   text_format("of %s, %s", trial->name, device));
    } else {
        add_refusal(trial, "interface counters");
    }
    interface_names_clear(&names);
}

static void try_rationing(struct trial_of *trial)
{
    struct foreign_allocation now = {0};
    if (scheduler_get(trial->machine, trial->scale, &now, NULL) < 0) {
        add_untried(trial, "weight");
        add_untried(trial, "cap");
        return;
    }
    const char *const by[] = {now.weight_by, now.cap_by};
    static const char *const names[] = {"weight", "cap"};
    for (size_t i = 0; i < 2; i++) {
        // Only setting it would show whether it is kept.
        add(trial, names[i], by[i] == NULL ? ABILITY_NO : ABILITY_YES,
            by[i] == NULL ? text_copy(now.why == NULL ? "no such parameter" : now.why)
                          : text_format("%s of %s; what is set is read back before it is believed",
                                        by[i], trial->name));
    }
    foreign_allocation_clear(&now);
}

static void try_console(struct trial_of *trial)
{
    virStreamPtr stream = virStreamNew(trial->handle, 0);
    if (stream == NULL) {
        add(trial, "console", ABILITY_NO, text_copy(virGetLastErrorMessage()));
        return;
    }
    if (virDomainOpenConsole(trial->machine, NO_SUCH_DEVICE, stream, 0) == 0) {
        (void)virStreamAbort(stream);
        add(trial, "console", ABILITY_YES, text_format("of %s", trial->name));
    } else {
        add_refusal(trial, "console");
    }
    (void)virStreamFree(stream);
}

static void try_machine(struct trial_of *trial)
{
    if (trial->machine == NULL) {
        static const char *const names[] = {"state",
                                            "memory and vCPUs",
                                            "CPU time",
                                            "CPU time by parts",
                                            "interface counters",
                                            "weight",
                                            "cap",
                                            "console"};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            add_untried(trial, names[i]);
        }
    } else {
        try_reading(trial);
        try_interfaces(trial);
        try_rationing(trial);
        try_console(trial);
    }
    add(trial, "destroy, reboot", ABILITY_UNKNOWN,
        text_copy("not tried: there is no harmless way"));
}

// ---- all of it

static char *summarise(const struct connection *connection)
{
    virConnectPtr handle = connection_handle(connection);
    unsigned long library = 0;
    unsigned long driver = 0;
    (void)virConnectGetLibVersion(handle, &library);
    (void)virConnectGetVersion(handle, &driver);
    _cleanup_free_ char *computer = virConnectGetHostname(handle);
    return text_format("%s: driver %s, version %lu.%lu.%lu, libvirt %lu.%lu.%lu, on %s%s",
                       connection_uri(connection), connection_driver(connection), driver / 1000000,
                       driver / 1000 % 1000, driver % 1000, library / 1000000,
                       library / 1000 % 1000, library % 1000,
                       computer == NULL ? "a computer of no name" : computer,
                       connection_is_local(connection) ? " (this one)" : "");
}

static int find(struct connection *connection, struct abilities *all, struct error *err)
{
    virDomainPtr *machines = NULL;
    struct trial_of trial = {.handle = connection_handle(connection),
                             .scale = scheduler_scale(connection),
                             .abilities = all};
    int count = virConnectListAllDomains(trial.handle, &machines, 0);
    if (count < 0) {
        return fail_libvirt(err, "%s: listing machines", connection_uri(connection));
    }
    int running = 0;
    for (int i = 0; i < count; i++) {
        bool runs = virDomainIsActive(machines[i]) == 1;
        running += runs;
        if (trial.machine == NULL || (runs && !trial.runs)) {
            trial.machine = machines[i];
            trial.runs = runs;
            trial.name = virDomainGetName(machines[i]);
        }
    }
    add(&trial, "list", ABILITY_YES,
        text_format("%d machine%s, %d running", count, count == 1 ? "" : "s", running));
    try_computer(&trial);
    try_create(&trial);
    try_devices(&trial, connection);
    try_machine(&trial);
    for (int i = 0; i < count; i++) {
        (void)virDomainFree(machines[i]);
    }
    free(machines);
    return 0;
}

int foreign_libvirt_abilities(const char *uri, struct abilities *ret, struct error *err)
{
    _cleanup_connection_ struct connection *connection = NULL;
    struct abilities all = {0};
    // A user without the right to change anything gets that reason for each ability.
    _cleanup_error_ struct error refused = ERROR_INIT;
    int rc = connection_open(uri, CONNECTION_CHANGE, &connection, &refused);
    if (rc < 0) {
        rc = connection_open(uri, CONNECTION_LOOK, &connection, NULL);
    }
    if (rc < 0) {
        error_move(err, &refused);
        return rc;
    }
    all.summary = summarise(connection);
    rc = find(connection, &all, err);
    if (rc < 0) {
        abilities_clear(&all);
        return rc;
    }
    *ret = all;
    return 0;
}
