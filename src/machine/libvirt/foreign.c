// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/foreign — foreign machines of a libvirt URI: the table of functions for
 * machine/foreign.h, and reading and rationing. Stopping and consoles are in foreign_act.c.
 *
 * Uses calls that every driver supports. For each machine it makes cheap calls (virDomainGetInfo,
 * virDomainInterfaceStats), never the bulk call, which queries each QEMU.
 */
#include <errno.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "machine/libvirt/foreign_parts.h"
#include "machine/libvirt/interfaces.h"
#include "machine/libvirt/scheduler.h"
#include "machine/machine.h"

#define KIB               1024ULL
#define MEMORY_BEYOND_KIB (1ULL << 50) // Xen's value for "no limit" is larger
#define NAMES_KEPT_NS     (10 * NS_PER_S)

// The interfaces of a machine, stored until it is restarted, so that its XML is not requested at
// each reading.
struct known_interfaces {
    char uuid[VIR_UUID_STRING_BUFLEN];
    unsigned id;
    uint64_t read_ns;
    struct interface_names names;
};

struct libvirt_foreign {
    struct foreign base;
    struct connection *connection;
    enum shares_scale scale;
    struct known_interfaces *known;
    size_t known_count;
};

// ---- opening

static int libvirt_open(const char *uri, bool change, struct foreign **ret, struct error *err)
{
    struct connection *connection = NULL;
    int rc = connection_open(uri, change ? CONNECTION_CHANGE : CONNECTION_LOOK, &connection, err);
    if (rc < 0) {
        return rc;
    }
    struct libvirt_foreign *foreign = memory_new_array(struct libvirt_foreign, 1);
    foreign->base.ops = &foreign_libvirt;
    foreign->connection = connection;
    foreign->scale = scheduler_scale(connection);
    *ret = &foreign->base;
    return 0;
}

static struct libvirt_foreign *own(struct foreign *foreign)
{
    return (struct libvirt_foreign *)foreign;
}

static void libvirt_close(struct foreign *foreign)
{
    struct libvirt_foreign *libvirt = own(foreign);
    for (size_t i = 0; i < libvirt->known_count; i++) {
        interface_names_clear(&libvirt->known[i].names);
    }
    free(libvirt->known);
    connection_close(libvirt->connection);
    free(libvirt);
}

struct connection *foreign_connection(const struct foreign *foreign)
{
    return ((const struct libvirt_foreign *)foreign)->connection;
}

// ---- states

static enum foreign_state state_of(unsigned char state)
{
    switch (state) {
    case VIR_DOMAIN_RUNNING:
        return FOREIGN_RUNNING;
    case VIR_DOMAIN_BLOCKED:
        return FOREIGN_BLOCKED;
    case VIR_DOMAIN_PAUSED:
        return FOREIGN_PAUSED;
    case VIR_DOMAIN_SHUTDOWN:
        return FOREIGN_STOPPING;
    case VIR_DOMAIN_SHUTOFF:
        return FOREIGN_STOPPED;
    case VIR_DOMAIN_CRASHED:
        return FOREIGN_CRASHED;
    case VIR_DOMAIN_PMSUSPENDED:
        return FOREIGN_SUSPENDED;
    default:
        return FOREIGN_UNKNOWN;
    }
}

// ---- interfaces

// Returns the interfaces of a running machine; NULL if it cannot be queried.
static const struct interface_names *interfaces_of(struct libvirt_foreign *foreign,
                                                   virDomainPtr domain,
                                                   const struct foreign_machine *machine)
{
    struct known_interfaces *known = NULL;
    for (size_t i = 0; known == NULL && i < foreign->known_count; i++) {
        if (text_equal(foreign->known[i].uuid, machine->uuid)) {
            known = &foreign->known[i];
        }
    }
    uint64_t now_ns = clock_monotonic_ns();
    if (known != NULL && known->id == machine->id && now_ns - known->read_ns < NAMES_KEPT_NS) {
        return &known->names;
    }
    char *xml = virDomainGetXMLDesc(domain, 0);
    struct interface_names names = {0};
    if (xml == NULL || interfaces_of_xml(xml, &names, NULL) < 0) {
        free(xml);
        return NULL;
    }
    free(xml);
    if (known == NULL) {
        foreign->known =
            memory_resize(foreign->known, foreign->known_count + 1, sizeof *foreign->known);
        known = &foreign->known[foreign->known_count++];
        *known = (struct known_interfaces){0};
        snprintf(known->uuid, sizeof known->uuid, "%s", machine->uuid);
    }
    interface_names_clear(&known->names);
    known->names = names;
    known->id = machine->id;
    known->read_ns = now_ns;
    return &known->names;
}

