// SPDX-License-Identifier: GPL-3.0-or-later
// image/parts — the files of an image, for image.c and build.c.
#ifndef VRBENCH_IMAGE_PARTS_H
#define VRBENCH_IMAGE_PARTS_H

#include "base/asset.h"

#define IMAGE_FORMAT      2 // of the folder and of what its guest understands
#define IMAGE_KERNEL      "vmlinuz"
#define IMAGE_VMLINUX     "vmlinux"
#define IMAGE_INITRD      "initrd.cpio"
#define IMAGE_NICS        "nics.cpio"
#define IMAGE_NICS_TABLE  "nics.table"
#define IMAGE_DESCRIPTION "image.json"
// And for each daemon that was asked for, "frr.cpio", "bird.cpio".

// The first process of the guest, the only row.
extern const struct asset guest_programs[];
// A mark of that program, 16 hexadecimal digits: an image with another one speaks perhaps
// otherwise.
void image_guest_mark(char ret[17]);

#endif
