// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * platform/libvirt/guest — inside of platform/libvirt: what runs in a machine (the tiny guest of
 * image/), and talking to it: is it ready, its counters, commands, its console. See machine.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "image/guest_channel.h"
#include "image/image.h"
#include "image/router_config.h"
#include "linux/counters.h"
#include "linux/link.h"
#include "platform/foreign.h"
#include "platform/libvirt/own.h"

#define READY_WITHIN_NS  (120U * NS_PER_S) // emulated, on a busy machine
#define ANSWER_WITHIN_NS (60U * NS_PER_S)
#define COMMAND_NS       (3600U * NS_PER_S)
#define INPUT_MAX        (32U << 10)

// ---- what it boots

void machine_config_make(const struct router_spec *spec, struct router_config *ret)
{
    struct router_config_nic *nics = memory_new_array(struct router_config_nic, spec->nic_count);
    struct router_config_neighbour *neighbours =
        memory_new_array(struct router_config_neighbour, spec->nic_count);
    for (size_t i = 0; i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        nics[i] = (struct router_config_nic){
            .name = nic->name, .mtu = nic->mtu, .address = nic->address, .prefix = nic->prefix};
        memcpy(nics[i].mac, nic->mac, 6);
        neighbours[i] =
            (struct router_config_neighbour){.nic = nic->name, .address = nic->neighbour.address};
        memcpy(neighbours[i].mac, nic->neighbour.mac, 6);
    }
    *ret = (struct router_config){.name = spec->name,
                                  .nics = nics,
                                  .nic_count = spec->nic_count,
                                  .neighbours = neighbours,
                                  .neighbour_count = spec->nic_count};
}

void machine_config_clear(struct router_config *config)
{
    free((void *)config->nics);
    free((void *)config->neighbours);
    *config = (struct router_config){0};
}

int machine_boot_make(struct router *router, const struct router_spec *spec,
                      struct machine_boot *ret, struct error *err)
{
    struct image image = {0};
    if (router->own != NULL) {
        return own_boot_make(router, spec, ret, err);
    }
    int rc = image_find(NULL, &image, err);
    if (rc < 0) {
        image_clear(&image);
        return rc;
    }
    struct router_config config;
    machine_config_make(spec, &config);
    struct machine_daemon daemon = {0};
    machine_daemon_add(spec, &daemon, &config);
    router->initrd = text_format("%s.initrd", router->channel);
    rc = image_write_initrd(&image, &config, router->initrd, err);
    if (rc == 0) {
        // Emulated, it would spend more time on unpacking itself than on anything else.
        bool plain = text_equal(router->type, "qemu");
        *ret = (struct machine_boot){.kernel = text_copy(plain ? image.vmlinux : image.kernel),
                                     .initrd = text_copy(router->initrd),
                                     .cmdline = text_copy(IMAGE_CMDLINE("ttyS0"))};
    }
    machine_config_clear(&config);
    image_clear(&image);
    return rc;
}

void machine_boot_clear(struct machine_boot *boot)
{
    free(boot->kernel);
    free(boot->initrd);
    free(boot->cmdline);
    free(boot->disk);
    free(boot->disk_base);
    free(boot->seed);
    *boot = (struct machine_boot){0};
}

// ---- the channel

static int dead(const struct router *router, struct error *err)
{
    return fail(err, ESRCH, "machine %s has ended", router->domain);
}

int machine_await(struct router *router, struct error *err)
{
    if (router->own != NULL) {
        return own_await(router, err);
    }
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + READY_WITHIN_NS;
    int rc = guest_connect(router->channel, until_ns, &channel, err);
    if (rc == 0) {
        rc = guest_await_ready(channel, until_ns, NULL, err);
    }
    if (rc == -ECONNRESET || (rc < 0 && machine_has_died(router))) {
        error_context(err, "router %s: its machine %s ended while it started", router->name,
                      router->domain);
    } else if (rc < 0) {
        error_context(err, "router %s", router->name);
    }
    if (rc == 0 && router->initrd != NULL) { // it is in the machine's memory now
        (void)unlink(router->initrd);
        free(steal_pointer(&router->initrd));
    }
    return rc;
}

