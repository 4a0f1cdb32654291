// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/taps — the host's ends of a machine's interfaces: made where QEMU opens them, then
 * moved to the testbed's host. See domain.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/tap.h"
#include "machine/qemu/domain.h"

// Taps are made in the caller's namespace, so their first names identify the owner: "t41.0.", and
// "ID.NIC".
char *qemu_tap_prefix(const char *testbed)
{
    char *end = NULL;
    unsigned long process = strtoul(testbed, &end, 10);
    unsigned long number = *end == '-' ? strtoul(end + 1, NULL, 10) : 0;
    return text_format("t%lx.%lx.", process, number);
}

char *qemu_tap_name(const struct router_spec *spec, size_t nic)
{
    _cleanup_free_ char *prefix = qemu_tap_prefix(spec->testbed);
    return text_format("%s%x.%zx", prefix, spec->id, nic);
}

void qemu_stacked_name(const struct router_spec *spec, size_t nic, char ret[24])
{
    snprintf(ret, 24, "tap%u.%u", spec->id, (unsigned)nic);
}

static int make_tap(const struct router_spec *spec, size_t number, const char *name,
                    struct error *err)
{
    const struct router_nic *nic = &spec->nics[number];
    struct link_info info;
    if (strlen(name) > LINK_NAME_MAX) {
        return fail(err, ENAMETOOLONG, "a tap's name, %s", name);
    }
    if (nic->bridge == 0) {
        int rc = link_find(spec->host, nic->host_name, &info, err);
        if (rc == 0) {
            rc = link_set_up(spec->host, info.index, true, err);
        }
        return rc == 0 ? tap_make_on(spec->host, info.index, spec->home, name, err) : rc;
    }
    int rc = tap_make(spec->home, name, err);
    if (rc == 0 && nic->mtu != 1500) {
        rc = link_find(spec->home, name, &info, err);
        if (rc == 0) {
            rc = link_set_mtu(spec->home, info.index, nic->mtu, err);
        }
    }
    return rc;
}

// Moves a tap from where QEMU opened it to its place.
static int place_tap(const struct router_spec *spec, size_t number, const char *name,
                     struct error *err)
{
    struct router_nic *nic = &spec->nics[number];
    char stacked[24];
    struct link_info info;
    qemu_stacked_name(spec, number, stacked);
    const char *called = nic->bridge != 0 ? nic->vif : stacked;
    int rc = link_find(spec->home, name, &info, err);
    if (rc == 0) {
        rc = link_move(spec->home, info.index, spec->host, called, err);
    }
    if (rc == 0) {
        rc = link_find(spec->host, called, &info, err);
    }
    if (rc == 0 && nic->bridge != 0) {
        nic->vif_index = info.index;
        rc = link_set_master(spec->host, info.index, nic->bridge, err);
    }
    if (rc == 0) {
        rc = link_set_up(spec->host, info.index, true, err);
    }
    if (rc == 0 && nic->bridge != 0) {
        rc = link_add_fdb(spec->host, info.index, nic->mac, err);
    }
    return rc;
}

static int each_tap(const struct router_spec *spec,
                    int (*work)(const struct router_spec *, size_t, const char *, struct error *),
                    struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        if (spec->nics[i].pci != NULL) {
            continue;
        }
        _cleanup_free_ char *name = qemu_tap_name(spec, i);
        rc = work(spec, i, name, err);
        if (rc < 0) {
            error_context(err, "%s", spec->nics[i].name);
        }
    }
    return rc;
}

int qemu_make_taps(const struct router_spec *spec, struct error *err)
{
    return each_tap(spec, make_tap, err);
}

int qemu_place_taps(const struct router_spec *spec, struct error *err)
{
    return each_tap(spec, place_tap, err);
}

// Removes what is left of a machine's interfaces on the host after its end.
int qemu_remove_taps(const struct router_spec *spec, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        char stacked[24];
        struct link_info info;
        qemu_stacked_name(spec, i, stacked);
        if (link_find(spec->host, nic->bridge != 0 ? nic->vif : stacked, &info, NULL) == 0) {
            rc = link_delete(spec->host, info.index, err);
        }
        if (rc == 0 && nic->bridge == 0 &&
            link_find(spec->host, nic->host_name, &info, NULL) == 0) {
            rc = link_set_up(spec->host, info.index, false, err);
        }
    }
    return rc;
}
