// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/own — machines with a system of their own, on a disk
 * image, that is told what router to be by a cloud-init seed or by a script for its serial console.
 * Nothing in it answers vrbench: whether it forwards is the testbed's to find out, and its
 * interfaces are read at their other ends. Called by domain.c.
 */
#ifndef VRBENCH_MACHINE_QEMU_OWN_H
#define VRBENCH_MACHINE_QEMU_OWN_H

#include "machine/qemu/router.h"

// What a spec with an image says; `files` is how the names of the machine's files begin.
struct own *own_new(const struct router_spec *spec, const char *files);
void own_free(struct own *own); // ends the listening, too; NULL is fine

// Whether what the spec names is there and right; the script is parsed.
int own_check(const struct router_spec *spec, struct error *err);
// Reads the script, makes disk and seed.
int own_boot_make(struct qemu_machine *router, const struct router_spec *spec,
                  struct qemu_boot *ret, struct error *err);
void own_remove_files(const struct own *own);

// Opens the console, if there is a script for it, of a machine that doesn't run yet: what it says
// waits for own_await(), which plays the script.
int own_listen(struct qemu_machine *router, struct error *err);
int own_await(struct qemu_machine *router, struct error *err);

#endif
