// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A router's configuration with one of everything in it, for test_image.c and test_guest_talk.c.
 */
#ifndef VRBENCH_TESTS_MADE_UP_ROUTER_H
#define VRBENCH_TESTS_MADE_UP_ROUTER_H

#include "image/router_config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct router_config_nic nics[] = {
    {"eth0", {0x52, 0x54, 0, 0, 0, 0x0a}, 1500, {{4, {198, 18, 0, 1}}, 24}},
    {"eth1", {0x52, 0x54, 0, 0, 0, 0x0b}, 0, {{6, {0x20, 1, 0, 2, [15] = 1}}, 64}},
    {"eth2", {0x52, 0x54, 0, 0, 0, 0x0c}, 9000, {{0, {0}}, 0}},
};
static const struct router_config_neighbour neighbours[] = {
    {"eth0", {4, {198, 18, 0, 2}}, {2, 0, 0, 0, 0, 0xfe}},
    {"eth1", {6, {0x20, 1, 0, 2, [15] = 2}}, {2, 0, 0, 0, 0, 0xff}},
};
static const struct router_config_route routes[] = {
    {{{4, {10}}, 8}, {4, {198, 18, 0, 2}}},
    {{{6, {0}}, 0}, {6, {0x20, 1, 0, 2, [15] = 2}}},
};
static const char *const sysctls[][2] = {{"net/ipv4/ipfrag_time", "1"}};
static const char *const bird[] = {"/usr/sbin/bird", "-c", "a b%\n\xc3\xa9", NULL};
static const struct router_config_folder folders[] = {{"/run/bird", 65535}};
static const struct router_config_service services[] = {{bird, "/run/bird/bird.ctl", false},
                                                        {bird, NULL, true}};
static const struct archive_item files[] = {
    {.path = "etc/bird/bird.conf", .mode = 0640, .bytes = "router id 1;\n", .length = 13}};
static const struct router_config router = {.name = "r1",
                                            .nics = nics,
                                            .nic_count = COUNT(nics),
                                            .neighbours = neighbours,
                                            .neighbour_count = COUNT(neighbours),
                                            .routes = routes,
                                            .route_count = COUNT(routes),
                                            .sysctls = sysctls,
                                            .sysctl_count = COUNT(sysctls),
                                            .folders = folders,
                                            .folder_count = COUNT(folders),
                                            .services = services,
                                            .service_count = COUNT(services),
                                            .hold = true,
                                            .files = files,
                                            .file_count = COUNT(files)};

#endif