// Drops stored interfaces of machines that are gone.
static void forget_others(struct libvirt_foreign *foreign, const struct foreign_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < foreign->known_count; i++) {
        bool there = false;
        for (size_t m = 0; !there && m < list->count; m++) {
            there =
                list->items[m].has_id && text_equal(foreign->known[i].uuid, list->items[m].uuid);
        }
        if (there) {
            foreign->known[kept++] = foreign->known[i];
        } else {
            interface_names_clear(&foreign->known[i].names);
        }
    }
    foreign->known_count = kept;
}

static uint64_t counted(long long value)
{
    return value < 0 ? 0 : (uint64_t)value; // -1 = the driver does not count this
}

static void read_networks(struct libvirt_foreign *foreign, virDomainPtr domain,
                          struct foreign_machine *machine)
{
    const struct interface_names *names = interfaces_of(foreign, domain, machine);
    if (names == NULL) {
        return;
    }
    machine->has_networks = true;
    for (size_t i = 0; i < names->count; i++) {
        virDomainInterfaceStatsStruct stats;
        if (virDomainInterfaceStats(domain, names->items[i], &stats, sizeof stats) < 0) {
            machine->has_networks = false; // a sum without this interface would be wrong
            continue;
        }
        machine->networks =
            memory_resize(machine->networks, machine->network_count + 1, sizeof *machine->networks);
        machine->networks[machine->network_count++] =
            (struct named_counters){.name = text_copy(names->items[i]),
                                    .counters = {
                                        .rx_packets = counted(stats.rx_packets),
                                        .tx_packets = counted(stats.tx_packets),
                                        .rx_dropped = counted(stats.rx_drop),
                                        .tx_dropped = counted(stats.tx_drop),
                                        .rx_errors = counted(stats.rx_errs),
                                        .tx_errors = counted(stats.tx_errs),
                                        .rx_bytes = counted(stats.rx_bytes),
                                        .tx_bytes = counted(stats.tx_bytes),
                                    }};
    }
}

// ---- reading machines

// Adds a machine to the list. One that ends meanwhile is not added, which is no failure.
static int read_machine(struct libvirt_foreign *foreign, virDomainPtr domain, unsigned what,
                        struct foreign_list *list, struct error *err)
{
    struct foreign_machine machine = {.name = text_copy(virDomainGetName(domain))};
    virDomainInfo info;
    if (virDomainGetUUIDString(domain, machine.uuid) < 0 || virDomainGetInfo(domain, &info) < 0) {
        bool gone = virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;
        int rc = gone ? 0 : fail_libvirt(err, "machine %s", machine.name);
        foreign_machine_clear(&machine);
        return rc;
    }
    unsigned id = virDomainGetID(domain);
    machine.read_ns = clock_monotonic_ns();
    machine.has_id = id != (unsigned)-1;
    machine.id = machine.has_id ? id : 0;
    machine.state = state_of(info.state);
    machine.memory_bytes = info.memory * KIB;
    machine.memory_max_bytes = info.maxMem < MEMORY_BEYOND_KIB ? info.maxMem * KIB : 0;
    machine.vcpus = info.nrVirtCpu;
    machine.cpu_ns = info.cpuTime;
    if ((what & FOREIGN_NETWORKS) != 0 && machine.has_id) {
        read_networks(foreign, domain, &machine);
    }
    int rc = 0;
    if ((what & FOREIGN_ALLOCATION) != 0 &&
        scheduler_get(domain, foreign->scale, &machine.allocation, err) == -ENOENT) {
        error_clear(err);
        foreign_machine_clear(&machine);
        return 0;
    }
    foreign_list_add(list, &machine);
    return rc;
}

struct work {
    struct libvirt_foreign *foreign;
    const char *called;
    unsigned what;
    struct foreign_list *list;
    unsigned weight;
    const unsigned *cap;
};

static void read_host(virConnectPtr handle, struct foreign_list *list)
{
    virNodeInfo node;
    list->began_ns = clock_monotonic_ns();
    if (virNodeGetInfo(handle, &node) == 0) {
        list->host_memory_bytes = node.memory * KIB;
        list->host_cpus = node.cpus;
    }
}

