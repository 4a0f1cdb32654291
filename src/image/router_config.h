// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/router_config — writes the configuration of a tiny guest for its first process (grammar:
 * guest/config.c) and puts it into the router's own initrd. Called by machine/.
 */
#ifndef VRBENCH_IMAGE_ROUTER_CONFIG_H
#define VRBENCH_IMAGE_ROUTER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"
#include "image/archives.h"
#include "image/image.h"

struct router_config_nic {
    const char *name;       // name in the guest: at most 15 bytes, no blanks
    uint8_t mac[6];         // the guest finds the interface by it
    unsigned mtu;           // 0 = the device's default
    struct ip_interface ip; // prefix 0 = none
};

// A permanent neighbour.
struct router_config_neighbour {
    const char *nic;
    struct ip_address address;
    uint8_t mac[6];
};

struct router_config_route {
    struct ip_interface to; // a subnet
    struct ip_address via;
};

// A folder with its user and group, made before services start.
struct router_config_folder {
    const char *path;
    unsigned owner;
};

// A program that the guest runs in the foreground. If it ends, the guest ends.
struct router_config_service {
    const char *const *argv; // ends with NULL; argv[0] is an absolute path in the guest
    const char *ready;       // the service is up once this path exists; NULL = at once
    bool once;               // the program must end with status 0, and the service is up then
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
    // Started one after the other: once the guest forwards or, with `hold`, on guest_start().
    const struct router_config_service *services;
    size_t service_count;
    bool hold;
    enum routing_daemon daemon; // daemon whose archive is added to the initrd
    bool real_nics;             // adds the archive of modules for real NICs
    // Further files for the guest (programs and configuration of services …).
    const struct archive_item *files;
    size_t file_count;
};

// Returns the text of /etc/vrbench/router.conf. The caller frees it.
char *router_config_text(const struct router_config *config);

// Writes a new file with the image's initramfs, followed by its daemon's archive and the router's
// configuration and files. After a failure the file does not exist.
int image_write_initrd(const struct image *image, const struct router_config *config,
                       const char *path, struct error *err);

#endif
