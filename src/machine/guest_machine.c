// SPDX-License-Identifier: GPL-3.0-or-later
// machine/guest_machine — see guest_machine.h.
#include "machine/guest_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "image/image.h"
#include "linux/link.h"
#include "machine/foreign.h"

#define READY_WITHIN_NS  (120U * NS_PER_S) // for an emulated machine on a busy host
#define ANSWER_WITHIN_NS (60U * NS_PER_S)
#define ENDS_WITHIN_NS   (5U * NS_PER_S) // after the end of its channel
#define ENDS_STEP_NS     (10U * NS_PER_MS)
#define COMMAND_NS       (3600U * NS_PER_S)
#define INPUT_MAX        (32U << 10)

static const struct guest_machine *guest_of(const struct machine *machine)
{
    return (const struct guest_machine *)machine;
}

char *machine_folder(const char *directory)
{
    return text_format("%s.machines", directory);
}

void guest_machine_init(struct guest_machine *guest, struct platform *platform,
                        const struct router_spec *spec, const struct guest_ways *ways, char *domain)
{
    machine_init(&guest->base, platform, spec->name);
    guest->ways = ways;
    guest->domain = domain;
    guest->folder = machine_folder(spec->directory);
    guest->files = text_format("%s/%s.%u", guest->folder, spec->name, spec->id);
    guest->host = spec->host;
    guest->nics = memory_new_array(struct guest_nic, spec->nic_count);
    guest->nic_count = spec->nic_count;
    for (size_t i = 0; i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        guest->nics[i] =
            (struct guest_nic){.name = text_copy(nic->name), .index = nic->index, .mtu = nic->mtu};
        snprintf(guest->nics[i].port, sizeof guest->nics[i].port, "%s",
                 nic->bridge == 0 ? "" : nic->vif);
    }
}

void guest_machine_clear(struct guest_machine *guest)
{
    for (size_t i = 0; i < guest->nic_count; i++) {
        free(guest->nics[i].name);
    }
    free(guest->nics);
    free(guest->system);
    free(guest->initrd);
    free(guest->files);
    free(guest->folder);
    free(guest->domain);
    machine_clear(&guest->base);
}

// ---- what it boots

// Whether NICs of the host are assigned to it, so that it requires their drivers.
static bool has_devices(const struct router_spec *spec)
{
    bool any = false;
    for (size_t i = 0; i < spec->nic_count; i++) {
        any |= spec->nics[i].pci != NULL;
    }
    return any;
}

void guest_machine_config(const struct router_spec *spec, struct router_config *ret)
{
    struct router_config_nic *nics = memory_new_array(struct router_config_nic, spec->nic_count);
    struct router_config_neighbour *neighbours =
        memory_new_array(struct router_config_neighbour, spec->nic_count);
    for (size_t i = 0; i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        nics[i] = (struct router_config_nic){.name = nic->name, .mtu = nic->mtu, .ip = nic->ip};
        memcpy(nics[i].mac, nic->mac, 6);
        neighbours[i] =
            (struct router_config_neighbour){.nic = nic->name, .address = nic->neighbour.address};
        memcpy(neighbours[i].mac, nic->neighbour.mac, 6);
    }
    struct router_config_route *routes =
        memory_new_array(struct router_config_route, spec->route_count);
    for (size_t i = 0; i < spec->route_count; i++) {
        routes[i] = (struct router_config_route){spec->routes[i].to, spec->routes[i].via};
    }
    *ret = (struct router_config){.name = spec->name,
                                  .nics = nics,
                                  .nic_count = spec->nic_count,
                                  .neighbours = neighbours,
                                  .neighbour_count = spec->nic_count,
                                  .routes = routes,
                                  .route_count = spec->route_count,
                                  .real_nics = has_devices(spec)};
}

void guest_machine_config_clear(struct router_config *config)
{
    free((void *)config->nics);
    free((void *)config->neighbours);
    free((void *)config->routes);
    *config = (struct router_config){0};
}

