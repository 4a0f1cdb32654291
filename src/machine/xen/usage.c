// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/usage — see usage.h.
#include "machine/xen/usage.h"

#include <errno.h>
#include <libxl_utils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/netns.h"

#define KIB         1024ULL
#define NET_DEV     "/proc/net/dev"
#define NET_DEV_MAX (4U << 20)
#define NO_LIMIT    (1ULL << 60) // libxenstat's "no limit", and Domain-0's value, are larger

// ---- one domain, and the times of all, by libxl

int xen_usage_parts(struct xen_connection *xen, uint32_t domain, struct cpu_part **ret,
                    size_t *ret_count, struct error *err)
{
    int count = 0;
    int cpus = 0;
    xen_quiet(xen);
    libxl_vcpuinfo *vcpus = libxl_list_vcpu(xen_handle(xen), domain, &count, &cpus);
    if (vcpus == NULL || count <= 0) {
        bool gone = libxl_domain_info(xen_handle(xen), NULL, domain) == ERROR_DOMAIN_NOTFOUND;
        return fail_xen(xen, err, gone ? ERROR_DOMAIN_NOTFOUND : ERROR_FAIL, "vCPUs of domain %u",
                        domain);
    }
    struct cpu_part *parts = memory_new_array(struct cpu_part, (size_t)count);
    for (int i = 0; i < count; i++) {
        snprintf(parts[i].name, sizeof parts[i].name, "vcpu%u", vcpus[i].vcpuid);
        parts[i].ns = vcpus[i].vcpu_time;
    }
    libxl_vcpuinfo_list_free(vcpus, count);
    *ret = parts;
    *ret_count = (size_t)count;
    return 0;
}

int xen_usage_memory(struct xen_connection *xen, uint32_t domain, uint64_t *ret, struct error *err)
{
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    xen_quiet(xen);
    int code = libxl_domain_info(xen_handle(xen), &info, domain);
    uint64_t bytes = (info.current_memkb + info.shared_memkb) * KIB;
    libxl_dominfo_dispose(&info);
    if (code != 0) {
        return fail_xen(xen, err, code, "memory of domain %u", domain);
    }
    *ret = bytes;
    return 0;
}

static int list_domains(struct xen_connection *xen, libxl_dominfo **ret, int *ret_count,
                        struct error *err)
{
    int count = 0;
    xen_quiet(xen);
    libxl_dominfo *domains = libxl_list_domain(xen_handle(xen), &count);
    if (domains == NULL) {
        return fail_xen(xen, err, ERROR_FAIL, "listing domains");
    }
    *ret = domains;
    *ret_count = count;
    return 0;
}

int xen_usage_times(struct xen_connection *xen, struct hypervisor_times *ret, struct error *err)
{
    libxl_dominfo *domains = NULL;
    int count = 0;
    struct hypervisor_times times = {0};
    int rc = list_domains(xen, &domains, &count, err);
    for (int i = 0; rc == 0 && i < count; i++) {
        times.all_ns += domains[i].cpu_time;
        times.host_ns += domains[i].domid == XEN_HOST ? domains[i].cpu_time : 0;
    }
    if (rc == 0) {
        libxl_dominfo_list_free(domains, count);
        // For Linux as a PV domain, CPU n is vCPU n (arch/x86/xen/smp_pv.c).
        rc = xen_usage_parts(xen, XEN_HOST, &times.host_vcpus, &times.host_vcpu_count, err);
    }
    if (rc == 0) {
        *ret = times;
    }
    return rc;
}

// ---- all domains, by libxenstat

struct xen_stat {
    struct xen_connection *xen;
    xenstat_handle *handle;
};

int xen_stat_open(struct xen_connection *xen, struct xen_stat **ret, struct error *err)
{
    xenstat_handle *handle = xenstat_init();
    if (handle == NULL) {
        return fail_lacking(err,
                            "libxenstat can't reach Xen (is the hypervisor of the version that "
                            "this vrbench was built with?)");
    }
    struct xen_stat *stat = memory_new_array(struct xen_stat, 1);
    *stat = (struct xen_stat){.xen = xen, .handle = handle};
    *ret = stat;
    return 0;
}

void xen_stat_close(struct xen_stat *stat)
{
    if (stat != NULL) {
        xenstat_uninit(stat->handle);
        free(stat);
    }
}

// ---- interfaces

// One reading of all domains.
struct reading {
    struct xen_connection *xen;
    xenstat_node *node;
    libxl_dominfo *infos;
    int info_count;
    char *net_dev; // text of /proc/net/dev, once required
    bool has_looked;
};

// The domain's view of its vif: what Domain-0 received, it sent. For a machine with a device model,
// the vif and the model's tap have one ID: they are one interface of the machine.
static void add_counted(struct link_counters *counters, xenstat_network *network)
{
    counters->tx_packets += xenstat_network_rpackets(network);
    counters->tx_bytes += xenstat_network_rbytes(network);
    counters->tx_errors += xenstat_network_rerrs(network);
    counters->rx_packets += xenstat_network_tpackets(network);
    counters->rx_bytes += xenstat_network_tbytes(network);
    counters->rx_errors += xenstat_network_terrs(network);
    // Both count packets for the domain: without room, some versions of netback count received and
    // dropped, others sent and dropped.
    counters->rx_dropped += xenstat_network_tdrop(network) + xenstat_network_rdrop(network);
}

