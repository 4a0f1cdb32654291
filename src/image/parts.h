// SPDX-License-Identifier: GPL-3.0-or-later
// image/parts — the files of an image, shared by image.c and build.c.
#ifndef VRBENCH_IMAGE_PARTS_H
#define VRBENCH_IMAGE_PARTS_H

#include "base/asset.h"

#define IMAGE_FORMAT      2 // version of the folder's layout and of the guest's configuration
#define IMAGE_KERNEL      "vmlinuz"
#define IMAGE_VMLINUX     "vmlinux"
#define IMAGE_INITRD      "initrd.cpio"
#define IMAGE_NICS        "nics.cpio"
#define IMAGE_NICS_TABLE  "nics.table"
#define IMAGE_DESCRIPTION "image.json"
// Further files are "frr.cpio", "bird.cpio", one for each daemon that was requested.

// The guest's first process; the table has one row.
extern const struct asset guest_programs[];
// A hash of that program, 16 hexadecimal digits: an image with another guest program may use
// another protocol.
void image_guest_mark(char ret[17]);

#endif
