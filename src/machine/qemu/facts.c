// SPDX-License-Identifier: GPL-3.0-or-later
// machine/qemu/facts — what results say of machines: hypervisor, emulated or not, and what they
// run. Called through the table of libvirt.c.
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/image.h"
#include "machine/qemu/machine.h"
#include "machine/qemu/own.h"

int machine_facts(struct platform *platform, const struct router *router,
                  struct platform_facts *facts, struct error *err)
{
    struct libvirt_platform *libvirt = (struct libvirt_platform *)platform;
    struct connection *connection = NULL;
    char *hypervisor = NULL;
    int rc = machine_connection(libvirt, &connection, err);
    if (rc == 0) {
        rc = connection_hypervisor(connection, &hypervisor, err);
    }
    if (rc < 0) {
        return rc;
    }
    free(facts->hypervisor);
    facts->hypervisor = hypervisor;
    if (router == NULL) {
        return 0;
    }
    facts->emulation_known = true;
    facts->emulated = strcmp(router->type, "kvm") != 0;
    _cleanup_image_ struct image image = {0};
    if (router->own != NULL) {
        const char *path = own_image(router->own);
        const char *slash = strrchr(path, '/');
        free(facts->guest);
        facts->guest = text_copy(slash == NULL ? path : slash + 1);
    } else if (image_find(NULL, &image, NULL) == 0) {
        free(facts->guest);
        facts->guest = text_format("%s %s", image.kernel_package, image.kernel_version);
    }
    return 0;
}