static bool count_by_xenstat(xenstat_domain *domain, unsigned id, struct link_counters *ret)
{
    bool found = false;
    for (unsigned i = 0; i < xenstat_domain_num_networks(domain); i++) {
        xenstat_network *network = xenstat_domain_network(domain, i);
        if (network != NULL && xenstat_network_id(network) == id) {
            add_counted(ret, network);
            found = true;
        }
    }
    return found;
}

// The same for the kernel's counters of a vif.
static struct link_counters turned_about(const struct link_counters *own)
{
    return (struct link_counters){
        .tx_packets = own->rx_packets,
        .tx_bytes = own->rx_bytes,
        .tx_errors = own->rx_errors,
        .rx_packets = own->tx_packets,
        .rx_bytes = own->tx_bytes,
        .rx_errors = own->tx_errors,
        .rx_dropped = own->tx_dropped + own->rx_dropped,
    };
}

// libxenstat finds no vif if Domain-0 has no bridge; the kernel's figures are the same.
static bool count_by_kernel(struct reading *reading, const char *name, struct link_counters *ret)
{
    struct link_counters own = {0};
    if (!reading->has_looked) {
        reading->has_looked = true;
        (void)file_read(NET_DEV, NET_DEV_MAX, &reading->net_dev, NULL, NULL);
    }
    if (reading->net_dev == NULL || counters_parse_link(reading->net_dev, name, &own, NULL) < 0) {
        return false;
    }
    *ret = turned_about(&own);
    return true;
}

// Reads a value below a domain's own path in xenstore into a new string; NULL if absent.
static char *read_key(struct xen_connection *xen, uint32_t domain, const char *key)
{
    _cleanup_free_ char *path = text_format("/local/domain/%u/%s", domain, key);
    struct xs_handle *store = xen_store(xen);
    unsigned length = 0;
    return store == NULL ? NULL : xs_read(store, XBT_NULL, path, &length);
}

// The host of the testbed that a domain belongs to, and the counters there.
struct testbed_host {
    struct netns *netns; // NULL = it belongs to no testbed
    struct namespace_counters counters;
};

static void open_host(struct xen_connection *xen, uint32_t domain, struct testbed_host *ret)
{
    _cleanup_free_ char *folder = read_key(xen, domain, XEN_KEY_FOLDER);
    *ret = (struct testbed_host){0};
    if (folder == NULL) {
        return;
    }
    _cleanup_free_ char *pin = netns_pin_of(folder, "host");
    if (netns_open(pin, &ret->netns, NULL) == 0 &&
        counters_read(ret->netns, &ret->counters, NULL) < 0) {
        netns_close(ret->netns);
        ret->netns = NULL;
    }
}

static void close_host(struct testbed_host *host)
{
    if (host->netns != NULL) {
        counters_clear(&host->counters);
        netns_close(host->netns);
    }
}

static bool count_in_testbed(struct reading *reading, const struct testbed_host *host,
                             uint32_t domain, unsigned id, struct link_counters *ret)
{
    _cleanup_free_ char *key = text_format(XEN_KEY_VIF, (size_t)id);
    _cleanup_free_ char *name = host->netns == NULL ? NULL : read_key(reading->xen, domain, key);
    struct link_info info;
    if (name == NULL || link_find(host->netns, name, &info, NULL) < 0) {
        return false;
    }
    const struct link_counters *counters = counters_link(&host->counters, info.index);
    if (counters != NULL) {
        *ret = turned_about(counters);
    }
    return counters != NULL;
}

static void read_networks(struct reading *reading, xenstat_domain *domain,
                          struct foreign_machine *machine)
{
    int count = 0;
    struct testbed_host host;
    if (machine->id == XEN_HOST) {
        return; // its interfaces are not vifs
    }
    open_host(reading->xen, machine->id, &host);
    libxl_device_nic *nics = libxl_device_nic_list(xen_handle(reading->xen), machine->id, &count);
    machine->has_networks = true;
    for (int i = 0; i < count; i++) {
        unsigned id = (unsigned)nics[i].devid;
        struct link_counters counters = {0};
        char *name = text_format("vif%u.%u", machine->id, id);
        if (!count_by_xenstat(domain, id, &counters) &&
            !count_by_kernel(reading, name, &counters) &&
            !count_in_testbed(reading, &host, machine->id, id, &counters)) {
            machine->has_networks = false; // a sum without this interface would be wrong
            free(name);
            continue;
        }
        machine->networks =
            memory_resize(machine->networks, machine->network_count + 1, sizeof *machine->networks);
        machine->networks[machine->network_count++] =
            (struct named_counters){.name = name, .counters = counters};
    }
    if (nics != NULL) {
        libxl_device_nic_list_free(nics, count);
    }
    close_host(&host);
    xen_quiet(reading->xen);
}

