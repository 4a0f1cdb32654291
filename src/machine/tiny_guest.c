// SPDX-License-Identifier: GPL-3.0-or-later
// machine/tiny_guest — see tiny_guest.h.
#include "machine/tiny_guest.h"

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

#define READY_WITHIN_NS  (120U * NS_PER_S) // emulated, on a busy machine
#define ANSWER_WITHIN_NS (60U * NS_PER_S)
#define COMMAND_NS       (3600U * NS_PER_S)
#define INPUT_MAX        (32U << 10)

// ---- what it boots

// Whether it gets NICs of the host whole, and needs their drivers.
static bool has_devices(const struct router_spec *spec)
{
    bool any = false;
    for (size_t i = 0; i < spec->nic_count; i++) {
        any |= spec->nics[i].pci != NULL;
    }
    return any;
}

void tiny_guest_config(const struct router_spec *spec, struct router_config *ret)
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
                                  .neighbour_count = spec->nic_count,
                                  .real_nics = has_devices(spec)};
}

void tiny_guest_config_clear(struct router_config *config)
{
    free((void *)config->nics);
    free((void *)config->neighbours);
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
    tiny_guest_config(spec, &config);
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
    tiny_guest_config_clear(&config);
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

char *machine_folder(const char *directory)
{
    return text_format("%s.machines", directory);
}

int machine_folder_make(const char *folder, struct error *err)
{
    return mkdir(folder, 0711) < 0 && errno != EEXIST ? fail(err, errno, "making %s", folder) : 0;
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

// ---- talking to it

int tiny_guest_is_dead(const struct tiny_guest *guest, struct error *err)
{
    error_clear(err);
    return fail(err, ESRCH, "machine %s has ended", guest->machine);
}

int tiny_guest_ask(const struct tiny_guest *guest, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err)
{
    return guest->has_died(guest->router) ? tiny_guest_is_dead(guest, err)
                                          : guest->connect(guest->router, until_ns, ret, err);
}

int tiny_guest_await(const struct tiny_guest *guest, struct error *err)
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + READY_WITHIN_NS;
    int rc = guest->connect(guest->router, until_ns, &channel, err);
    if (rc == 0) {
        rc = guest_await_ready(channel, until_ns, NULL, err);
    }
    if (rc == -ECONNRESET || (rc < 0 && guest->has_died(guest->router))) {
        error_context(err, "router %s: its machine %s ended while it started", guest->name,
                      guest->machine);
    } else if (rc < 0) {
        error_context(err, "router %s", guest->name);
    }
    return rc;
}

int tiny_guest_counters(const struct tiny_guest *guest, const struct guest_link *links,
                        size_t link_count, struct namespace_counters *ret, struct error *err)
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + ANSWER_WITHIN_NS;
    int rc = tiny_guest_ask(guest, until_ns, &channel, err);
    if (rc == 0) {
        rc = guest_counters(channel, links, link_count, until_ns, ret, err);
    }
    // It may have ended while it was asked.
    return rc < 0 && guest->has_died(guest->router) ? tiny_guest_is_dead(guest, err) : rc;
}

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

int tiny_guest_run(const struct tiny_guest *guest, const char *const *argv, int *ret_status,
                   struct error *err)
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    _cleanup_free_ char *output = NULL;
    size_t length = 0;
    int rc = guest->connect(guest->router, clock_monotonic_ns() + ANSWER_WITHIN_NS, &channel, err);
    if (rc == 0) {
        rc = guest_exec(channel, argv, clock_monotonic_ns() + COMMAND_NS, ret_status, &output,
                        &length, err);
    }
    return rc == 0 ? write_all(output, length, err) : rc;
}

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

int tiny_guest_run_script(const struct tiny_guest *guest, int *ret_status, struct error *err)
{
    _cleanup_free_ char *script = NULL;
    int rc = read_script(&script, err);
    *ret_status = 0;
    const char *const shell[] = {"sh", "-c", script, NULL};
    return rc < 0 || script == NULL || *script == '\0'
               ? rc
               : tiny_guest_run(guest, shell, ret_status, err);
}
