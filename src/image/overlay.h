// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/overlay — a machine's own disk on top of an image that is never written to: a qcow2 file
 * with the differences (QEMU's docs/interop/qcow2.txt), made by qemu-img. Called by machine/.
 */
#ifndef VRBENCH_IMAGE_OVERLAY_H
#define VRBENCH_IMAGE_OVERLAY_H

#include "base/error.h"

// Checks that the file exists and is a qcow2 disk image; else exit status 2.
int overlay_check_base(const char *base, struct error *err);
// Checks that qemu-img is installed; else exit status 3.
int overlay_check_tool(struct error *err);
// Makes a new overlay file with `base`, an absolute path, as its backing file.
int overlay_make(const char *base, const char *path, struct error *err);

#endif
