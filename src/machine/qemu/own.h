// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/own — machines with a system of their own, on a disk
 * image, that is told what router to be by a cloud-init seed or by a script for its serial console.
 * Nothing in it answers vrbench: whether it forwards is the testbed's to find out, and its
 * interfaces are read at their other ends. Called by machine.c and guest.c.
 */
#ifndef VRBENCH_MACHINE_QEMU_OWN_H
#define VRBENCH_MACHINE_QEMU_OWN_H

#include "machine/qemu/router.h"

// What a spec with an image says; `files` is how the names of the machine's files begin.
struct own *own_new(const struct router_spec *spec, const char *files);
void own_free(struct own *own); // ends the listening, too; NULL is fine
const char *own_image(const struct own *own);

// Whether what the spec names is there and right; the script is parsed.
int own_check(const struct router_spec *spec, struct error *err);
// Reads the script, makes disk and seed.
int own_boot_make(struct router *router, const struct router_spec *spec, struct machine_boot *ret,
                  struct error *err);
void own_remove_files(const struct own *own);

// Opens the console, if there is a script for it, of a machine that doesn't run yet: what it says
// waits for own_await(), which plays the script.
int own_listen(struct router *router, struct error *err);
int own_await(struct router *router, struct error *err);

// Counters of the router's interfaces, as their host's ends have them.
int own_counters(const struct router *router, struct namespace_counters *ret, struct error *err);

#endif
