// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/daemon — a routing daemon for the tiny guest: an archive of its programs and their shared
 * libraries, from Debian's packages. It follows the image's initramfs in the initrd of a router
 * with that daemon; other routers do not contain it. Called by build.c; machine/ starts the
 * services in it.
 */
#ifndef VRBENCH_IMAGE_DAEMON_H
#define VRBENCH_IMAGE_DAEMON_H

#include "base/error.h"
#include "image/package.h"
#include "scenario/scenario.h"

// Fetches the packages, unpacks them below `tree`, a new folder, and writes the archive. `ret` gets
// the packages, the daemon's first; the caller passes it to package_list_clear().
int daemon_build(enum routing_daemon daemon, const char *tree, const char *archive,
                 struct package_list *ret, struct error *err);

#endif
