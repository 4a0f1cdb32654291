// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/domain — a router that is a domain of Xen: making, ending and recording it
 * (domain.c), its kernel and disks (domain_boot.c), its libxl configuration (domain_config.c), its
 * interfaces on the host (vifs.c) or assigned devices (pci.c), its death (death.c), and requests to
 * its guest (channel.c). xen.c has the table of functions.
 *
 * A domain's name is "vrbench-TESTBED-ROUTER". Its UUID, stored by the hypervisor, identifies its
 * testbed, so that a domain is found even if its maker was killed at any moment. xenstore has
 * "vrbench/testbed", "vrbench/router" and "vrbench/life" below the domain for people.
 */
#ifndef VRBENCH_MACHINE_XEN_DOMAIN_H
#define VRBENCH_MACHINE_XEN_DOMAIN_H

#include "machine/guest_machine.h"
#include "machine/machine.h"
#include "machine/xen/connection.h"
#include "machine/xen/xm_config.h"

#define XEN_UUID_SIZE 16

struct xen_deaths; // defined in death.c

struct xen_platform {
    struct platform base;
    struct xen_connection *connection; // opened when first required
    struct xen_deaths *deaths;         // created when first required
};

struct xen_machine {
    struct guest_machine guest;
    uint32_t id; // ID of the domain; 0 = not made (0 is Domain-0's)
    uint8_t uuid[XEN_UUID_SIZE];
};

static inline struct xen_machine *xen_machine_of(const struct machine *machine)
{
    return (struct xen_machine *)machine;
}

// The domain's own file, or NULL.
static inline const struct xm_config *xm_of(const struct router_spec *spec)
{
    return (const struct xm_config *)spec->file;
}

static inline struct xen_platform *xen_platform_of(const struct xen_machine *router)
{
    return (struct xen_platform *)router->guest.base.platform;
}

// Returns the connection, which is opened if necessary.
int domain_connection(struct xen_platform *platform, struct xen_connection **ret,
                      struct error *err);

// ---- domain.c, as the functions of struct machine_ops

int domain_check(struct platform *platform, const struct router_spec *spec, bool named_only,
                 struct error *err);
int domain_make(struct platform *platform, const struct router_spec *spec, struct machine **ret,
                struct error *err);
int domain_await(struct machine *machine, struct error *err);
int domain_end(struct machine *machine, const struct router_spec *spec, struct error *err);
int domain_reboot(struct machine *machine, const struct router_spec *before,
                  const struct router_spec *now, struct machine **ret, struct error *err);
json_t *domain_note(const struct machine *machine);
int domain_recall(struct platform *platform, const struct router_spec *spec, const json_t *noted,
                  struct machine **ret, struct error *err);
void domain_release(struct machine *machine);
int domain_clean_up(struct platform *platform, const char *testbed, const char *directory,
                    const struct netns *home, struct error *err);
// The reason of its end given by its own system, which the hypervisor keeps until the domain is
// destroyed.
enum router_end domain_ended(const struct machine *machine);

// Whether a domain with that ID and UUID runs. Must not be called while the connection is in use.
bool domain_lives(struct xen_connection *xen, uint32_t id, const uint8_t uuid[XEN_UUID_SIZE]);
// Makes a UUID for a domain of a testbed: its first half identifies the testbed.
void domain_make_uuid_for(const char *testbed, uint8_t ret[XEN_UUID_SIZE]);
bool domain_is_of(const uint8_t uuid[XEN_UUID_SIZE], const char *testbed);

// ---- domain_boot.c

// Boot parameters of a domain: the tiny guest with the router's own initrd, or those of its file.
struct domain_boot {
    char *kernel; // NULL = it boots from its disks
    char *ramdisk, *cmdline;
};
// Whether the domain's file, if any, names a system other than the tiny guest.
bool domain_has_own_system(const struct router_spec *spec);
// Checks that all files that it boots exist (exit status 2 for those of the domain's file, 3 for
// the image).
int domain_boot_check(const struct router_spec *spec, struct error *err);
int domain_boot_make(struct xen_machine *router, const struct router_spec *spec,
                     struct domain_boot *ret, struct error *err);
void domain_boot_clear(struct domain_boot *boot);

// ---- domain_config.c

// Fills in libxl's configuration; the caller passes `ret` to libxl_domain_config_dispose() in every
// case.
int domain_config(libxl_ctx *handle, const struct xen_machine *router,
                  const struct router_spec *spec, const struct domain_boot *boot,
                  libxl_domain_config *ret, struct error *err);

// ---- vifs.c

// Moves the host's ends of a domain's interfaces to their places, once libxl has made them, and
// signals the backend that they are ready.
int domain_place_vifs(const struct xen_machine *router, struct xen_connection *xen,
                      const struct router_spec *spec, struct error *err);
// Sets an MTU beyond Ethernet's default, which netback accepts once the guest has connected.
int domain_widen_vifs(const struct xen_machine *router, struct error *err);

// ---- pci.c

// As the function of struct machine_ops.
bool domain_takes_pci(struct platform *platform, const struct router_spec *spec,
                      const char *const *pci, size_t count, char *why, size_t room);
// Parses "0000:03:00.1" into libxl's form; the caller passes `ret` to libxl_device_pci_dispose() in
// every case.
int domain_pci_of(const char *address, libxl_device_pci *ret, struct error *err);
// Unbind the devices of a domain from their drivers; rebind them, once it has ended; rebind those
// of all domains of a testbed.
int domain_take_pci(const struct xen_machine *router, struct xen_connection *xen,
                    const struct router_spec *spec, struct error *err);
int domain_give_back_pci(const struct xen_machine *router, struct xen_connection *xen,
                         struct error *err);
int domain_give_back_all_pci(struct xen_connection *xen, const char *directory, struct error *err);

// ---- death.c

// Returns a descriptor that becomes readable when the router's domain ends; -1 if it has. The
// platform owns it.
int domain_watch(const struct machine *machine);
void domain_unwatch(const struct xen_machine *router);
void deaths_free(struct xen_deaths *deaths); // NULL is fine

// ---- channel.c

// Connects to the first process of a domain's guest through xenstore, after waiting for another
// host, which holds a lock on the file `lock`.
int domain_channel(const struct guest_machine *guest, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err);

#endif
