// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/seed — the configuration of a router for a system with cloud-init: an ISO 9660 image with
 * volume name "cidata" (cloud-init's NoCloud data source) with the files meta-data, user-data and
 * network-config (version 2). Called by machine/, which attaches it to the machine as a disk.
 */
#ifndef VRBENCH_IMAGE_SEED_H
#define VRBENCH_IMAGE_SEED_H

#include "base/error.h"
#include "image/router_config.h"

// Return the texts of the three files; the caller frees them. Interfaces are matched by MAC address
// and get the router's names; user-data enables forwarding and sets the permanent neighbours.
char *seed_meta_data(const struct router_config *router);
char *seed_network_config(const struct router_config *router);
char *seed_user_data(const struct router_config *router);

// Writes the image to a new file. `user_data` is the path of a file that replaces seed_user_data(),
// or NULL.
int seed_write(const struct router_config *router, const char *user_data, const char *path,
               struct error *err);

#endif
