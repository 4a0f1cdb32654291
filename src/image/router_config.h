// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/router_config — what a tiny guest is to be, written for its first process (the grammar is
 * in guest/config.c) and put into an initrd of the router's own. Called by machine/.
 */
#ifndef VRBENCH_IMAGE_ROUTER_CONFIG_H
#define VRBENCH_IMAGE_ROUTER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/archives.h"
#include "image/image.h"

struct router_config_nic {
    const char *name; // in the guest: at most 15 bytes, no blanks
    uint8_t mac[6];   // by which the guest finds it
    unsigned mtu;     // 0 = the device's own
    uint32_t address; // host order; 0 = none
    unsigned prefix;
};

// A permanent neighbour.
struct router_config_neighbour {
    const char *nic;
    uint32_t address;
    uint8_t mac[6];
};

struct router_config_route {
    uint32_t to; // host order
    unsigned prefix;
    uint32_t via;
};

// A folder that is made before services start, of that user and group.
struct router_config_folder {
    const char *path;
    unsigned owner;
};

// A program that the guest runs, in the foreground. It ends when that ends.
struct router_config_service {
    const char *const *argv; // ended by NULL; argv[0] an absolute path in the guest
    const char *ready;       // it is up when there is something at this path; NULL = at once
    bool once;               // it is to end, with status 0, and is up when it has
};

struct router_config {
    const char *name; // host name
    const struct router_config_nic *nics;
    size_t nic_count;
    const struct router_config_neighbour *neighbours;
    size_t neighbour_count;
    const struct router_config_route *routes;
    size_t route_count;
    const char *const (*sysctls)[2]; // {"net/ipv4/ipfrag_time", "1"}
    size_t sysctl_count;
    const struct router_config_folder *folders;
    size_t folder_count;
    // Started one after the other: once the guest forwards or, with `hold`, when it is told to
    // (guest_start()).
    const struct router_config_service *services;
    size_t service_count;
    bool hold;
    enum routing_daemon daemon; // that the image's archive of goes into the initrd
    bool real_nics;             // so does that of modules for NICs of the host's
    // Files for the guest besides (programs and configuration of services …).
    const struct archive_item *files;
    size_t file_count;
};

// The text of /etc/vrbench/router.conf. The caller frees it.
char *router_config_text(const struct router_config *config);

// Writes a new file that holds the image's initramfs and, behind it, its daemon's archive and the
// router's configuration and files. On failure nothing is left of it.
int image_write_initrd(const struct image *image, const struct router_config *config,
                       const char *path, struct error *err);

#endif
