// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/daemon — a routing daemon for the tiny guest: an archive of its programs and of the shared
 * libraries that they need, out of Debian's packages, which follows the image's initramfs in the
 * initrd of a router that has that daemon. Other routers stay as tiny as they were. Called by
 * build.c; machine/ starts the services in it.
 */
#ifndef VRBENCH_IMAGE_DAEMON_H
#define VRBENCH_IMAGE_DAEMON_H

#include "base/error.h"
#include "image/package.h"
#include "scenario/scenario.h"

// Fetches the packages, unpacks them below `tree`, a new folder, and writes the archive. `ret` are
// the packages, that of the daemon first; to be given to package_list_clear().
int daemon_build(enum routing_daemon daemon, const char *tree, const char *archive,
                 struct package_list *ret, struct error *err);

#endif
