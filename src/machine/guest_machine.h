// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/guest_machine — common parts of routers that are virtual machines, for every hypervisor:
 * the tiny guest of image/ that they boot, its readiness, counters, commands and routing daemon; or
 * a system of their own, of which only the host's ends of its interfaces are known; and the folder
 * of a testbed's machines. Used by machine/qemu and machine/xen.
 *
 * guest_machine.c has the machine, guest_daemon.c the daemon.
 */
#ifndef VRBENCH_MACHINE_GUEST_MACHINE_H
#define VRBENCH_MACHINE_GUEST_MACHINE_H

#include "image/router_config.h"
#include "machine/guest_channel.h"
#include "machine/machine.h"

struct guest_machine;

// How the hypervisor reaches a machine.
struct guest_ways {
    // Connects to the first process of its tiny guest, for one or more requests.
    int (*connect)(const struct guest_machine *guest, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err);
    bool (*has_died)(const struct guest_machine *guest);
};

struct guest_nic {
    char *name; // name in the router
    int index;  // index by which the testbed identifies it
    unsigned mtu;
    char port[24]; // its end on the host; "" = the machine has the PCI device assigned
    bool stacked;  // that end is stacked on the host's interface `index`
};

struct guest_machine {
    struct machine base;
    const struct guest_ways *ways;
    char *domain;             // the hypervisor's name for it
    char *folder;             // folder of its files
    char *files;              // prefix of their names
    char *initrd;             // NULL = none of its own, or removed already
    char *system;             // description of its own system; NULL = the tiny guest
    const struct netns *host; // owned by the testbed; outlives this
    struct guest_nic *nics;
    size_t nic_count;
};

// Takes ownership of `domain`. Ports of bridged interfaces are named as in the spec.
void guest_machine_init(struct guest_machine *guest, struct platform *platform,
                        const struct router_spec *spec, const struct guest_ways *ways,
                        char *domain);
void guest_machine_clear(struct guest_machine *guest); // frees the members

// ---- what it boots

// Describes a router in image/'s form; the result points into the spec, except for its arrays.
void guest_machine_config(const struct router_spec *spec, struct router_config *ret);
void guest_machine_config_clear(struct router_config *config);

struct tiny_boot {
    char *kernel;  // compressed
    char *vmlinux; // the same kernel as a plain ELF file
    char *initrd, *cmdline;
};
// Writes the router's own initrd to `initrd`, and returns what to boot with it. The console is
// "ttyS0" or "hvc0".
int tiny_guest_boot(const struct router_spec *spec, const char *initrd, const char *console,
                    struct tiny_boot *ret, struct error *err);
void tiny_boot_clear(struct tiny_boot *boot);

// Memory of the machine: as requested, but at least what its system requires to boot. `topic` is
// the log's.
uint64_t tiny_guest_memory(const struct router_spec *spec, const char *topic);

// ---- files of a testbed's machines: in a folder beside the testbed's own, "DIRECTORY.machines",
// where daemons in other mount namespaces see it

char *machine_folder(const char *directory); // the caller frees it
// Makes the folder. The hypervisor may run as another user, to whom the names of its files are
// given.
int machine_folder_make(const char *folder, struct error *err);
// Removes the folder with its content.
void machine_folder_clear(const char *directory);
// Removes the initrd, the files whose names begin with `files`, and the folder if no other machine
// has files there.
void guest_machine_remove_files(const struct guest_machine *guest);

// ---- requests to it; as the functions of struct machine_ops, for machines whose first member is a
// struct guest_machine

// Waits until the tiny guest forwards.
int guest_machine_await(struct machine *machine, struct error *err);
int guest_machine_counters(const struct machine *machine, struct namespace_counters *ret,
                           struct error *err);
int guest_machine_console(const struct machine *machine, char *const *argv, int *ret_status,
                          struct error *err);
int guest_machine_command(const struct machine *machine, char *const *argv, const char *input,
                          uint64_t until_ns, int *ret_status, char **ret_output, struct error *err);
int guest_machine_start_daemon(struct machine *machine, struct error *err);
int guest_machine_leads_to(const struct machine *machine, const struct ip_address *address,
                           char ret_nic[16], struct error *err);
void guest_machine_daemon_words(const struct machine *machine, char ret[160]);
// Adds the machine's system to the facts; `machine` may be NULL.
void guest_machine_add_facts(const struct machine *machine, struct platform_facts *facts);

// Returns -ESRCH and sets the error.
int guest_machine_is_dead(const struct guest_machine *guest, struct error *err);
// What a request that failed with `rc` (< 0) comes to: -ESRCH, and the error says so, if the
// machine has ended during the request, else `rc`.
int guest_machine_failed(const struct guest_machine *guest, int rc, struct error *err);
// Connects to its guest for a request. -ESRCH if it has died.
int guest_machine_ask(const struct guest_machine *guest, uint64_t until_ns,
                      struct guest_channel **ret, struct error *err);

// ---- its routing daemon

// Further parts of a router with a daemon.
struct tiny_daemon {
    struct router_config_service services[4];
    struct archive_item files[1];
};
void tiny_daemon_add(const struct router_spec *spec, struct tiny_daemon *daemon,
                     struct router_config *config);

#endif
