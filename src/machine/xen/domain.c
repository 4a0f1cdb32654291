// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/domain — see domain.h.
#include "machine/xen/domain.h"

#include <errno.h>
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/machine_pci.h"

#define UUID_OF_TESTBED 8U // bytes of the UUID that identify the testbed
#define VIF_DRIVER      "/sys/bus/xen-backend/drivers/vif"

int domain_connection(struct xen_platform *platform, struct xen_connection **ret, struct error *err)
{
    int rc = platform->connection == NULL ? xen_open(&platform->connection, err) : 0;
    if (rc == 0) {
        *ret = platform->connection;
    }
    return rc;
}

// ---- UUIDs

// RFC 9562, version 8: 60 bits identify the testbed (FNV-1a of its ID), 62 are random.
void domain_make_uuid_for(const char *testbed, uint8_t ret[XEN_UUID_SIZE])
{
    const uint64_t hash = text_hash(testbed, strlen(testbed));
    for (unsigned i = 0; i < UUID_OF_TESTBED; i++) {
        ret[i] = (uint8_t)(hash >> (8 * i));
    }
    (void)!getrandom(ret + UUID_OF_TESTBED, XEN_UUID_SIZE - UUID_OF_TESTBED, 0);
    ret[6] = (uint8_t)((ret[6] & 0x0f) | 0x80);
    ret[8] = (uint8_t)((ret[8] & 0x3f) | 0x80);
}

bool domain_is_of(const uint8_t uuid[XEN_UUID_SIZE], const char *testbed)
{
    uint8_t one[XEN_UUID_SIZE];
    domain_make_uuid_for(testbed, one);
    return memcmp(uuid, one, UUID_OF_TESTBED) == 0;
}

static char *uuid_text(const uint8_t uuid[XEN_UUID_SIZE])
{
    char *text = memory_new(2 * XEN_UUID_SIZE + 1, 1);
    for (size_t i = 0; i < XEN_UUID_SIZE; i++) {
        snprintf(text + 2 * i, 3, "%02x", uuid[i]);
    }
    return text;
}

