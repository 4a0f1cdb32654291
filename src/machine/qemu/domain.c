// SPDX-License-Identifier: GPL-3.0-or-later
// machine/qemu/domain — see domain.h.
#include "machine/qemu/domain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_get.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/text.h"
#include "image/image.h"
#include "image/overlay.h"
#include "linux/kvm_probe.h"
#include "linux/process.h"
#include "linux/tap.h"
#include "linux/threads.h"
#include "machine/libvirt/domain.h"
#include "machine/libvirt/domain_xml.h"
#include "machine/machine_pci.h"
#include "machine/qemu/own.h"

#define END_WITHIN_NS (5U * NS_PER_S)
#define CMDLINE_MAX   65536
#define MEMORY_OWN    (512ULL << 20) // default memory of a machine with its own system

// ---- what kind of machines there can be

static int ask_for_kvm(virConnectPtr handle, void *data, struct error *err)
{
    bool *offered = data;
    char *xml = virConnectGetDomainCapabilities(handle, NULL, "x86_64", NULL, "kvm", 0);
    *offered = xml != NULL;
    free(xml);
    return *offered ? 0 : fail_libvirt(err, "KVM");
}

// KVM if libvirt offers it and it runs machines on the CPU; else emulation.
static int find_type(struct platform *opened, struct error *err)
{
    struct libvirt_platform *platform = (struct libvirt_platform *)opened;
    const char *forced = setting_get(MACHINE_TYPE_VARIABLE);
    struct connection *connection = NULL;
    char why[160] = "";
    bool offered = false;
    if (platform->type != NULL) {
        return 0;
    }
    if (forced != NULL) {
        platform->type = text_equal(forced, "kvm") ? "kvm" : "qemu";
        return 0;
    }
    int rc = libvirt_connect(opened, &connection, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_error_ struct error unasked = ERROR_INIT;
    (void)connection_call(connection, ask_for_kvm, &offered, &unasked);
    bool works = offered && kvm_works(why, sizeof why);
    platform->type = works ? "kvm" : "qemu";
    if (!works) {
        log_note("libvirt", "machines are emulated: %s", offered ? why : unasked.text);
    }
    return 0;
}

// ---- the process

// Whether a process is the machine of that UUID, by QEMU's option "-uuid UUID".
static bool is_machine(const char *process, const char *uuid)
{
    _cleanup_free_ char *path = text_format("/proc/%s/cmdline", process);
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    if (file_read(path, CMDLINE_MAX, &text, &length, NULL) < 0) {
        return false;
    }
    for (const char *word = text; word < text + length; word += strlen(word) + 1) {
        if (strcmp(word, "-uuid") == 0) {
            const char *next = word + strlen(word) + 1;
            return next < text + length && strcmp(next, uuid) == 0;
        }
    }
    return false;
}

static int find_process(struct qemu_machine *router, struct error *err)
{
    _cleanup_closedir_ DIR *processes = opendir("/proc");
    for (struct dirent *entry = NULL; processes != NULL && (entry = readdir(processes)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || !is_machine(entry->d_name, router->uuid)) {
            continue;
        }
        router->pid = pid;
        router->started = process_start_time(pid);
        router->fd = process_open(pid, router->started, NULL);
        if (router->fd >= 0) {
            return 0;
        }
    }
    return fail_lacking(err,
                        "the process of machine %s can't be seen from here: routers need a libvirt "
                        "whose machines run on this computer, in this PID namespace",
                        router->guest.domain);
}

// ---- the object

void qemu_release(struct machine *machine)
{
    struct qemu_machine *router = qemu_machine_of(machine);
    if (router->fd >= 0) {
        close(router->fd);
    }
    own_free(router->own);
    free(router->vhost);
    guest_machine_clear(&router->guest);
    free(router);
}

static int connect_guest(const struct guest_machine *guest, uint64_t until_ns,
                         struct guest_channel **ret, struct error *err)
{
    return guest_connect(guest->files, until_ns, ret, err);
}

static bool guest_has_died(const struct guest_machine *guest)
{
    return qemu_has_died(qemu_machine_of(&guest->base));
}

static struct qemu_machine *qemu_new(struct platform *platform, const struct router_spec *spec)
{
    static const struct guest_ways ways = {connect_guest, guest_has_died};
    struct qemu_machine *router = memory_new(1, sizeof *router);
    struct guest_machine *guest = &router->guest;
    guest_machine_init(guest, platform, spec, &ways,
                       libvirt_domain_name(spec->testbed, spec->name));
    router->fd = -1;
    for (size_t i = 0; i < spec->nic_count; i++) {
        guest->nics[i].stacked = spec->nics[i].bridge == 0 && spec->nics[i].pci == NULL;
        if (guest->nics[i].stacked) {
            qemu_stacked_name(spec, i, guest->nics[i].port);
        }
    }
    if (spec->image != NULL) {
        guest->system = text_copy(text_base_name(spec->image));
        router->own = own_new(spec, guest->files);
    }
    return router;
}

// ---- what it boots

static int qemu_boot_make(struct qemu_machine *router, const struct router_spec *spec,
                          struct qemu_boot *ret, struct error *err)
{
    if (router->own != NULL) {
        return own_boot_make(router, spec, ret, err);
    }
    struct tiny_boot boot = {0};
    router->guest.initrd = text_format("%s.initrd", router->guest.files);
    int rc = tiny_guest_boot(spec, router->guest.initrd, "ttyS0", &boot, err);
    if (rc == 0) {
        // Under emulation, decompressing the kernel would take most of the boot time.
        char **kernel = text_equal(router->type, "qemu") ? &boot.vmlinux : &boot.kernel;
        *ret = (struct qemu_boot){.kernel = steal_pointer(kernel),
                                  .initrd = steal_pointer(&boot.initrd),
                                  .cmdline = steal_pointer(&boot.cmdline)};
    }
    tiny_boot_clear(&boot);
    return rc;
}

static void qemu_boot_clear(struct qemu_boot *boot)
{
    free(boot->kernel);
    free(boot->initrd);
    free(boot->cmdline);
    free(boot->disk);
    free(boot->disk_base);
    free(boot->seed);
    *boot = (struct qemu_boot){0};
}

// ---- making

static int resume_machine(virConnectPtr handle, void *data, struct error *err)
{
    const struct qemu_machine *router = data;
    _cleanup_domain_ virDomainPtr domain = virDomainLookupByUUIDString(handle, router->uuid);
    return domain == NULL || virDomainResume(domain) < 0
               ? fail_libvirt(err, "resuming machine %s", router->guest.domain)
               : 0;
}

static uint64_t memory_of(const struct router_spec *spec)
{
    uint64_t own = spec->memory_bytes != 0 ? spec->memory_bytes : MEMORY_OWN;
    return spec->image != NULL ? own : tiny_guest_memory(spec, "libvirt");
}

static int describe_machine(const struct qemu_machine *router, const struct router_spec *spec,
                            const struct qemu_boot *boot, char **ret_xml, struct error *err)
{
    struct domain_nic *nics = memory_new_array(struct domain_nic, spec->nic_count);
    char **taps = memory_new_array(char *, spec->nic_count);
    for (size_t i = 0; i < spec->nic_count; i++) {
        taps[i] = qemu_tap_name(spec, i);
        nics[i] =
            (struct domain_nic){.kind = spec->nics[i].pci != NULL ? DOMAIN_NIC_PCI : DOMAIN_NIC_TAP,
                                .pci = spec->nics[i].pci,
                                .tap = taps[i],
                                .mtu = spec->nics[i].mtu,
                                .vhost = text_equal(router->type, "kvm")};
        memcpy(nics[i].mac, spec->nics[i].mac, 6);
    }
    const struct domain_spec domain = {
        .name = router->guest.domain,
        .uuid = router->uuid,
        .testbed = spec->testbed,
        .router = spec->name,
        .life = spec->id,
        .type = router->type,
        .memory_bytes = memory_of(spec),
        .vcpus = 1,
        .cpus = spec->cpus,
        .kernel = boot->kernel,
        .initrd = boot->initrd,
        .cmdline = boot->cmdline,
        .disk = boot->disk,
        .disk_base = boot->disk_base,
        .seed = boot->seed,
        .channel = router->own == NULL ? router->guest.files : NULL,
        .nics = nics,
        .nic_count = spec->nic_count,
    };
    int rc = domain_xml(&domain, ret_xml, err);
    for (size_t i = 0; i < spec->nic_count; i++) {
        free(taps[i]);
    }
    free(taps);
    free(nics);
    return rc;
}

static int start_machine(struct qemu_machine *router, const struct router_spec *spec,
                         struct error *err)
{
    struct connection *connection = NULL;
    struct qemu_boot boot = {0};
    _cleanup_free_ char *xml = NULL;
    int rc = machine_folder_make(router->guest.folder, err);
    if (rc == 0) {
        rc = qemu_boot_make(router, spec, &boot, err);
    }
    if (rc == 0) {
        rc = describe_machine(router, spec, &boot, &xml, err);
    }
    qemu_boot_clear(&boot);
    if (rc == 0) {
        rc = qemu_make_taps(spec, err);
    }
    if (rc == 0) {
        rc = libvirt_connect(router->guest.base.platform, &connection, err);
    }
    if (rc == 0) {
        rc = libvirt_domain_start(connection, router->uuid, router->guest.domain, xml,
                                  VIR_DOMAIN_START_PAUSED, NULL, err);
    }
    if (rc == 0) {
        rc = find_process(router, err);
    }
    if (rc == 0 && text_equal(router->type, "kvm")) {
        char name[32];
        snprintf(name, sizeof name, "vhost-%d", (int)router->pid);
        rc = threads_of_kernel(name, &router->vhost, &router->vhost_count, err);
    }
    if (rc == 0) {
        rc = qemu_place_taps(spec, err);
    }
    if (rc == 0 && router->own != NULL) {
        rc = own_listen(router, err);
    }
    return rc == 0 ? qemu_call(router, resume_machine, router, err) : rc;
}

int qemu_check(struct platform *platform, const struct router_spec *spec, bool named_only,
               struct error *err)
{
    struct connection *connection = NULL;
    int rc = spec->image == NULL ? 0 : own_check(spec, err);
    if (rc == 0 && !named_only) {
        rc = libvirt_connect_local(platform, &connection, err);
    }
    if (rc == 0 && !named_only && spec->image != NULL) {
        rc = overlay_check_tool(err);
    } else if (rc == 0 && !named_only) {
        _cleanup_image_ struct image image = {0};
        rc = image_find(NULL, &image, err);
    }
    return rc;
}

int qemu_make(struct platform *platform, const struct router_spec *spec, struct machine **ret,
              struct error *err)
{
    struct connection *connection = NULL;
    int rc = libvirt_connect_local(platform, &connection, err);
    if (rc == 0) {
        rc = find_type(platform, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct qemu_machine *router = qemu_new(platform, spec);
    libvirt_domain_make_uuid(router->uuid);
    snprintf(router->type, sizeof router->type, "%s", ((struct libvirt_platform *)platform)->type);
    rc = start_machine(router, spec, err);
    if (rc < 0) {
        _cleanup_free_ char *prefix = qemu_tap_prefix(spec->testbed);
        error_context(err, "router %s", spec->name);
        (void)qemu_end(&router->guest.base, spec, NULL);
        (void)tap_remove_all(spec->home, prefix, NULL);
        return rc;
    }
    *ret = &router->guest.base;
    return 0;
}

int qemu_await(struct machine *machine, struct error *err)
{
    struct qemu_machine *router = qemu_machine_of(machine);
    return router->own != NULL ? own_await(router, err) : guest_machine_await(machine, err);
}

// ---- ending

int qemu_end(struct machine *machine, const struct router_spec *spec, struct error *err)
{
    struct qemu_machine *router = qemu_machine_of(machine);
    _cleanup_error_ struct error why = ERROR_INIT;
    struct connection *connection = NULL;
    int rc = libvirt_connect(router->guest.base.platform, &connection, &why);
    if (rc == 0) {
        rc = libvirt_domain_end(connection, router->uuid, router->guest.domain, &why);
    }
    if (router->fd >= 0 && !process_has_ended(router->fd)) {
        // libvirt cannot be queried; it will notice.
        int killed = process_kill(router->fd, END_WITHIN_NS, NULL);
        rc = killed == 0 ? 0 : rc;
    } else if (router->fd >= 0) {
        rc = 0;
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    if (rc == 0 && spec != NULL) {
        rc = qemu_remove_taps(spec, err);
        rc = rc == 0 ? machine_pci_take_back(spec, err) : rc;
    }
    if (router->own != NULL) {
        own_remove_files(router->own);
    }
    guest_machine_remove_files(&router->guest);
    if (rc < 0) {
        error_context(err, "router %s", machine->name);
    }
    qemu_release(machine);
    return rc;
}

int qemu_reboot(struct machine *machine, const struct router_spec *before,
                const struct router_spec *now, struct machine **ret, struct error *err)
{
    struct platform *platform = machine->platform;
    int rc = qemu_end(machine, before, err);
    return rc == 0 ? qemu_make(platform, now, ret, err) : rc;
}

// ---- the record

json_t *qemu_note(const struct machine *machine)
{
    const struct qemu_machine *router = qemu_machine_of(machine);
    json_t *vhost = json_array();
    for (size_t i = 0; i < router->vhost_count; i++) {
        json_array_append_new(vhost, json_integer(router->vhost[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:i, s:I, s:o}", "domain", router->guest.domain, "uuid",
                     router->uuid, "type", router->type, "pid", (int)router->pid, "started",
                     (json_int_t)router->started, "vhost", vhost);
}

int qemu_recall(struct platform *platform, const struct router_spec *spec, const json_t *noted,
                struct machine **ret, struct error *err)
{
    (void)err;
    struct qemu_machine *router = qemu_new(platform, spec);
    snprintf(router->uuid, sizeof router->uuid, "%s", json_get_word(noted, "uuid"));
    snprintf(router->type, sizeof router->type, "%s", json_get_word(noted, "type"));
    // The type of this testbed's machines is not determined again.
    ((struct libvirt_platform *)platform)->type = text_equal(router->type, "kvm") ? "kvm" : "qemu";
    router->pid = (pid_t)json_integer_value(json_object_get(noted, "pid"));
    router->started = (uint64_t)json_integer_value(json_object_get(noted, "started"));
    int fd = process_open(router->pid, router->started, NULL);
    router->fd = fd < 0 ? -1 : fd;
    const json_t *vhost = json_object_get(noted, "vhost");
    router->vhost_count = json_array_size(vhost);
    router->vhost = memory_new_array(pid_t, router->vhost_count);
    for (size_t i = 0; i < router->vhost_count; i++) {
        router->vhost[i] = (pid_t)json_integer_value(json_array_get(vhost, i));
    }
    *ret = &router->guest.base;
    return 0;
}

// ---- after a dead run

int qemu_clean_up(struct platform *platform, const char *testbed, const char *directory,
                  const struct netns *home, struct error *err)
{
    struct connection *connection = NULL;
    _cleanup_free_ char *prefix = qemu_tap_prefix(testbed);
    int rc = libvirt_connect(platform, &connection, err);
    if (rc == 0) {
        rc = libvirt_domain_end_all(connection, testbed, err);
    }
    if (rc == 0 && home != NULL) {
        rc = tap_remove_all(home, prefix, err);
    }
    if (rc == 0) {
        machine_folder_clear(directory);
    }
    return rc;
}