// ---- domains

static enum foreign_state state_of(xenstat_domain *domain)
{
    return xenstat_domain_crashed(domain)    ? FOREIGN_CRASHED
           : xenstat_domain_dying(domain)    ? FOREIGN_STOPPING
           : xenstat_domain_shutdown(domain) ? FOREIGN_STOPPED
           : xenstat_domain_paused(domain)   ? FOREIGN_PAUSED
           : xenstat_domain_blocked(domain)  ? FOREIGN_BLOCKED
           : xenstat_domain_running(domain)  ? FOREIGN_RUNNING
                                             : FOREIGN_RUNNABLE;
}

// A domain's CPU time is the sum of its vCPUs': libxenstat has read its own sum earlier.
static void read_vcpus(xenstat_domain *domain, struct foreign_machine *machine)
{
    unsigned count = xenstat_domain_num_vcpus(domain);
    machine->vcpu_times = memory_new_array(struct foreign_vcpu, count);
    machine->vcpu_time_count = count;
    for (unsigned i = 0; i < count; i++) {
        xenstat_vcpu *vcpu = xenstat_domain_vcpu(domain, i);
        machine->vcpu_times[i] = (struct foreign_vcpu){.online = xenstat_vcpu_online(vcpu) != 0,
                                                       .ns = xenstat_vcpu_ns(vcpu)};
        machine->vcpus += machine->vcpu_times[i].online;
        machine->cpu_ns += machine->vcpu_times[i].ns;
    }
}

static const libxl_dominfo *info_of(const struct reading *reading, uint32_t domain)
{
    for (int i = 0; i < reading->info_count; i++) {
        if (reading->infos[i].domid == domain) {
            return &reading->infos[i];
        }
    }
    return NULL;
}

static void read_domain(struct reading *reading, xenstat_domain *domain, unsigned what,
                        uint64_t read_ns, struct foreign_list *list)
{
    const libxl_dominfo *info = info_of(reading, xenstat_domain_id(domain));
    if (info == NULL) {
        return; // the domain was started or ended meanwhile
    }
    unsigned long long most = xenstat_domain_max_mem(domain);
    struct foreign_machine machine = {
        .name = text_copy(xenstat_domain_name(domain)),
        .has_id = true,
        .id = xenstat_domain_id(domain),
        .state = state_of(domain),
        .memory_bytes = xenstat_domain_cur_mem(domain),
        .memory_max_bytes = most < NO_LIMIT ? most : 0,
        .read_ns = read_ns,
    };
    snprintf(machine.uuid, sizeof machine.uuid, LIBXL_UUID_FMT, LIBXL_UUID_BYTES(info->uuid));
    read_vcpus(domain, &machine);
    if ((what & FOREIGN_NETWORKS) != 0) {
        read_networks(reading, domain, &machine);
    }
    foreign_list_add(list, &machine);
}

// Memory that is neither free nor a domain's is the hypervisor's own.
static void read_computer(const struct reading *reading, struct foreign_list *list)
{
    uint64_t total = xenstat_node_tot_mem(reading->node);
    uint64_t used = xenstat_node_free_mem(reading->node);
    for (int i = 0; i < reading->info_count; i++) {
        used += (reading->infos[i].current_memkb + reading->infos[i].shared_memkb) * KIB;
    }
    list->host_memory_bytes = total;
    list->host_cpus = xenstat_node_num_cpus(reading->node);
    list->host_included = true;
    list->hypervisor_bytes = total > used ? total - used : 0;
}

int xen_stat_list(struct xen_stat *stat, unsigned what, struct foreign_list *ret, struct error *err)
{
    struct reading reading = {.xen = stat->xen};
    struct foreign_list list = {.began_ns = clock_monotonic_ns()};
    unsigned flags = XENSTAT_VCPU | ((what & FOREIGN_NETWORKS) != 0 ? XENSTAT_NETWORK : 0);
    int rc = list_domains(stat->xen, &reading.infos, &reading.info_count, err);
    if (rc < 0) {
        return rc;
    }
    reading.node = xenstat_get_node(stat->handle, flags);
    uint64_t read_ns = clock_monotonic_ns();
    if (reading.node == NULL) {
        rc = fail(err, 0, "libxenstat can't read the domains");
    } else {
        read_computer(&reading, &list);
        for (unsigned i = 0; i < xenstat_node_num_domains(reading.node); i++) {
            xenstat_domain *domain = xenstat_node_domain_by_index(reading.node, i);
            read_domain(&reading, domain, what, read_ns, &list);
        }
        foreign_list_sort(&list);
        xenstat_free_node(reading.node);
    }
    libxl_dominfo_list_free(reading.infos, reading.info_count);
    free(reading.net_dev);
    if (rc == 0) {
        *ret = list;
    }
    return rc;
}