static void read_uuid(const char *text, uint8_t ret[XEN_UUID_SIZE])
{
    memset(ret, 0, XEN_UUID_SIZE);
    for (size_t i = 0; i < XEN_UUID_SIZE && strlen(text) == (size_t)2 * XEN_UUID_SIZE; i++) {
        const char digits[] = {text[2 * i], text[2 * i + 1], '\0'};
        ret[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

// ---- the object

static bool domain_has_died(const struct guest_machine *guest)
{
    const struct xen_machine *router = xen_machine_of(&guest->base);
    struct xen_connection *xen = NULL;
    return domain_connection(xen_platform_of(router), &xen, NULL) < 0 ||
           !domain_lives(xen, router->id, router->uuid);
}

static struct xen_machine *domain_new(struct platform *platform, const struct router_spec *spec)
{
    static const struct guest_ways ways = {domain_channel, domain_has_died};
    struct xen_machine *router = memory_new(1, sizeof *router);
    guest_machine_init(&router->guest, platform, spec, &ways,
                       text_format("vrbench-%s-%s", spec->testbed, spec->name));
    return router;
}

void domain_release(struct machine *machine)
{
    struct xen_machine *router = xen_machine_of(machine);
    domain_unwatch(router);
    guest_machine_clear(&router->guest);
    free(router);
}

bool domain_lives(struct xen_connection *xen, uint32_t id, const uint8_t uuid[XEN_UUID_SIZE])
{
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    bool lives = id != 0 && libxl_domain_info(xen_handle(xen), &info, id) == 0 &&
                 memcmp(libxl_uuid_bytearray(&info.uuid), uuid, XEN_UUID_SIZE) == 0 &&
                 !info.shutdown && !info.dying;
    libxl_dominfo_dispose(&info);
    xen_quiet(xen); // a missing domain is not reported
    return lives;
}

enum router_end domain_ended(const struct machine *machine)
{
    const struct xen_machine *router = xen_machine_of(machine);
    struct xen_connection *xen = NULL;
    libxl_dominfo info;
    enum router_end end = ROUTER_END_CRASH;
    if (domain_connection(xen_platform_of(router), &xen, NULL) < 0) {
        return end;
    }
    libxl_dominfo_init(&info);
    if (libxl_domain_info(xen_handle(xen), &info, router->id) == 0 && info.shutdown &&
        memcmp(libxl_uuid_bytearray(&info.uuid), router->uuid, XEN_UUID_SIZE) == 0) {
        end = info.shutdown_reason == LIBXL_SHUTDOWN_REASON_POWEROFF ? ROUTER_END_POWEROFF
              : info.shutdown_reason == LIBXL_SHUTDOWN_REASON_REBOOT ? ROUTER_END_REBOOT
                                                                     : end;
    }
    libxl_dominfo_dispose(&info);
    xen_quiet(xen);
    return end;
}

// ---- ending

struct ending {
    struct xen_connection *xen;
    uint32_t id;
    const char *name;
};

static int end(libxl_ctx *handle, void *data, struct error *err)
{
    const struct ending *ending = data;
    int code = libxl_domain_destroy(handle, ending->id, NULL);
    return code == 0 || code == ERROR_DOMAIN_NOTFOUND
               ? 0
               : fail_xen(ending->xen, err, code, "ending domain %s", ending->name);
}

// Ends the domains of a testbed: all, or only one of this name.
static int end_all(struct xen_connection *xen, const char *testbed, const char *name,
                   struct error *err)
{
    int count = 0;
    libxl_dominfo *all = libxl_list_domain(xen_handle(xen), &count);
    if (all == NULL) {
        return fail_xen(xen, err, ERROR_FAIL, "listing domains");
    }
    int rc = 0;
    for (int i = 0; i < count; i++) {
        if (all[i].domid == 0 || !domain_is_of(libxl_uuid_bytearray(&all[i].uuid), testbed)) {
            continue;
        }
        _cleanup_free_ char *called = libxl_domid_to_name(xen_handle(xen), all[i].domid);
        if (name != NULL && !text_equal(called, name)) {
            continue;
        }
        _cleanup_free_ char *number = text_format("%u", (unsigned)all[i].domid);
        struct ending ending = {xen, all[i].domid, called == NULL ? number : called};
        int ended = xen_act(xen, end, &ending, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : ended;
    }
    libxl_dominfo_list_free(all, count);
    return rc;
}

// ---- making

static void note_system(struct xen_machine *router, bool own)
{
    router->guest.system = own ? text_copy("a system of their own file's") : NULL;
}

int domain_check(struct platform *platform, const struct router_spec *spec, bool named_only,
                 struct error *err)
{
    struct xen_connection *xen = NULL;
    if (spec->image != NULL) {
        return fail_input(err,
                          "router %s: a domain of platform xen boots what its own file (config) "
                          "names; image is not supported",
                          spec->name);
    }
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (spec->nics[i].taken_index != 0 && !spec->nics[i].lent) {
            return fail_input(err,
                              "router %s: topology dedicated gives a domain PCI devices: name the "
                              "NICs under links",
                              spec->name);
        }
    }
    int rc = named_only ? 0 : domain_connection((struct xen_platform *)platform, &xen, err);
    if (rc == 0 && !named_only && access(VIF_DRIVER, F_OK) < 0) {
        rc = fail_lacking(err, "Domain-0's kernel has no driver for domains' interfaces: modprobe "
                               "xen-netback");
    }
    if (rc == 0 && (!named_only || domain_has_own_system(spec))) {
        rc = domain_boot_check(spec, err);
        if (rc < 0 && (err == NULL || !err->located)) {
            error_context(err, "router %s", spec->name);
        }
    }
    return rc;
}

int domain_await(struct machine *machine, struct error *err)
{
    const struct xen_machine *router = xen_machine_of(machine);
    if (router->guest.system != NULL) {
        return 0; // the testbed finds out whether it forwards
    }
    int rc = guest_machine_await(machine, err);
    return rc == 0 ? domain_widen_vifs(router, err) : rc;
}

struct making {
    struct xen_machine *router;
    struct xen_connection *xen;
    const struct router_spec *spec;
    const struct domain_boot *boot;
};

// Replaces libxl's obscure message for too little memory.
static int check_memory(libxl_ctx *handle, libxl_domain_config *config, struct error *err)
{
    uint64_t needed_kb = 0;
    uint64_t free_kb = 0;
    bool known =
        libxl_domain_need_memory(handle, config, (uint32_t)INVALID_DOMID, &needed_kb) == 0 &&
        libxl_get_free_memory(handle, &free_kb) == 0;
    return known && needed_kb > free_kb
               ? fail_lacking(err,
                              "Xen has %llu MiB free, the domain takes %llu: give Domain-0 less "
                              "(xl mem-set 0, or dom0_mem= where Xen is booted)",
                              (unsigned long long)free_kb >> 10,
                              (unsigned long long)(needed_kb + 1023) >> 10)
               : 0;
}

static int make_domain(libxl_ctx *handle, void *data, struct error *err)
{
    struct making *making = data;
    libxl_domain_config config;
    uint32_t id = 0;
    int rc = domain_config(handle, making->router, making->spec, making->boot, &config, err);
    rc = rc == 0 ? check_memory(handle, &config, err) : rc;
    int code = rc == 0 ? libxl_domain_create_new(handle, &config, &id, NULL, NULL) : 0;
    libxl_domain_config_dispose(&config);
    if (code != 0) {
        return fail_xen(making->xen, err, code, "starting domain %s", making->router->guest.domain);
    }
    making->router->id = id;
    return rc;
}

static int unpause(libxl_ctx *handle, void *data, struct error *err)
{
    const struct making *making = data;
    int code = libxl_domain_unpause(handle, making->router->id, NULL);
    return code == 0 ? 0
                     : fail_xen(making->xen, err, code, "starting domain %s",
                                making->router->guest.domain);
}

static int start_domain(struct xen_machine *router, const struct router_spec *spec,
                        struct error *err)
{
    struct making making = {.router = router, .spec = spec};
    struct domain_boot boot = {0};
    int rc = domain_connection(xen_platform_of(router), &making.xen, err);
    if (rc == 0) {
        rc = machine_folder_make(router->guest.folder, err);
    }
    if (rc == 0) {
        rc = domain_boot_make(router, spec, &boot, err);
    }
    making.boot = &boot;
    if (rc == 0) {
        // Made by a process that died before it recorded the domain.
        rc = end_all(making.xen, spec->testbed, router->guest.domain, err);
    }
    if (rc == 0) {
        rc = domain_take_pci(router, making.xen, spec, err);
    }
    if (rc == 0) {
        rc = xen_act(making.xen, make_domain, &making, err);
    }
    domain_boot_clear(&boot);
    if (rc == 0) {
        rc = domain_place_vifs(router, making.xen, spec, err);
    }
    return rc == 0 ? xen_act(making.xen, unpause, &making, err) : rc;
}

int domain_make(struct platform *platform, const struct router_spec *spec, struct machine **ret,
                struct error *err)
{
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (spec->nics[i].bridge == 0 && spec->nics[i].pci == NULL) {
            return fail_lacking(err,
                                "router %s can't get its dedicated links as PCI devices (vrbench "
                                "run -v says why), and on platform xen there is no other way",
                                spec->name);
        }
    }
    struct xen_machine *router = domain_new(platform, spec);
    domain_make_uuid_for(spec->testbed, router->uuid);
    note_system(router, domain_has_own_system(spec));
    int rc = start_domain(router, spec, err);
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        (void)domain_end(&router->guest.base, spec, NULL);
        return rc;
    }
    *ret = &router->guest.base;
    return 0;
}

// ---- ending

// Ends the domain if it exists and is the same one.
static int end_if_there(const struct xen_machine *router, struct error *err)
{
    struct xen_connection *xen = NULL;
    libxl_dominfo info;
    int rc = router->id == 0 ? 0 : domain_connection(xen_platform_of(router), &xen, err);
    if (rc < 0 || router->id == 0) {
        return rc;
    }
    libxl_dominfo_init(&info);
    int code = libxl_domain_info(xen_handle(xen), &info, router->id);
    bool there =
        code == 0 && memcmp(libxl_uuid_bytearray(&info.uuid), router->uuid, XEN_UUID_SIZE) == 0;
    libxl_dominfo_dispose(&info);
    if (code != 0 && code != ERROR_DOMAIN_NOTFOUND) {
        return fail_xen(xen, err, code, "domain %s", router->guest.domain);
    }
    xen_quiet(xen);
    struct ending ending = {xen, router->id, router->guest.domain};
    return there ? xen_act(xen, end, &ending, err) : 0;
}

int domain_end(struct machine *machine, const struct router_spec *spec, struct error *err)
{
    struct xen_machine *router = xen_machine_of(machine);
    struct xen_connection *xen = NULL;
    _cleanup_free_ char *lock = text_format("%s.lock", router->guest.files);
    int rc = end_if_there(router, err); // its vifs end with it
    rc = rc == 0 ? domain_connection(xen_platform_of(router), &xen, err) : rc;
    rc = rc == 0 ? domain_give_back_pci(router, xen, err) : rc;
    rc = rc == 0 && spec != NULL ? machine_pci_take_back(spec, err) : rc;
    if (rc < 0) {
        error_context(err, "router %s", machine->name);
    }
    (void)unlink(lock);
    guest_machine_remove_files(&router->guest);
    domain_release(machine);
    return rc;
}

int domain_reboot(struct machine *machine, const struct router_spec *before,
                  const struct router_spec *now, struct machine **ret, struct error *err)
{
    struct platform *platform = machine->platform;
    int rc = domain_end(machine, before, err);
    return rc == 0 ? domain_make(platform, now, ret, err) : rc;
}

// ---- the record

json_t *domain_note(const struct machine *machine)
{
    const struct xen_machine *router = xen_machine_of(machine);
    _cleanup_free_ char *uuid = uuid_text(router->uuid);
    return json_pack("{s:s, s:I, s:s, s:b}", "domain", router->guest.domain, "id",
                     (json_int_t)router->id, "uuid", uuid, "own",
                     (int)(router->guest.system != NULL));
}

int domain_recall(struct platform *platform, const struct router_spec *spec, const json_t *noted,
                  struct machine **ret, struct error *err)
{
    (void)err;
    struct xen_machine *router = domain_new(platform, spec);
    const char *uuid = json_string_value(json_object_get(noted, "uuid"));
    router->id = (uint32_t)json_integer_value(json_object_get(noted, "id"));
    read_uuid(uuid == NULL ? "" : uuid, router->uuid);
    note_system(router, json_is_true(json_object_get(noted, "own")));
    *ret = &router->guest.base;
    return 0;
}

// ---- after a dead run

int domain_clean_up(struct platform *platform, const char *testbed, const char *directory,
                    const struct netns *home, struct error *err)
{
    (void)home;
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    rc = rc == 0 ? end_all(xen, testbed, NULL, err) : rc;
    rc = rc == 0 ? domain_give_back_all_pci(xen, directory, err) : rc;
    if (rc == 0) {
        machine_folder_clear(directory);
    }
    return rc;
}
