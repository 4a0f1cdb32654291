// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/overlay — a disk of a machine's own on top of an image that is never written to: a qcow2
 * file that holds what differs (QEMU's docs/interop/qcow2.txt), made by qemu-img. Called by
 * machine/.
 */
#ifndef VRBENCH_IMAGE_OVERLAY_H
#define VRBENCH_IMAGE_OVERLAY_H

#include "base/error.h"

// Whether the file is there and is a disk image in format qcow2; else exit status 2.
int overlay_check_base(const char *base, struct error *err);
// Whether qemu-img is here; else exit status 3.
int overlay_check_tool(struct error *err);
// Makes a new file on top of `base`, an absolute path.
int overlay_make(const char *base, const char *path, struct error *err);

#endif
