// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/image — the tiny router guest: a kernel of Debian and an initramfs with busybox and a first
 * process of our own (guest/), in a folder of six files and one more for each routing
 * daemon. Built by image_build() (build.c), found
 * by machine/ and cli/.
 *
 * A machine boots from `vmlinux` (QEMU by its PVH entry, a second of emulation sooner than from
 * `kernel`; Xen PV) and an initrd of its own, which image_write_initrd() (router_config.h) makes of
 * `initrd` and the router's configuration.
 */
#ifndef VRBENCH_IMAGE_IMAGE_H
#define VRBENCH_IMAGE_IMAGE_H

#include <stdbool.h>

#include "base/error.h"
#include "scenario/scenario.h"

#define IMAGE_KERNEL_DEFAULT   "linux-image-cloud-amd64"
#define IMAGE_MEMORY_MIB       96  // that a router of this image needs, and is given by default
#define IMAGE_LARGE_MIB        128 // the same with a routing daemon in it, or drivers of real NICs
// The kernel's command line; the console is ttyS0 or, on Xen PV, hvc0. A panic ends the machine.
// The self-tests of ciphers, which nothing here uses, would take a fifth of the start under
// emulation.
#define IMAGE_CMDLINE(console) "console=" console " panic=-1 quiet cryptomgr.notests net.ifnames=0"

#define IMAGE_DAEMONS (DAEMON_BIRD + 1U)

// A routing daemon that routers of an image can have.
struct image_daemon {
    char *archive; // path of a cpio archive; NULL = the image was built without it
    char *package, *version;
};

struct image {
    char *folder;
    char *kernel;         // path of the compressed kernel
    char *vmlinux;        // path of the same as a plain ELF file
    char *initrd;         // path of the initramfs, a cpio archive
    char *nics;           // path of a cpio archive with modules for real NICs
    char *kernel_package; // "linux-image-6.1.0-56-cloud-amd64"
    char *kernel_version; // of the package
    char *busybox_version;
    struct image_daemon daemons[IMAGE_DAEMONS]; // by enum routing_daemon
};

// Where an image is built by default and looked for: $VRBENCH_IMAGE, or /var/lib/vrbench/image for
// root, else below $XDG_DATA_HOME or ~/.local/share. The caller frees it.
#define IMAGE_VARIABLE "VRBENCH_IMAGE"
char *image_default_folder(void);

// Reads the description of an image. `folder` NULL = the default one. Without an image there:
// fail_lacking(), which says how to build one. `ret` is to be given to image_clear().
int image_find(const char *folder, struct image *ret, struct error *err);
void image_clear(struct image *image);
// Whether routers of the image can have the daemon (DAEMON_NONE: always); if not fail_lacking(),
// which says how to build one in which they can.
int image_check_daemon(const struct image *image, enum routing_daemon daemon, struct error *err);
// Whether its kernel has a driver for a device that a router is handed (its modalias, as sysfs has
// it); likewise.
int image_check_device(const struct image *image, const char *modalias, struct error *err);

struct image_build {
    const char *kernel; // a Debian package, a file *.deb, or NULL for the default
    const char *folder; // NULL = the default
    const char *with;   // names of daemons, between commas; NULL = none
};

// Fetches what is missing in the package cache (by apt-get), makes the image beside its folder and
// puts it in place at once: what was there stays whole until then, and on failure (a full disk) or
// interruption nothing half made remains. Needs no root. `ret` as of image_find().
int image_build(const struct image_build *asked, struct image *ret, struct error *err);

#define _cleanup_image_ __attribute__((cleanup(image_clear)))

#endif
