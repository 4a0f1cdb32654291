// SPDX-License-Identifier: GPL-3.0-or-later
// image/router_config — see router_config.h.
#include "image/router_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define MAC_FORMAT   "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_BYTES(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]

// Writes a word of a service: blanks, '%' and other special characters as %XX. An empty word cannot
// be written.
static void put_word(FILE *out, const char *word)
{
    for (const char *at = word; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte > ' ' && byte < 127 && byte != '%') {
            fputc(byte, out);
        } else {
            fprintf(out, "%%%02x", byte);
        }
    }
}

static void put_service(FILE *out, const struct router_config_service *service)
{
    fputs(service->once ? "once" : "run", out);
    for (const char *const *argv = service->argv; *argv != NULL; argv++) {
        fputc(' ', out);
        put_word(out, *argv);
    }
    fputc('\n', out);
    if (service->ready != NULL) {
        fprintf(out, "ready %s\n", service->ready);
    }
}

char *router_config_text(const struct router_config *config)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        abort(); // out of memory aborts, as in text_format()
    }
    char address[IP_TEXT_SIZE];
    fprintf(out, "name %s\n", config->name);
    for (size_t i = 0; i < config->nic_count; i++) {
        const struct router_config_nic *nic = &config->nics[i];
        fprintf(out, "interface %s " MAC_FORMAT " %u\n", nic->name, MAC_BYTES(nic->mac), nic->mtu);
        if (nic->ip.prefix != 0) {
            fprintf(out, "address %s %s/%u\n", nic->name, ip_text(&nic->ip.address, address),
                    nic->ip.prefix);
        }
    }
    for (size_t i = 0; i < config->neighbour_count; i++) {
        const struct router_config_neighbour *neighbour = &config->neighbours[i];
        fprintf(out, "neighbour %s %s " MAC_FORMAT "\n", neighbour->nic,
                ip_text(&neighbour->address, address), MAC_BYTES(neighbour->mac));
    }
    for (size_t i = 0; i < config->route_count; i++) {
        const struct router_config_route *route = &config->routes[i];
        char via[IP_TEXT_SIZE];
        fprintf(out, "route %s/%u %s\n", ip_text(&route->to.address, address), route->to.prefix,
                ip_text(&route->via, via));
    }
    for (size_t i = 0; i < config->sysctl_count; i++) {
        fprintf(out, "sysctl %s %s\n", config->sysctls[i][0], config->sysctls[i][1]);
    }
    for (size_t i = 0; i < config->folder_count; i++) {
        fprintf(out, "folder %s %u\n", config->folders[i].path, config->folders[i].owner);
    }
    for (size_t i = 0; i < config->service_count; i++) {
        put_service(out, &config->services[i]);
    }
    if (config->hold) {
        fputs("hold\n", out);
    }
    fclose(out);
    return text;
}

// ---- the initrd

// Writes the router's own archive to a file without a name.
static int write_own(const struct router_config *config, const char *path, struct error *err)
{
    _cleanup_free_ char *text = router_config_text(config);
    const struct archive_item conf = {
        .path = "etc/vrbench/router.conf", .mode = 0644, .bytes = text, .length = strlen(text)};
    struct archive_out *out = NULL;
    int rc = archive_out_open(path, 0600, ARCHIVE_CPIO, NULL, &out, err);
    if (rc < 0) {
        return rc;
    }
    rc = archive_out_add(out, &conf, err);
    for (size_t i = 0; rc == 0 && i < config->file_count; i++) {
        rc = archive_out_add(out, &config->files[i], err);
    }
    rc = rc == 0 ? archive_out_finish(out, err) : rc;
    archive_out_free(out);
    return rc;
}

static int append(int to, const char *from, struct error *err)
{
    _cleanup_close_ int fd = open(from, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        return fail(err, errno, "%s", from);
    }
    for (off_t left = st.st_size; left > 0;) {
        ssize_t put = sendfile(to, fd, NULL, (size_t)left);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return fail(err, put == 0 ? EIO : errno, "copying %s", from);
        }
        left -= put;
    }
    return 0;
}

int image_write_initrd(const struct image *image, const struct router_config *config,
                       const char *path, struct error *err)
{
    _cleanup_free_ char *own = text_format("%s.own", path);
    int rc = image_check_daemon(image, config->daemon, err);
    rc = rc == 0 ? write_own(config, own, err) : rc;
    if (rc == 0) {
        // An archive starts at a multiple of 4 bytes and is padded to one.
        _cleanup_close_ int to = file_open_new(path, 0600, err); // it may contain passwords
        rc = to < 0 ? to : append(to, image->initrd, err);
        const char *daemon = image->daemons[config->daemon].archive;
        rc = rc == 0 && config->real_nics ? append(to, image->nics, err) : rc;
        rc = rc == 0 && daemon != NULL ? append(to, daemon, err) : rc;
        rc = rc == 0 ? append(to, own, err) : rc;
        if (rc < 0 && to >= 0) {
            (void)unlink(path);
        }
    }
    (void)unlink(own);
    if (rc < 0) {
        error_context(err, "making the initial memory disk of %s", config->name);
    }
    return rc;
}