// An interface of a machine on a macvtap has parts on the host: what found its queue full there
// found the interface's receive ring full, and what the link below had to drop it has not sent.
static int add_host_parts(const struct router *router, struct namespace_counters *counters,
                          struct error *err)
{
    struct namespace_counters host = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < router->nic_count; i++) {
        const struct machine_nic *nic = &router->nics[i];
        struct link_info info;
        if (nic->stacked[0] == '\0') {
            continue;
        }
        rc = host.links != NULL ? 0 : counters_read(router->host, &host, err);
        if (rc == 0) {
            rc = link_find(router->host, nic->stacked, &info, err);
        }
        const struct link_counters *tap = rc == 0 ? counters_link(&host, info.index) : NULL;
        const struct link_counters *below = counters_link(&host, nic->index);
        for (size_t k = 0; k < counters->link_count; k++) {
            struct link_counters *inside = &counters->links[k];
            if (inside->index != nic->index || tap == NULL || below == NULL) {
                continue;
            }
            inside->rx_missed += tap->rx_dropped;
            inside->tx_dropped += below->tx_dropped;
            inside->tx_packets -=
                below->tx_dropped < inside->tx_packets ? below->tx_dropped : inside->tx_packets;
        }
    }
    counters_clear(&host);
    return rc;
}

int machine_ask(const struct router *router, uint64_t until_ns, struct guest_channel **ret,
                struct error *err)
{
    return machine_has_died(router) ? dead(router, err)
                                    : guest_connect(router->channel, until_ns, ret, err);
}

int machine_counters(const struct router *router, struct namespace_counters *ret, struct error *err)
{
    if (machine_has_died(router)) {
        return dead(router, err);
    }
    if (router->own != NULL) {
        return own_counters(router, ret, err);
    }
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + ANSWER_WITHIN_NS;
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = guest_connect(router->channel, until_ns, &channel, &why);
    struct guest_link *links = memory_new_array(struct guest_link, router->nic_count);
    for (size_t i = 0; i < router->nic_count; i++) {
        links[i] =
            (struct guest_link){.name = router->nics[i].name, .index = router->nics[i].index};
    }
    struct namespace_counters counters = {0};
    if (rc == 0) {
        rc = guest_counters(channel, links, router->nic_count, until_ns, &counters, &why);
    }
    if (rc == 0) {
        rc = add_host_parts(router, &counters, &why);
    }
    free(links);
    if (rc < 0) {
        counters_clear(&counters);
        if (machine_has_died(router)) {
            return dead(router, err);
        }
        error_move(err, &why);
        return rc;
    }
    *ret = counters;
    return 0;
}

// ---- the console

static int write_all(const char *bytes, size_t length, struct error *err)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 && errno != EINTR) {
            return fail(err, errno, "standard output");
        }
        bytes += written < 0 ? 0 : written;
        length -= written < 0 ? 0 : (size_t)written;
    }
    return 0;
}

static int run_command(const struct router *router, const char *const *argv, int *ret_status,
                       struct error *err)
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    _cleanup_free_ char *output = NULL;
    size_t length = 0;
    int rc = guest_connect(router->channel, clock_monotonic_ns() + ANSWER_WITHIN_NS, &channel, err);
    if (rc == 0) {
        rc = guest_exec(channel, argv, clock_monotonic_ns() + COMMAND_NS, ret_status, &output,
                        &length, err);
    }
    return rc == 0 ? write_all(output, length, err) : rc;
}

// What comes from a pipe is a script for the guest's shell.
static int read_script(char **ret, struct error *err)
{
    _cleanup_free_ char *text = memory_new(INPUT_MAX + 1, 1);
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < INPUT_MAX) {
        got = read(STDIN_FILENO, text + length, INPUT_MAX - length);
        if (got < 0 && errno != EINTR) {
            return fail(err, errno, "standard input");
        }
        if (stop_requested()) {
            return fail_interrupted(err);
        }
        length += got < 0 ? 0 : (size_t)got;
        got = got < 0 ? 1 : got;
    }
    if (length == INPUT_MAX) {
        return fail_input(err, "a script for a machine's shell may have %u bytes", INPUT_MAX - 1);
    }
    *ret = steal_pointer(&text);
    return 0;
}

int machine_console(const struct router *router, char *const *argv, int *ret_status,
                    struct error *err)
{
    if (machine_has_died(router)) {
        return fail(err, ESRCH, "router %s has died", router->name);
    }
    if (argv != NULL && router->own != NULL) {
        return fail_lacking(err,
                            "router %s has a system of its own (%s): its console can be entered, "
                            "but no command run in it",
                            router->name, own_image(router->own));
    }
    if (argv != NULL) {
        return run_command(router, (const char *const *)argv, ret_status, err);
    }
    if (!isatty(STDIN_FILENO) && router->own == NULL) {
        _cleanup_free_ char *script = NULL;
        int rc = read_script(&script, err);
        *ret_status = 0;
        const char *const shell[] = {"sh", "-c", script, NULL};
        return rc < 0 || script == NULL || *script == '\0'
                   ? rc
                   : run_command(router, shell, ret_status, err);
    }
    _cleanup_foreign_ struct foreign *foreign = NULL;
    int rc = foreign_open(router->platform->base.uri, true, &foreign, err);
    *ret_status = 0;
    return rc == 0 ? foreign_console(foreign, router->domain, err) : rc;
}
