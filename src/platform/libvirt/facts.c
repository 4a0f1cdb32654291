// SPDX-License-Identifier: GPL-3.0-or-later
// platform/libvirt/facts — what results say of machines: hypervisor, emulated or not, and what they
// run. Called through the table of libvirt.c.
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/image.h"
#include "platform/libvirt/machine.h"

struct version {
    const char *driver; // static, libvirt's
    unsigned long number;
};

// libvirt's numbers are 1,000,000 major + 1,000 minor + release.
static int ask_version(virConnectPtr handle, void *data, struct error *err)
{
    struct version *version = data;
    version->driver = virConnectGetType(handle);
    if (version->driver == NULL || virConnectGetVersion(handle, &version->number) < 0) {
        return fail_libvirt(err, "asking for the hypervisor's version");
    }
    return 0;
}

int machine_facts(struct platform *platform, const struct router *router,
                  struct platform_facts *facts, struct error *err)
{
    struct libvirt_platform *libvirt = (struct libvirt_platform *)platform;
    struct connection *connection = NULL;
    struct version version = {NULL, 0};
    int rc = machine_connection(libvirt, &connection, err);
    if (rc == 0) {
        rc = connection_call(connection, ask_version, &version, err);
    }
    if (rc < 0) {
        return rc;
    }
    free(facts->hypervisor);
    facts->hypervisor =
        version.number == 0
            ? text_copy(version.driver)
            : text_format("%s %lu.%lu.%lu", version.driver, version.number / 1000000,
                          version.number / 1000 % 1000, version.number % 1000);
    if (router == NULL) {
        return 0;
    }
    facts->emulation_known = true;
    facts->emulated = strcmp(router->type, "kvm") != 0;
    _cleanup_image_ struct image image = {0};
    if (image_find(NULL, &image, NULL) == 0) {
        free(facts->guest);
        facts->guest = text_format("%s %s", image.kernel_package, image.kernel_version);
    }
    return 0;
}
