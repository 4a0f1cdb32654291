// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests/net/guestctl — the host's side of a tiny guest, for scripts:
 *   initrd IMAGE OUT NAME NIC,MAC,ADDRESS/PREFIX,NEIGHBOUR,ITS_MAC...   an initrd of a router
 *   ready SOCKET SECONDS        waits until it forwards; prints milliseconds since its kernel began
 *   counters SOCKET NIC...      prints "NIC rx_packets tx_packets rx_dropped" and "ip …"
 *   exec SOCKET WORD...         prints what the command says and ends with its status
 *   play SOCKET FILE NAME [NIC,…]  plays a serial script on a console
 *   seed OUT NAME [NIC,…]       a seed image for cloud-init
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "image/router_config.h"
#include "image/seed.h"
#include "machine/guest_channel.h"
#include "machine/serial_play.h"

#define ANSWER_NS (60 * NS_PER_S)

static struct error err;

static int end(int rc)
{
    if (rc < 0) {
        fprintf(stderr, "guestctl: %s\n", err.text == NULL ? strerror(-rc) : err.text);
    }
    int status = rc < 0 ? 1 : 0;
    error_clear(&err);
    return status;
}

static void scan_mac(const char *text, uint8_t mac[6])
{
    unsigned bytes[6] = {0};
    if (sscanf(text, "%x:%x:%x:%x:%x:%x", &bytes[0], &bytes[1], &bytes[2], &bytes[3], &bytes[4],
               &bytes[5]) != 6) {
        fprintf(stderr, "guestctl: %s is no MAC\n", text);
        exit(2);
    }
    for (unsigned i = 0; i < 6; i++) {
        mac[i] = (uint8_t)bytes[i];
    }
}

static struct router_config_nic nics[8];
static struct router_config_neighbour neighbours[8];

static struct router_config scan_router(char *name, char **words, int count)
{
    struct router_config router = {.name = name, .nics = nics, .neighbours = neighbours};
    for (int i = 0; i < count && i < 8; i++) {
        char *parts[5] = {0};
        char *rest = words[i];
        for (int p = 0; p < 5; p++) {
            parts[p] = strsep(&rest, ",");
        }
        if (parts[4] == NULL || parse_ip_prefix(parts[2], &nics[i].ip, &err) < 0 ||
            !ip_parse(parts[3], &neighbours[i].address)) {
            fprintf(stderr, "guestctl: NIC,MAC,ADDRESS/PREFIX,NEIGHBOUR,ITS_MAC\n");
            exit(2);
        }
        nics[i].name = neighbours[i].nic = parts[0];
        nics[i].mtu = 1500;
        scan_mac(parts[1], nics[i].mac);
        scan_mac(parts[4], neighbours[i].mac);
        router.nic_count = router.neighbour_count = (size_t)i + 1;
    }
    return router;
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static int do_initrd(char **words, int count)
{
    _cleanup_image_ struct image image = {0};
    int rc = image_find(words[0], &image, &err);
    struct router_config router = scan_router(words[2], words + 3, count - 3);
    return end(rc < 0 ? rc : image_write_initrd(&image, &router, words[1], &err));
}

static int do_ready(char **words, int count)
{
    (void)count;
    _cleanup_guest_ struct guest_channel *guest = NULL;
    uint64_t until = clock_monotonic_ns() + strtoull(words[1], NULL, 10) * NS_PER_S;
    uint64_t boot_ms = 0;
    int rc = guest_connect(words[0], until, &guest, &err);
    rc = rc == 0 ? guest_await_ready(guest, until, &boot_ms, &err) : rc;
    if (rc == 0) {
        printf("%llu\n", (unsigned long long)boot_ms);
    }
    return end(rc);
}

static int do_counters(char **words, int count)
{
    _cleanup_guest_ struct guest_channel *guest = NULL;
    struct namespace_counters found = {0};
    struct guest_link links[8];
    for (int i = 1; i < count && i <= 8; i++) {
        links[i - 1] = (struct guest_link){.name = words[i], .index = i};
    }
    uint64_t until = clock_monotonic_ns() + ANSWER_NS;
    int rc = guest_connect(words[0], until, &guest, &err);
    rc = rc == 0 ? guest_counters(guest, links, (size_t)count - 1, until, &found, &err) : rc;
    for (size_t i = 0; rc == 0 && i < found.link_count; i++) {
        const struct link_counters *link = &found.links[i];
        printf("%s %llu %llu %llu\n", words[link->index], (unsigned long long)link->rx_packets,
               (unsigned long long)link->tx_packets, (unsigned long long)link->rx_dropped);
    }
    if (rc == 0) {
        printf("ip %llu %llu\n", (unsigned long long)found.ip.in_hdr_errors,
               (unsigned long long)found.ip.no_routes);
    }
    counters_clear(&found);
    return end(rc);
}

static int do_exec(char **words, int count)
{
    (void)count;
    _cleanup_guest_ struct guest_channel *guest = NULL;
    _cleanup_free_ char *output = NULL;
    size_t length = 0;
    int status = 0;
    uint64_t until = clock_monotonic_ns() + ANSWER_NS;
    int rc = guest_connect(words[0], until, &guest, &err);
    rc = rc == 0 ? guest_exec(guest, (const char *const *)words + 1, until, &status, &output,
                              &length, &err)
                 : rc;
    if (rc < 0) {
        return end(rc);
    }
    fwrite(output, 1, length, stdout);
    return status;
}

static int do_play(char **words, int count)
{
    _cleanup_serial_script_ struct serial_script script = {0};
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    struct router_config router = scan_router(words[2], words + 3, count - 3);
    int rc = file_read(words[1], SERIAL_SCRIPT_MAX, &text, &length, &err);
    rc = rc == 0 ? serial_script_parse(words[1], text, length, &router, &script, &err) : rc;
    if (rc < 0) {
        return end(rc);
    }
    _cleanup_close_ int fd = open_socket(words[0]);
    struct serial_port port;
    rc = serial_port_of(&fd, &port, &err);
    return end(rc == 0 ? serial_script_play(&script, &port, &err) : rc);
}

static int do_seed(char **words, int count)
{
    struct router_config router = scan_router(words[1], words + 2, count - 2);
    return end(seed_write(&router, NULL, words[0], &err));
}

static const struct {
    const char *verb;
    int words;
    int (*run)(char **words, int count);
} verbs[] = {
    {"initrd", 3, do_initrd}, {"ready", 2, do_ready}, {"counters", 1, do_counters},
    {"exec", 2, do_exec},     {"play", 3, do_play},   {"seed", 2, do_seed},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, argv[1]) == 0 && argc - 2 >= verbs[i].words) {
            return verbs[i].run(argv + 2, argc - 2);
        }
    }
    fprintf(stderr, "usage: guestctl initrd|ready|counters|exec|play|seed ...\n");
    return 2;
}
