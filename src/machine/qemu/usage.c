// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/usage — CPU and memory that a machine uses, read from the kernel, not from libvirt
 * (whose bulk call queries QEMU), and its allocation, which libvirt holds. See domain.h.
 *
 * All CPU time of QEMU's process is the router's: each vCPU's thread is a part, the rest is
 * "emulator", ended threads included. Packets that the kernel moves for it are "vhost".
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "linux/process.h"
#include "linux/threads.h"
#include "machine/qemu/domain.h"

#define VCPU_MAX 64

static struct cpu_part *add_part(struct cpu_part **parts, size_t *count, const char *name)
{
    *parts = memory_resize(*parts, *count + 1, sizeof **parts);
    struct cpu_part *part = &(*parts)[(*count)++];
    *part = (struct cpu_part){.ns = 0};
    snprintf(part->name, sizeof part->name, "%s", name);
    return part;
}

// Parses the vCPU number of a thread's name: "CPU N/KVM", "CPU N/TCG" in QEMU.
static bool is_vcpu(const char *name, unsigned *ret)
{
    static const char before[] = "CPU ";
    const char *at = name + sizeof before - 1;
    if (!text_starts(name, before) || isdigit((unsigned char)*at) == 0) {
        return false;
    }
    char *end = NULL;
    unsigned long number = strtoul(at, &end, 10);
    *ret = (unsigned)number;
    return *end == '/' && number < VCPU_MAX;
}

// A guest that polls keeps its vCPUs busy: it holds packets only while these lack CPU time.
bool qemu_is_forwarding(const struct machine *machine)
{
    const struct qemu_machine *router = qemu_machine_of(machine);
    for (size_t i = 0; i < router->vhost_count; i++) {
        if (process_lacks_cpu(router->vhost[i])) {
            return true;
        }
    }
    return !qemu_has_died(router) && threads_lack_cpu(router->pid);
}

int qemu_usage(const struct machine *machine, struct cpu_part **ret, size_t *ret_count,
               struct error *err)
{
    const struct qemu_machine *router = qemu_machine_of(machine);
    _cleanup_free_ struct thread_time *threads = NULL;
    size_t thread_count = 0;
    uint64_t rest_ns = 0;
    if (qemu_has_died(router)) {
        return fail(err, ESRCH, "machine %s has ended", router->guest.domain);
    }
    int rc = threads_read(router->pid, &threads, &thread_count, &rest_ns, err);
    if (rc < 0) {
        return rc;
    }
    struct cpu_part *parts = NULL;
    size_t count = 0;
    uint64_t vhost_ns = 0;
    bool vhost = router->vhost_count > 0;
    for (unsigned wanted = 0, found = 1; found > 0; wanted++) {
        found = 0;
        for (size_t i = 0; i < thread_count; i++) {
            unsigned vcpu = 0;
            char name[16];
            if (!is_vcpu(threads[i].name, &vcpu) || vcpu != wanted) {
                continue;
            }
            snprintf(name, sizeof name, "vcpu%u", vcpu);
            add_part(&parts, &count, name)->ns = threads[i].ns;
            rest_ns -= threads[i].ns < rest_ns ? threads[i].ns : rest_ns;
            found = 1;
            break;
        }
    }
    // Since Linux 6.4 they are threads of the process, before that the kernel's own.
    for (size_t i = 0; i < thread_count; i++) {
        if (text_starts(threads[i].name, "vhost-")) {
            vhost = true;
            vhost_ns += threads[i].ns;
            rest_ns -= threads[i].ns < rest_ns ? threads[i].ns : rest_ns;
        }
    }
    for (size_t i = 0; i < router->vhost_count; i++) {
        uint64_t ns = 0;
        vhost_ns += cpu_task_time(router->vhost[i], &ns, NULL) == 0 ? ns : 0;
    }
    add_part(&parts, &count, "emulator")->ns = rest_ns;
    if (vhost) {
        add_part(&parts, &count, "vhost")->ns = vhost_ns;
    }
    *ret = parts;
    *ret_count = count;
    return 0;
}

int qemu_memory(const struct machine *machine, uint64_t *ret, struct error *err)
{
    const struct qemu_machine *router = qemu_machine_of(machine);
    _cleanup_free_ char *path = text_format("/proc/%d/statm", (int)router->pid);
    _cleanup_free_ char *text = NULL;
    if (qemu_has_died(router) || file_read(path, 256, &text, NULL, NULL) < 0) {
        return fail(err, ESRCH, "machine %s has ended", router->guest.domain);
    }
    // proc(5): total size, then resident size, in pages
    const char *resident = strchr(text, ' ');
    uint64_t pages = resident == NULL ? 0 : strtoull(resident, NULL, 10);
    *ret = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return 0;
}

// ---- weight and cap

struct allocating {
    const struct qemu_machine *router;
    bool set;
    unsigned weight, cap;
};

static int allocate(virConnectPtr handle, void *data, struct error *err)
{
    struct allocating *asked = data;
    struct libvirt_platform *platform =
        (struct libvirt_platform *)asked->router->guest.base.platform;
    _cleanup_domain_ virDomainPtr domain = virDomainLookupByUUIDString(handle, asked->router->uuid);
    if (domain == NULL) {
        return fail_libvirt(err, "machine %s", asked->router->guest.domain);
    }
    if (asked->set) {
        return scheduler_set(domain, &platform->scale, asked->weight, &asked->cap, err);
    }
    struct foreign_allocation now = {0};
    int rc = scheduler_get(domain, platform->scale, &now, err);
    if (rc == 0 && (!now.has_weight || !now.has_cap)) {
        rc = fail(err, 0, "weight and cap of machine %s: %s", asked->router->guest.domain,
                  now.why == NULL ? "libvirt does not report it" : now.why);
    }
    if (rc == 0) {
        asked->weight = now.weight;
        asked->cap = (unsigned)(now.cap + 0.5);
    }
    foreign_allocation_clear(&now);
    return rc;
}

int qemu_set_allocation(struct machine *machine, unsigned weight, unsigned cap, struct error *err)
{
    struct allocating asked = {qemu_machine_of(machine), true, weight, cap};
    return qemu_call(asked.router, allocate, &asked, err);
}

int qemu_get_allocation(const struct machine *machine, unsigned *ret_weight, unsigned *ret_cap,
                        struct error *err)
{
    struct allocating asked = {.router = qemu_machine_of(machine)};
    int rc = qemu_call(asked.router, allocate, &asked, err);
    if (rc == 0) {
        *ret_weight = asked.weight;
        *ret_cap = asked.cap;
    }
    return rc;
}
