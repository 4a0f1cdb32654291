// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/image — the tiny router guest: a Debian kernel and an initramfs with busybox and a first
 * process made by vrbench (guest/). An image is a folder of six files and one more for each routing
 * daemon. Built by image_build() (build.c), found by machine/ and cli/.
 *
 * A machine boots from `vmlinux` (Xen PV; QEMU by its PVH entry, a second of emulation faster than
 * from `kernel`) and its own initrd, which image_write_initrd() (router_config.h) makes from
 * `initrd` and the router's configuration.
 */
#ifndef VRBENCH_IMAGE_IMAGE_H
#define VRBENCH_IMAGE_IMAGE_H

#include <stdbool.h>

#include "base/error.h"
#include "scenario/scenario.h"

#define IMAGE_KERNEL_DEFAULT   "linux-image-cloud-amd64"
#define IMAGE_MEMORY_MIB       96  // default memory of a router of this image
#define IMAGE_LARGE_MIB        128 // the same with a routing daemon, or with drivers of real NICs
// The kernel's command line; the console is ttyS0 or, on Xen PV, hvc0. A panic ends the machine.
// Self-tests of ciphers, which the guest does not use, would take a fifth of the boot time under
// emulation.
#define IMAGE_CMDLINE(console) "console=" console " panic=-1 quiet cryptomgr.notests net.ifnames=0"

#define IMAGE_DAEMONS (DAEMON_BIRD + 1U)

// A routing daemon for routers of an image.
struct image_daemon {
    char *archive; // path of a cpio archive; NULL = the image was built without it
    char *package, *version;
};

struct image {
    char *folder;
    char *kernel;         // path of the compressed kernel
    char *vmlinux;        // path of the same kernel as a plain ELF file
    char *initrd;         // path of the initramfs, a cpio archive
    char *nics;           // path of a cpio archive with modules for real NICs
    char *kernel_package; // "linux-image-6.1.0-56-cloud-amd64"
    char *kernel_version; // version of that package
    char *busybox_version;
    struct image_daemon daemons[IMAGE_DAEMONS]; // by enum routing_daemon
};

// The default folder of an image: $VRBENCH_IMAGE, or /var/lib/vrbench/image for root, else a folder
// below $XDG_DATA_HOME or ~/.local/share. The caller frees it.
#define IMAGE_VARIABLE "VRBENCH_IMAGE"
char *image_default_folder(void);

// Reads the description of an image in `folder` (NULL = the default folder). Without an image it
// fails with exit status 3, and the message names the command that builds one. The caller passes
// `ret` to image_clear().
int image_find(const char *folder, struct image *ret, struct error *err);
void image_clear(struct image *image);
// Checks that the image contains the daemon (DAEMON_NONE: always). If not, fails with exit status
// 3, and the message names the command that builds an image with it.
int image_check_daemon(const struct image *image, enum routing_daemon daemon, struct error *err);
// Checks that the image's kernel has a driver for an assigned device, given by its modalias
// (sysfs). Fails as image_check_daemon() does.
int image_check_device(const struct image *image, const char *modalias, struct error *err);

struct image_build {
    const char *kernel; // name of a Debian package, path of a *.deb file, or NULL = the default
    const char *folder; // NULL = the default
    const char *with;   // names of daemons, separated by commas; NULL = none
};

// Builds an image: fetches missing packages to the package cache (by apt-get), builds beside the
// image's folder and swaps the result in at once. Until then the old image is unchanged; a failure
// (a full disk) or interruption leaves nothing behind. Requires no root. The caller passes `ret` to
// image_clear().
int image_build(const struct image_build *asked, struct image *ret, struct error *err);

#define _cleanup_image_ __attribute__((cleanup(image_clear)))

#endif
