// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/domain — a router that is a domain of Xen's: its making, its
 * end and its record (domain.c), what it boots (domain_boot.c), what libxl is told of it
 * (domain_config.c), its interfaces on the host (vifs.c) or devices of its own (pci.c), its death
 * (death.c), what runs in it and how that is talked to (guest.c, by channel.c). xen.c has the table
 * of functions.
 *
 * A domain's name is "vrbench-TESTBED-ROUTER". Whose it is its UUID tells, which the hypervisor
 * itself keeps: a maker that is killed at any moment leaves nothing that can't be found. In
 * xenstore "vrbench/testbed", "vrbench/router" and "vrbench/life" of the domain tell it to people.
 */
#ifndef VRBENCH_MACHINE_XEN_DOMAIN_H
#define VRBENCH_MACHINE_XEN_DOMAIN_H

#include "machine/guest_machine.h"
#include "machine/machine.h"
#include "machine/xen/connection.h"
#include "machine/xen/xm_config.h"

#define XEN_UUID_SIZE 16

struct xen_deaths; // death.c

struct xen_platform {
    struct platform base;
    struct xen_connection *connection; // opened when first needed
    struct xen_deaths *deaths;         // likewise
};

struct xen_machine {
    struct guest_machine guest;
    uint32_t id; // of the domain; 0 = not made (it is Domain-0's)
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

// The connection, opened if it isn't yet.
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
// What its own system said when it ended, which the hypervisor keeps till the domain is destroyed.
enum router_end domain_ended(const struct machine *machine);

// Whether a domain of that number and UUID runs. Not to be asked of a connection that is in use.
bool domain_lives(struct xen_connection *xen, uint32_t id, const uint8_t uuid[XEN_UUID_SIZE]);
// A UUID for a domain of a testbed: its first half is the testbed's.
void domain_make_uuid_for(const char *testbed, uint8_t ret[XEN_UUID_SIZE]);
bool domain_is_of(const uint8_t uuid[XEN_UUID_SIZE], const char *testbed);

// ---- domain_boot.c

// What a domain boots: the tiny guest, with an initrd of the router's own, or what its file says.
struct domain_boot {
    char *kernel; // NULL = of its disks
    char *ramdisk, *cmdline;
};
// Whether the domain's file, if there is one, names a system other than the tiny guest.
bool domain_has_own_system(const struct router_spec *spec);
// Whether all files that it boots are there (2 what the domain's file names, 3 the image).
int domain_boot_check(const struct router_spec *spec, struct error *err);
int domain_boot_make(struct xen_machine *router, const struct router_spec *spec,
                     struct domain_boot *ret, struct error *err);
void domain_boot_clear(struct domain_boot *boot);

// ---- domain_config.c

// What libxl is to make; `ret` is to be given to libxl_domain_config_dispose() in any case.
int domain_config(libxl_ctx *handle, const struct xen_machine *router,
                  const struct router_spec *spec, const struct domain_boot *boot,
                  libxl_domain_config *ret, struct error *err);

// ---- vifs.c

// Moves the host's ends of a domain's interfaces to where they belong, once libxl has made them,
// and tells the backend that they are there.
int domain_place_vifs(const struct xen_machine *router, struct xen_connection *xen,
                      const struct router_spec *spec, struct error *err);
// Gives them an MTU beyond Ethernet's own, which netback takes once the guest has connected.
int domain_widen_vifs(const struct xen_machine *router, struct error *err);

// ---- pci.c

// As the function of struct machine_ops.
bool domain_takes_pci(struct platform *platform, const struct router_spec *spec,
                      const char *const *pci, size_t count, char *why, size_t room);
// "0000:03:00.1" as libxl has it; `ret` is to be given to libxl_device_pci_dispose() in any case.
int domain_pci_of(const char *address, libxl_device_pci *ret, struct error *err);
// Takes the devices that a domain is to get from their drivers; gives them back, once it has ended;
// gives back those of all domains that a testbed had.
int domain_take_pci(const struct xen_machine *router, struct xen_connection *xen,
                    const struct router_spec *spec, struct error *err);
int domain_give_back_pci(const struct xen_machine *router, struct xen_connection *xen,
                         struct error *err);
int domain_give_back_all_pci(struct xen_connection *xen, const char *directory, struct error *err);

// ---- death.c

// A descriptor that becomes readable when the router's domain ends; -1 if it has. It is the
// platform's.
int domain_watch(const struct machine *machine);
void domain_unwatch(const struct xen_machine *router);
void deaths_free(struct xen_deaths *deaths); // NULL is fine

// ---- channel.c

// Connects to the first process of a domain's guest, through xenstore, once nobody else is: who
// is holds a lock on `lock`, a file.
int domain_channel(const struct guest_machine *guest, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err);

#endif