int tiny_guest_boot(const struct router_spec *spec, const char *initrd, const char *console,
                    struct tiny_boot *ret, struct error *err)
{
    _cleanup_image_ struct image image = {0};
    int rc = image_find(NULL, &image, err);
    if (rc < 0) {
        return rc;
    }
    struct router_config config;
    guest_machine_config(spec, &config);
    struct tiny_daemon daemon = {0};
    tiny_daemon_add(spec, &daemon, &config);
    rc = image_write_initrd(&image, &config, initrd, err);
    if (rc == 0) {
        *ret = (struct tiny_boot){
            .kernel = text_copy(image.kernel),
            .vmlinux = text_copy(image.vmlinux),
            .initrd = text_copy(initrd),
            .cmdline = text_format(IMAGE_CMDLINE("%s"), console),
        };
    }
    guest_machine_config_clear(&config);
    return rc;
}

void tiny_boot_clear(struct tiny_boot *boot)
{
    free(boot->kernel);
    free(boot->vmlinux);
    free(boot->initrd);
    free(boot->cmdline);
    *boot = (struct tiny_boot){0};
}

uint64_t tiny_guest_memory(const struct router_spec *spec, const char *topic)
{
    bool small = spec->daemon == DAEMON_NONE && !has_devices(spec);
    unsigned mib = small ? IMAGE_MEMORY_MIB : IMAGE_LARGE_MIB;
    uint64_t least = (uint64_t)mib << 20;
    if (spec->memory_bytes != 0 && spec->memory_bytes < least) {
        log_note(topic, "router %s gets %u MiB of memory: its guest needs them", spec->name, mib);
    }
    return spec->memory_bytes > least ? spec->memory_bytes : least;
}

// ---- files

int machine_folder_make(const char *folder, struct error *err)
{
    // QEMU's user must reach its files, whatever the umask of the caller is.
    return (mkdir(folder, 0711) < 0 && errno != EEXIST) || chmod(folder, 0711) < 0
               ? fail(err, errno, "making %s", folder)
               : 0;
}

void machine_folder_clear(const char *directory)
{
    _cleanup_free_ char *folder = machine_folder(directory);
    _cleanup_closedir_ DIR *files = opendir(folder);
    for (struct dirent *entry = NULL; files != NULL && (entry = readdir(files)) != NULL;) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(files), entry->d_name, 0);
        }
    }
    (void)rmdir(folder);
}

void guest_machine_remove_files(const struct guest_machine *guest)
{
    (void)unlink(guest->files);
    if (guest->initrd != NULL) {
        (void)unlink(guest->initrd);
    }
    (void)rmdir(guest->folder); // fails while other machines have files there
}

// ---- talking to it

int guest_machine_is_dead(const struct guest_machine *guest, struct error *err)
{
    error_clear(err);
    return fail(err, ESRCH, "machine %s has ended", guest->domain);
}

// The kernel closes the channel of a killed process before the process counts as ended.
int guest_machine_failed(const struct guest_machine *guest, int rc, struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + ENDS_WITHIN_NS;
    bool ended = guest->ways->has_died(guest);
    while (!ended && rc == -ECONNRESET && clock_monotonic_ns() < until_ns &&
           stop_sleep(ENDS_STEP_NS, NULL) == 0) {
        ended = guest->ways->has_died(guest);
    }
    return ended ? guest_machine_is_dead(guest, err) : rc;
}

int guest_machine_ask(const struct guest_machine *guest, uint64_t until_ns,
                      struct guest_channel **ret, struct error *err)
{
    return guest->ways->has_died(guest) ? guest_machine_is_dead(guest, err)
                                        : guest->ways->connect(guest, until_ns, ret, err);
}

int guest_machine_await(struct machine *machine, struct error *err)
{
    struct guest_machine *guest = (struct guest_machine *)machine;
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + READY_WITHIN_NS;
    int rc = guest->ways->connect(guest, until_ns, &channel, err);
    if (rc == 0) {
        rc = guest_await_ready(channel, until_ns, NULL, err);
    }
    if (rc == -ECONNRESET || (rc < 0 && guest->ways->has_died(guest))) {
        error_context(err, "router %s: its machine %s ended while it started", machine->name,
                      guest->domain);
        return rc;
    }
    if (rc < 0) {
        error_context(err, "router %s", machine->name);
        return rc;
    }
    if (guest->initrd != NULL) { // the initrd is in the machine's memory now
        (void)unlink(guest->initrd);
        free(steal_pointer(&guest->initrd));
    }
    return 0;
}

// ---- its counters

// For an assigned PCI device, the guest's drops mean that the receive ring was full (/proc/net/dev
// has them and others in one figure).
static void count_missed(struct link_counters *inside)
{
    inside->rx_missed += inside->rx_dropped;
    inside->rx_dropped = 0;
}

