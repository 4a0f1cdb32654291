// SPDX-License-Identifier: GPL-3.0-or-later
// image/seed — see seed.h.
#include "image/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/archives.h"

#define VOLUME        "cidata"
#define USER_DATA_MAX (16U << 20)

#define MAC_FORMAT   "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_BYTES(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]

static FILE *text_stream(char **text, size_t *length)
{
    FILE *out = open_memstream(text, length);
    if (out == NULL) {
        abort(); // out of memory aborts, as in text_format()
    }
    return out;
}

char *seed_meta_data(const struct router_config *router)
{
    return text_format("instance-id: vrbench-%s\nlocal-hostname: %s\n", router->name, router->name);
}

static bool reaches(const struct router_config_nic *nic, const struct ip_address *address)
{
    return nic->ip.prefix > 0 && ip_agree(&nic->ip.address, address, nic->ip.prefix);
}

// Writes the routes whose gateway is on this interface.
static void put_routes(FILE *out, const struct router_config *router,
                       const struct router_config_nic *nic)
{
    bool first = true;
    for (size_t i = 0; i < router->route_count; i++) {
        const struct router_config_route *route = &router->routes[i];
        if (reaches(nic, &route->via)) {
            char to[IP_TEXT_SIZE];
            char via[IP_TEXT_SIZE];
            fprintf(out,
                    "%s      - to: \"%s/%u\"\n"
                    "        via: \"%s\"\n",
                    first ? "    routes:\n" : "", ip_text(&route->to.address, to), route->to.prefix,
                    ip_text(&route->via, via));
            first = false;
        }
    }
}

char *seed_network_config(const struct router_config *router)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = text_stream(&text, &length);
    fputs("version: 2\nethernets:\n", out);
    for (size_t i = 0; i < router->nic_count; i++) {
        const struct router_config_nic *nic = &router->nics[i];
        fprintf(out,
                "  %s:\n    match:\n      macaddress: \"" MAC_FORMAT "\"\n    set-name: %s\n"
                "    dhcp4: false\n    dhcp6: false\n    accept-ra: false\n    link-local: []\n",
                nic->name, MAC_BYTES(nic->mac), nic->name);
        if (nic->mtu != 0) {
            fprintf(out, "    mtu: %u\n", nic->mtu);
        }
        if (nic->ip.prefix != 0) {
            char address[IP_TEXT_SIZE];
            fprintf(out, "    addresses:\n      - \"%s/%u\"\n", ip_text(&nic->ip.address, address),
                    nic->ip.prefix);
        }
        put_routes(out, router, nic);
    }
    fclose(out);
    return text;
}

char *seed_user_data(const struct router_config *router)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = text_stream(&text, &length);
    fputs("#cloud-config\n"
          "write_files:\n"
          "  - path: /etc/sysctl.d/90-vrbench.conf\n"
          "    content: |\n"
          "      net.ipv4.ip_forward = 1\n"
          "      net.ipv4.conf.default.rp_filter = 0\n"
          "      net.ipv4.conf.all.rp_filter = 0\n"
          "      net.ipv4.conf.default.send_redirects = 0\n"
          "      net.ipv4.conf.all.send_redirects = 0\n",
          out);
    bool six = false;
    for (size_t i = 0; i < router->nic_count; i++) {
        six = six || router->nics[i].ip.address.version == 6;
    }
    if (six) {
        // Without duplicate detection: the addresses are usable at once.
        fputs("      net.ipv6.conf.default.accept_dad = 0\n"
              "      net.ipv6.conf.all.accept_dad = 0\n"
              "      net.ipv6.conf.default.accept_ra = 0\n"
              "      net.ipv6.conf.all.accept_ra = 0\n"
              "      net.ipv6.conf.all.forwarding = 1\n",
              out);
    }
    fputs("runcmd:\n"
          "  - [sysctl, -p, /etc/sysctl.d/90-vrbench.conf]\n",
          out);
    for (size_t i = 0; i < router->nic_count; i++) {
        // The defaults do not apply to interfaces that already exist.
        fprintf(out, "  - [sysctl, -w, net.ipv4.conf.%s.rp_filter=0]\n", router->nics[i].name);
    }
    for (size_t i = 0; i < router->neighbour_count; i++) {
        const struct router_config_neighbour *neighbour = &router->neighbours[i];
        char address[IP_TEXT_SIZE];
        fprintf(out,
                "  - [ip, neighbour, replace, \"%s\", lladdr, \"" MAC_FORMAT
                "\", dev, %s, nud, permanent]\n",
                ip_text(&neighbour->address, address), MAC_BYTES(neighbour->mac), neighbour->nic);
    }
    fclose(out);
    return text;
}

int seed_write(const struct router_config *router, const char *user_data, const char *path,
               struct error *err)
{
    _cleanup_free_ char *meta = seed_meta_data(router);
    _cleanup_free_ char *network = seed_network_config(router);
    _cleanup_free_ char *user = NULL;
    size_t user_length = 0;
    int rc = 0;
    if (user_data == NULL) {
        user = seed_user_data(router);
        user_length = strlen(user);
    } else {
        rc = file_read(user_data, USER_DATA_MAX, &user, &user_length, err);
    }
    struct archive_out *out = NULL;
    rc = rc == 0 ? archive_out_open(path, 0600, ARCHIVE_ISO, VOLUME, &out, err) : rc;
    if (rc < 0) {
        return rc;
    }
    const struct archive_item items[] = {
        {.path = "meta-data", .mode = 0444, .bytes = meta, .length = strlen(meta)},
        {.path = "network-config", .mode = 0444, .bytes = network, .length = strlen(network)},
        {.path = "user-data", .mode = 0444, .bytes = user, .length = user_length},
    };
    for (size_t i = 0; rc == 0 && i < sizeof items / sizeof items[0]; i++) {
        rc = archive_out_add(out, &items[i], err);
    }
    rc = rc == 0 ? archive_out_finish(out, err) : rc;
    archive_out_free(out);
    if (rc < 0) {
        (void)unlink(path);
    }
    return rc;
}