static int list_all(virConnectPtr handle, void *data, struct error *err)
{
    const struct work *work = data;
    virDomainPtr *domains = NULL;
    unsigned flags = (work->what & FOREIGN_STOPPED_TOO) != 0 ? 0 : VIR_CONNECT_LIST_DOMAINS_ACTIVE;
    foreign_list_clear(work->list);
    read_host(handle, work->list);
    int count = virConnectListAllDomains(handle, &domains, flags);
    if (count < 0) {
        return fail_libvirt(err, "listing machines");
    }
    int rc = 0;
    for (int i = 0; i < count; i++) {
        rc = rc < 0 ? rc : read_machine(work->foreign, domains[i], work->what, work->list, err);
        (void)virDomainFree(domains[i]);
    }
    free(domains);
    if (rc == 0) {
        forget_others(work->foreign, work->list);
        foreign_list_sort(work->list);
    }
    return rc;
}

static int run(struct foreign *foreign, connection_work call, struct work *work,
               struct foreign_list *ret, struct error *err)
{
    struct foreign_list list = {0};
    work->foreign = own(foreign);
    work->list = &list;
    int rc = connection_call(work->foreign->connection, call, work, err);
    if (rc < 0) {
        error_context(err, "%s", connection_uri(work->foreign->connection));
    }
    if (rc < 0 || ret == NULL) {
        foreign_list_clear(&list);
        return rc;
    }
    *ret = list;
    return 0;
}

static int libvirt_list(struct foreign *foreign, unsigned what, struct foreign_list *ret,
                        struct error *err)
{
    struct work work = {.what = what};
    return run(foreign, list_all, &work, ret, err);
}

int foreign_lookup(virConnectPtr handle, const char *called, virDomainPtr *ret, struct error *err)
{
    virDomainPtr domain = virDomainLookupByName(handle, called);
    if (domain == NULL && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
        domain = virDomainLookupByUUIDString(handle, called);
    }
    bool number =
        *called != '\0' && strspn(called, "0123456789") == strlen(called) && strlen(called) < 10;
    if (domain == NULL && number) {
        domain = virDomainLookupByID(handle, (int)strtol(called, NULL, 10));
    }
    if (domain == NULL) {
        int code = virGetLastErrorCode();
        // Looking up an invalid UUID is a separate error.
        bool absent = code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_INVALID_ARG;
        return absent ? fail_input(err, "no machine is called \"%s\" there", called)
                      : fail_libvirt(err, "machine %s", called);
    }
    *ret = domain;
    return 0;
}

static int read_one(virConnectPtr handle, void *data, struct error *err)
{
    const struct work *work = data;
    _cleanup_domain_ virDomainPtr domain = NULL;
    foreign_list_clear(work->list);
    read_host(handle, work->list);
    int rc = foreign_lookup(handle, work->called, &domain, err);
    return rc < 0 ? rc : read_machine(work->foreign, domain, work->what, work->list, err);
}

static int libvirt_one(struct foreign *foreign, const char *called, unsigned what,
                       struct foreign_list *ret, struct error *err)
{
    struct work work = {.called = called, .what = what};
    return run(foreign, read_one, &work, ret, err);
}

static int ration(virConnectPtr handle, void *data, struct error *err)
{
    const struct work *work = data;
    _cleanup_domain_ virDomainPtr domain = NULL;
    read_host(handle, work->list);
    unsigned bound = work->list->host_cpus * 100;
    if (work->cap != NULL && bound > 0 && *work->cap > bound) {
        return fail_input(err, "cap %u is more than the %u CPUs there have: at most %u", *work->cap,
                          work->list->host_cpus, bound);
    }
    int rc = foreign_lookup(handle, work->called, &domain, err);
    if (rc == 0) {
        rc = scheduler_set(domain, &work->foreign->scale, work->weight, work->cap, err);
        if (rc < 0) {
            error_context(err, "%s", work->called);
        }
    }
    return rc;
}

static int libvirt_ration(struct foreign *foreign, const char *called, unsigned weight,
                          const unsigned *cap, struct error *err)
{
    struct work work = {.called = called, .weight = weight, .cap = cap};
    return run(foreign, ration, &work, NULL, err);
}

const struct foreign_ops foreign_libvirt = {
    .open = libvirt_open,
    .close = libvirt_close,
    .list = libvirt_list,
    .one = libvirt_one,
    .ration = libvirt_ration,
    .destroy = foreign_libvirt_destroy,
    .reboot = foreign_libvirt_reboot,
    .console = foreign_libvirt_console,
    .abilities = foreign_libvirt_abilities,
};

// Drivers without routers of vrbench.
const struct machine_ops machine_other = {
    .traits = {.name = "other", .kind = PLATFORM_MACHINES, .port = PORT_NONE, .can = CAN_LIST},
    .others = &foreign_libvirt,
};