// A port stacked on a host interface shares its losses: frames that found the port's queue full
// count as found its receive ring full, and frames dropped by the lower link were not sent.
static void count_stacked(const struct link_counters *port, const struct link_counters *below,
                          struct link_counters *inside)
{
    inside->rx_missed += port->rx_dropped;
    inside->tx_dropped += below->tx_dropped;
    inside->tx_packets -=
        below->tx_dropped < inside->tx_packets ? below->tx_dropped : inside->tx_packets;
}

static int add_host_parts(const struct guest_machine *guest, struct namespace_counters *counters,
                          struct error *err)
{
    _cleanup_counters_ struct namespace_counters host = {0};
    for (size_t i = 0; i < guest->nic_count; i++) {
        const struct guest_nic *nic = &guest->nics[i];
        struct link_info info = {0};
        int rc = !nic->stacked || host.links != NULL ? 0 : counters_read(guest->host, &host, err);
        if (rc == 0 && nic->stacked) {
            rc = link_find(guest->host, nic->port, &info, err);
        }
        if (rc < 0) {
            return rc;
        }
        const struct link_counters *port = counters_link(&host, info.index);
        const struct link_counters *below = counters_link(&host, nic->index);
        for (size_t k = 0; k < counters->link_count; k++) {
            struct link_counters *inside = &counters->links[k];
            if (inside->index == nic->index && nic->port[0] == '\0') {
                count_missed(inside);
            } else if (inside->index == nic->index && nic->stacked && port != NULL &&
                       below != NULL) {
                count_stacked(port, below, inside);
            }
        }
    }
    return 0;
}

static int count_inside(const struct guest_machine *guest, struct namespace_counters *ret,
                        struct error *err)
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + ANSWER_WITHIN_NS;
    struct guest_link *links = memory_new_array(struct guest_link, guest->nic_count);
    for (size_t i = 0; i < guest->nic_count; i++) {
        links[i] = (struct guest_link){guest->nics[i].name, guest->nics[i].index};
    }
    int rc = guest_machine_ask(guest, until_ns, &channel, err);
    if (rc == 0) {
        rc = guest_counters(channel, links, guest->nic_count, until_ns, ret, err);
    }
    free(links);
    if (rc < 0) {
        return guest_machine_failed(guest, rc, err);
    }
    return add_host_parts(guest, ret, err);
}

// For a system that does not answer: counters of the host's ends of its interfaces.
static int count_outside(const struct guest_machine *guest, struct namespace_counters *ret,
                         struct error *err)
{
    _cleanup_counters_ struct namespace_counters host = {0};
    int rc = counters_read(guest->host, &host, err);
    ret->links = memory_new_array(struct link_counters, guest->nic_count + 1);
    for (size_t i = 0; rc == 0 && i < guest->nic_count; i++) {
        const struct guest_nic *nic = &guest->nics[i];
        struct link_counters *inside = &ret->links[ret->link_count++];
        struct link_info info;
        *inside = (struct link_counters){.index = nic->index};
        rc = link_find(guest->host, nic->port, &info, err);
        const struct link_counters *port = rc == 0 ? counters_link(&host, info.index) : NULL;
        const struct link_counters *below = counters_link(&host, nic->index);
        if (port != NULL && !nic->stacked) {
            inside->rx_packets = port->tx_packets;
            inside->tx_packets = port->rx_packets;
            inside->rx_bytes = port->tx_bytes;
            inside->tx_bytes = port->rx_bytes;
        } else if (port != NULL && below != NULL) {
            // Counters of the lower link, minus the drops of the port on top of it.
            inside->rx_missed = port->rx_dropped;
            inside->rx_packets =
                below->rx_packets > port->rx_dropped ? below->rx_packets - port->rx_dropped : 0;
            inside->tx_packets = below->tx_packets;
            inside->tx_dropped = below->tx_dropped;
            inside->rx_bytes = below->rx_bytes;
            inside->tx_bytes = below->tx_bytes;
        }
    }
    return rc;
}

