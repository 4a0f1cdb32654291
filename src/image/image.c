// SPDX-License-Identifier: GPL-3.0-or-later
// image/image — finds images, see image.h. An image is a folder with image.json beside its files.
#include "image/image.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/settings.h"
#include "base/text.h"
#include "image/folders.h"
#include "image/kernel.h"
#include "image/parts.h"

#define DESCRIPTION_MAX 65536U
#define TABLE_MAX       (1U << 20)

void image_guest_mark(char ret[17])
{
    const char *begin = guest_programs[0].begin;
    uint64_t hash = text_hash(begin, (size_t)(guest_programs[0].end - begin));
    snprintf(ret, 17, "%016llx", (unsigned long long)hash);
}

char *image_default_folder(void)
{
    const char *asked = setting_get(IMAGE_VARIABLE);
    if (asked != NULL) {
        return text_copy(asked);
    }
    return folder_for_user("/var/lib/vrbench/image", "XDG_DATA_HOME", ".local/share",
                           "vrbench/image");
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? NULL : text_copy(text);
}

static void read_daemons(const json_t *described, struct image *image)
{
    for (enum routing_daemon daemon = DAEMON_FRR; daemon < IMAGE_DAEMONS; daemon++) {
        const char *name = routing_daemon_name(daemon);
        const json_t *of = json_object_get(described, name);
        struct image_daemon *found = &image->daemons[daemon];
        _cleanup_free_ char *archive = text_format("%s/%s.cpio", image->folder, name);
        if (of == NULL || access(archive, R_OK) < 0) {
            continue;
        }
        found->archive = steal_pointer(&archive);
        found->package = text_of(of, "package");
        found->version = text_of(of, "version");
    }
}

static int read_description(const char *text, struct image *image)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_int_t format = json_integer_value(json_object_get(root, "format"));
    image->kernel_package = text_of(json_object_get(root, "kernel"), "package");
    image->kernel_version = text_of(json_object_get(root, "kernel"), "version");
    image->busybox_version = text_of(json_object_get(root, "busybox"), "version");
    read_daemons(json_object_get(root, "daemons"), image);
    char mark[17];
    image_guest_mark(mark);
    bool ours = format == IMAGE_FORMAT &&
                text_equal(json_string_value(json_object_get(root, "guest")), mark);
    json_decref(root);
    return ours && image->kernel_package != NULL && image->kernel_version != NULL &&
                   image->busybox_version != NULL
               ? 0
               : -EINVAL;
}

int image_find(const char *folder, struct image *ret, struct error *err)
{
    struct image found = {.folder = folder == NULL ? image_default_folder() : text_copy(folder)};
    found.kernel = text_format("%s/" IMAGE_KERNEL, found.folder);
    found.vmlinux = text_format("%s/" IMAGE_VMLINUX, found.folder);
    found.initrd = text_format("%s/" IMAGE_INITRD, found.folder);
    found.nics = text_format("%s/" IMAGE_NICS, found.folder);
    _cleanup_free_ char *path = text_format("%s/" IMAGE_DESCRIPTION, found.folder);
    _cleanup_free_ char *text = NULL;
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = file_read(path, DESCRIPTION_MAX, &text, NULL, &why);
    if (rc == -ENOENT || rc == -ENOTDIR) {
        rc = fail_lacking(err, "there is no router image in %s; build one: vrbench image build",
                          found.folder);
    } else if (rc < 0) {
        error_move(err, &why);
    } else if (read_description(text, &found) < 0 || access(found.kernel, R_OK) < 0 ||
               access(found.vmlinux, R_OK) < 0 || access(found.initrd, R_OK) < 0) {
        rc = fail_lacking(err,
                          "the router image in %s was built by another version of vrbench; rebuild "
                          "it: vrbench image build",
                          found.folder);
    }
    if (rc < 0) {
        image_clear(&found);
        return rc;
    }
    *ret = found;
    return 0;
}

int image_check_daemon(const struct image *image, enum routing_daemon daemon, struct error *err)
{
    if (daemon == DAEMON_NONE || image->daemons[daemon].archive != NULL) {
        return 0;
    }
    _cleanup_free_ char *with = text_copy("");
    for (enum routing_daemon other = DAEMON_FRR; other < IMAGE_DAEMONS; other++) {
        if (other == daemon ||
            image->daemons[other].archive !=
                NULL) { // the suggested command keeps the daemons that the image already has
            text_append(&with, ",", "%s", routing_daemon_name(other));
        }
    }
    return fail_lacking(err,
                        "the router image in %s has no %s; build one with it: vrbench image "
                        "build --with %s",
                        image->folder, routing_daemon_name(daemon), with);
}

int image_check_device(const struct image *image, const char *modalias, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/" IMAGE_NICS_TABLE, image->folder);
    _cleanup_free_ char *table = NULL;
    int rc = file_read(path, TABLE_MAX, &table, NULL, err);
    if (rc < 0 || kernel_has_driver(table, modalias)) {
        return rc;
    }
    return fail_lacking(
        err,
        "the kernel of the router image in %s (%s) has no driver for it; build an image with "
        "the drivers of most NICs: vrbench image build --kernel linux-image-amd64",
        image->folder, image->kernel_package);
}

void image_clear(struct image *image)
{
    free(image->folder);
    free(image->kernel);
    free(image->vmlinux);
    free(image->initrd);
    free(image->nics);
    free(image->kernel_package);
    free(image->kernel_version);
    free(image->busybox_version);
    for (size_t i = 0; i < IMAGE_DAEMONS; i++) {
        free(image->daemons[i].archive);
        free(image->daemons[i].package);
        free(image->daemons[i].version);
    }
    *image = (struct image){0};
}
