// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/domain_boot — kernel and disks of a domain. See domain.h.
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/image.h"
#include "machine/xen/domain.h"

#define CONSOLE "hvc0" // console of domains of any type

static bool is_same(const char *path, const char *other)
{
    char whole[PATH_MAX];
    char another[PATH_MAX];
    return path != NULL && other != NULL && realpath(path, whole) != NULL &&
           realpath(other, another) != NULL && strcmp(whole, another) == 0;
}

bool domain_has_own_system(const struct router_spec *spec)
{
    const struct xm_config *xm = xm_of(spec);
    if (xm == NULL || (xm->kernel == NULL && xm->disk_count == 0)) {
        return false;
    }
    _cleanup_image_ struct image image = {0};
    if (xm->disk_count > 0 || image_find(NULL, &image, NULL) < 0) {
        return true;
    }
    bool kernel = is_same(xm->kernel, image.kernel) || is_same(xm->kernel, image.vmlinux);
    return !kernel || (xm->ramdisk != NULL && !is_same(xm->ramdisk, image.initrd));
}

// Checks that the path named by the domain's file exists.
static int check_file(const struct xm_config *xm, const char *key, const char *path,
                      struct xm_place place, struct error *err)
{
    if (path == NULL || access(path, R_OK) == 0) {
        return 0;
    }
    _cleanup_free_ char *what = text_format("%s: %s: %s", key, path, strerror(errno));
    if (xm->path == NULL) {
        return fail_input(err, "%s", what);
    }
    _cleanup_free_ char *lines =
        text_format("%s:%u:%u: %s", xm->path, place.line, place.column, what);
    return fail_located(err, lines);
}

int domain_boot_check(const struct router_spec *spec, struct error *err)
{
    const struct xm_config *xm = xm_of(spec);
    if (!domain_has_own_system(spec)) {
        _cleanup_image_ struct image image = {0};
        int rc = image_find(NULL, &image, err);
        return rc == 0 ? image_check_daemon(&image, spec->daemon, err) : rc;
    }
    int rc = check_file(xm, "kernel", xm->kernel, xm->kernel_at, err);
    rc = rc == 0 ? check_file(xm, "ramdisk", xm->ramdisk, xm->ramdisk_at, err) : rc;
    for (size_t i = 0; rc == 0 && i < xm->disk_count; i++) {
        rc = check_file(xm, "disk", xm->disks[i].target, xm->disks[i].place, err);
    }
    if (rc == 0 && xm->kernel == NULL && xm->type != XM_HVM) {
        rc = fail_input(err, "a domain that isn't hvm boots a kernel: its file names none");
    }
    return rc;
}

int domain_boot_make(struct xen_machine *router, const struct router_spec *spec,
                     struct domain_boot *ret, struct error *err)
{
    if (router->guest.system != NULL) {
        int rc = domain_boot_check(spec, err);
        if (rc == 0) {
            *ret = (struct domain_boot){
                .kernel = xm_of(spec)->kernel == NULL ? NULL : text_copy(xm_of(spec)->kernel),
                .ramdisk = xm_of(spec)->ramdisk == NULL ? NULL : text_copy(xm_of(spec)->ramdisk),
                .cmdline = xm_config_cmdline(xm_of(spec))};
        }
        return rc;
    }
    struct tiny_boot boot = {0};
    const char *extra = xm_of(spec) == NULL || xm_of(spec)->extra == NULL ? "" : xm_of(spec)->extra;
    router->guest.initrd = text_format("%s.initrd", router->guest.files);
    int rc = tiny_guest_boot(spec, router->guest.initrd, CONSOLE, &boot, err);
    if (rc == 0) {
        *ret = (struct domain_boot){
            // The firmware of an emulated machine loads the compressed kernel.
            .kernel = steal_pointer(
                xm_of(spec) != NULL && xm_of(spec)->type == XM_HVM ? &boot.kernel : &boot.vmlinux),
            .ramdisk = steal_pointer(&boot.initrd),
            .cmdline = text_format("%s%s%s", boot.cmdline, *extra == '\0' ? "" : " ", extra)};
    }
    tiny_boot_clear(&boot);
    return rc;
}

void domain_boot_clear(struct domain_boot *boot)
{
    free(boot->kernel);
    free(boot->ramdisk);
    free(boot->cmdline);
    *boot = (struct domain_boot){0};
}