int guest_machine_counters(const struct machine *machine, struct namespace_counters *ret,
                           struct error *err)
{
    const struct guest_machine *guest = guest_of(machine);
    _cleanup_counters_ struct namespace_counters counters = {0};
    if (guest->ways->has_died(guest)) {
        return guest_machine_is_dead(guest, err);
    }
    int rc = guest->system != NULL ? count_outside(guest, &counters, err)
                                   : count_inside(guest, &counters, err);
    if (rc == 0) {
        *ret = counters;
        counters = (struct namespace_counters){0};
    }
    return rc;
}

// ---- its console

static int exec_inside(const struct guest_machine *guest, const char *const *argv,
                       uint64_t until_ns, int *ret_status, char **ret_output, size_t *ret_length,
                       struct error *err)
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    int rc = guest->ways->connect(guest, clock_monotonic_ns() + ANSWER_WITHIN_NS, &channel, err);
    return rc < 0 ? rc
                  : guest_exec(channel, argv, until_ns, ret_status, ret_output, ret_length, err);
}

static int run_command(const struct guest_machine *guest, const char *const *argv, int *ret_status,
                       struct error *err)
{
    _cleanup_free_ char *output = NULL;
    size_t length = 0;
    int rc = exec_inside(guest, argv, clock_monotonic_ns() + COMMAND_NS, ret_status, &output,
                         &length, err);
    return rc == 0 ? stop_write(STDOUT_FILENO, output, length, err) : rc;
}

static int read_script(char **ret, struct error *err)
{
    _cleanup_free_ char *text = memory_new(INPUT_MAX + 1, 1);
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < INPUT_MAX) {
        got = stop_read(STDIN_FILENO, text + length, INPUT_MAX - length, err);
        if (got < 0) {
            return (int)got;
        }
        length += (size_t)got;
    }
    if (length == INPUT_MAX) {
        return fail_input(err, "a script for a machine's shell may have %u bytes", INPUT_MAX - 1);
    }
    *ret = steal_pointer(&text);
    return 0;
}

// Runs standard input as a script of the guest's shell.
static int run_script(const struct guest_machine *guest, int *ret_status, struct error *err)
{
    _cleanup_free_ char *script = NULL;
    int rc = read_script(&script, err);
    const char *const shell[] = {"sh", "-c", script, NULL};
    return rc < 0 || script == NULL || *script == '\0' ? rc
                                                       : run_command(guest, shell, ret_status, err);
}

static int check_runs_commands(const struct guest_machine *guest, const char *name,
                               struct error *err)
{
    return guest->system == NULL
               ? 0
               : fail_lacking(err,
                              "router %s has a system of its own (%s): its console can be entered, "
                              "but no command run in it",
                              name, guest->system);
}

int guest_machine_command(const struct machine *machine, char *const *argv, const char *input,
                          uint64_t until_ns, int *ret_status, char **ret_output, struct error *err)
{
    const struct guest_machine *guest = guest_of(machine);
    size_t length = 0;
    (void)input;
    int rc = check_runs_commands(guest, machine->name, err);
    return rc < 0 ? rc
                  : exec_inside(guest, (const char *const *)argv, until_ns, ret_status, ret_output,
                                &length, err);
}

int guest_machine_console(const struct machine *machine, char *const *argv, int *ret_status,
                          struct error *err)
{
    const struct guest_machine *guest = guest_of(machine);
    _cleanup_foreign_ struct foreign *foreign = NULL;
    if (guest->ways->has_died(guest)) {
        return fail(err, ESRCH, "router %s has died", machine->name);
    }
    int rc = argv == NULL ? 0 : check_runs_commands(guest, machine->name, err);
    if (rc < 0) {
        return rc;
    }
    if (argv != NULL) {
        return run_command(guest, (const char *const *)argv, ret_status, err);
    }
    *ret_status = 0;
    if (!isatty(STDIN_FILENO) && guest->system == NULL) {
        return run_script(guest, ret_status, err);
    }
    rc = foreign_open(machine->platform->uri, true, &foreign, err);
    return rc == 0 ? foreign_console(foreign, guest->domain, err) : rc;
}

// ---- its facts for results

void guest_machine_add_facts(const struct machine *machine, struct platform_facts *facts)
{
    _cleanup_image_ struct image image = {0};
    if (machine == NULL) {
        return;
    }
    const char *system = guest_of(machine)->system;
    if (system != NULL || image_find(NULL, &image, NULL) == 0) {
        free(facts->guest);
        facts->guest = system != NULL
                           ? text_copy(system)
                           : text_format("%s %s", image.kernel_package, image.kernel_version);
    }
}
