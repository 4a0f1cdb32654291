// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/guest_machine — what routers that are virtual machines have in common, whatever runs
 * them: the tiny guest of image/ that they boot, whether it is ready, its counters, commands, its
 * routing daemon; or a system of their own, of which only the host's ends of its interfaces are
 * known; and where a testbed's machines have their files. Used by machine/qemu and machine/xen.
 *
 * guest_machine.c has the machine, guest_daemon.c the daemon.
 */
#ifndef VRBENCH_MACHINE_GUEST_MACHINE_H
#define VRBENCH_MACHINE_GUEST_MACHINE_H

#include "image/router_config.h"
#include "machine/guest_channel.h"
#include "machine/machine.h"

struct guest_machine;

// How a machine is reached.
struct guest_ways {
    // Connects to the first process of its tiny guest, for one question or more.
    int (*connect)(const struct guest_machine *guest, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err);
    bool (*has_died)(const struct guest_machine *guest);
};

struct guest_nic {
    char *name; // in the router
    int index;  // by which the testbed knows it
    unsigned mtu;
    char port[24]; // its end on the host; "" = the machine has the PCI device
    bool stacked;  // that end is on top of the host's interface `index`
};

struct guest_machine {
    struct machine base;
    const struct guest_ways *ways;
    char *domain; // its name, as who runs it calls it
    char *folder; // of its files
    char *files;  // how their names begin
    char *initrd; // NULL = none of its own (any more)
    char *system; // what it runs, for people, if that is a system of its own; NULL = the tiny guest
    const struct netns *host; // the testbed's, which outlives this
    struct guest_nic *nics;
    size_t nic_count;
};

// `domain` becomes the machine's. Ports of bridged interfaces are named as in the spec.
void guest_machine_init(struct guest_machine *guest, struct platform *platform,
                        const struct router_spec *spec, const struct guest_ways *ways,
                        char *domain);
void guest_machine_clear(struct guest_machine *guest); // frees what it holds

// ---- what it boots

// A router as image/ has it, which points into the spec but for its arrays.
void guest_machine_config(const struct router_spec *spec, struct router_config *ret);
void guest_machine_config_clear(struct router_config *config);

struct tiny_boot {
    char *kernel;  // compressed
    char *vmlinux; // the same as a plain ELF file
    char *initrd, *cmdline;
};
// Writes the router's own initrd to `initrd`, and says what to boot with it. The console is "ttyS0"
// or "hvc0".
int tiny_guest_boot(const struct router_spec *spec, const char *initrd, const char *console,
                    struct tiny_boot *ret, struct error *err);
void tiny_boot_clear(struct tiny_boot *boot);

// What is asked for, but no less than what runs in it needs to boot. `topic` is the log's.
uint64_t tiny_guest_memory(const struct router_spec *spec, const char *topic);

// ---- files of a testbed's machines: in a folder beside the testbed's own, "DIRECTORY.machines",
// where daemons in other mount namespaces see it

char *machine_folder(const char *directory); // the caller frees it
// Makes it. What runs machines may be another user, who is given names of files in it.
int machine_folder_make(const char *folder, struct error *err);
// Removes it with all that is in it.
void machine_folder_clear(const char *directory);
// Removes the initrd, "FILES" and the folder, if no other machine has files there.
void guest_machine_remove_files(const struct guest_machine *guest);

// ---- talking to it; as the functions of struct machine_ops, for machines that embed a struct
// guest_machine first

// Waits until the tiny guest forwards.
int guest_machine_await(struct machine *machine, struct error *err);
int guest_machine_counters(const struct machine *machine, struct namespace_counters *ret,
                           struct error *err);
int guest_machine_console(const struct machine *machine, char *const *argv, int *ret_status,
                          struct error *err);
int guest_machine_start_daemon(struct machine *machine, struct error *err);
int guest_machine_leads_to(const struct machine *machine, uint32_t address, char ret_nic[16],
                           struct error *err);
void guest_machine_daemon_words(const struct machine *machine, char ret[160]);
// Adds what the machine runs; `machine` may be NULL.
void guest_machine_add_facts(const struct machine *machine, struct platform_facts *facts);

// -ESRCH, and says so.
int guest_machine_is_dead(const struct guest_machine *guest, struct error *err);
// Connects to its guest for a question. -ESRCH if it has died.
int guest_machine_ask(const struct guest_machine *guest, uint64_t until_ns,
                      struct guest_channel **ret, struct error *err);

// ---- its routing daemon

// What a router with one has besides.
struct tiny_daemon {
    struct router_config_service services[4];
    struct archive_item files[1];
};
void tiny_daemon_add(const struct router_spec *spec, struct tiny_daemon *daemon,
                     struct router_config *config);

#endif
