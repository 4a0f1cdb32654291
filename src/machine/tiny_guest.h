// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/tiny_guest — routers that are machines in which the tiny guest of image/ runs, whoever
 * made the machine: what it boots, whether it is ready, its counters, commands, its routing daemon,
 * and where a testbed's machines have their files. Used by machine/qemu and machine/xen.
 *
 * tiny_guest.c has the machine, tiny_daemon.c the daemon.
 */
#ifndef VRBENCH_MACHINE_TINY_GUEST_H
#define VRBENCH_MACHINE_TINY_GUEST_H

#include "image/router_config.h"
#include "machine/guest_channel.h"
#include "machine/platform.h"

// ---- what it boots

// A router as image/ has it, which points into the spec but for its arrays.
void tiny_guest_config(const struct router_spec *spec, struct router_config *ret);
void tiny_guest_config_clear(struct router_config *config);

struct tiny_boot {
    char *kernel;  // compressed
    char *vmlinux; // the same as a plain ELF file
    char *initrd, *cmdline;
};
// Writes the router's own initrd to `initrd`, and tells what to boot with it. The console is
// "ttyS0" or "hvc0".
int tiny_guest_boot(const struct router_spec *spec, const char *initrd, const char *console,
                    struct tiny_boot *ret, struct error *err);
void tiny_boot_clear(struct tiny_boot *boot);

// What is asked for, but no less than what runs in it needs to boot. `topic` is the log's.
uint64_t tiny_guest_memory(const struct router_spec *spec, const char *topic);

// ---- files of a testbed's machines: in a folder beside the testbed's own, "DIRECTORY.machines",
// where daemons in other mount namespaces see it

char *machine_folder(const char *directory); // the caller frees it
// Makes it. What runs machines may be somebody else; what it needs it is given by name.
int machine_folder_make(const char *folder, struct error *err);
// Removes it with all that is in it.
void machine_folder_clear(const char *directory);

// ---- talking to it

// One that was started, and how it is reached.
struct tiny_guest {
    const struct router *router;
    const char *name;    // the router's
    const char *machine; // as who runs it calls it
    // Connects for one question or more.
    int (*connect)(const struct router *router, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err);
    bool (*has_died)(const struct router *router);
};

// -ESRCH, and says so.
int tiny_guest_is_dead(const struct tiny_guest *guest, struct error *err);
// Connects to its guest for a question. -ESRCH if it has died.
int tiny_guest_ask(const struct tiny_guest *guest, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err);
// Waits until it forwards.
int tiny_guest_await(const struct tiny_guest *guest, struct error *err);
// Counters of those links of it. -ESRCH if it has died.
int tiny_guest_counters(const struct tiny_guest *guest, const struct guest_link *links,
                        size_t link_count, struct namespace_counters *ret, struct error *err);
// Runs a command, or what standard input has as a script of the guest's shell, and prints what it
// says.
int tiny_guest_run(const struct tiny_guest *guest, const char *const *argv, int *ret_status,
                   struct error *err);
int tiny_guest_run_script(const struct tiny_guest *guest, int *ret_status, struct error *err);

// ---- its routing daemon; as the functions of struct platform_ops

// What a router with one has besides.
struct tiny_daemon {
    struct router_config_service services[4];
    struct archive_item files[1];
};
void tiny_daemon_add(const struct router_spec *spec, struct tiny_daemon *daemon,
                     struct router_config *config);
int tiny_daemon_start(const struct tiny_guest *guest, struct error *err);
int tiny_daemon_leads_to(const struct tiny_guest *guest, uint32_t address, char ret_nic[16],
                         struct error *err);
void tiny_daemon_words(const struct tiny_guest *guest, char ret[160]);

#endif
