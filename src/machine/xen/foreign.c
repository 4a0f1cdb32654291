// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/foreign — all domains of the Xen whose Domain-0 this system is, Domain-0 included:
 * the table of functions for machine/foreign.h, by libxl and libxenstat like xl and xentop.
 *
 * Only a domain that is named is changed, and of Domain-0 only weight and cap. After a reboot, a
 * domain made by xl is recreated by the xl process that stayed for that.
 */
#include <errno.h>
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/xen/foreign_parts.h"
#include "machine/xen/scheduler.h"
#include "machine/xen/usage.h"

struct xen_foreign {
    struct foreign base;
    struct xen_connection *xen;
    struct xen_stat *stat;
};

static struct xen_foreign *own(struct foreign *foreign)
{
    return (struct xen_foreign *)foreign;
}

struct xen_connection *foreign_xen_connection(struct foreign *foreign)
{
    return own(foreign)->xen;
}

// ---- opening

static void xen_foreign_close(struct foreign *foreign)
{
    struct xen_foreign *xen = own(foreign);
    xen_stat_close(xen->stat);
    xen_close(xen->xen);
    free(xen);
}

static int xen_foreign_open(const char *uri, bool change, struct foreign **ret, struct error *err)
{
    (void)uri, (void)change; // libxl has no read-only handle
    struct xen_foreign *foreign = memory_new_array(struct xen_foreign, 1);
    foreign->base.ops = &foreign_xen;
    int rc = xen_open(&foreign->xen, err);
    if (rc == 0) {
        rc = xen_stat_open(foreign->xen, &foreign->stat, err);
    }
    if (rc < 0) {
        xen_foreign_close(&foreign->base);
        return rc;
    }
    *ret = &foreign->base;
    return 0;
}

// ---- looking up

static bool is_number(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

static bool by_uuid(libxl_ctx *handle, const char *called, uint32_t *ret)
{
    libxl_uuid uuid;
    int count = 0;
    bool found = false;
    if (strlen(called) != LIBXL_UUID_FMTLEN || libxl_uuid_from_string(&uuid, called) != 0) {
        return false;
    }
    libxl_dominfo *domains = libxl_list_domain(handle, &count);
    for (int i = 0; domains != NULL && !found && i < count; i++) {
        found = libxl_uuid_compare(&domains[i].uuid, &uuid) == 0;
        *ret = found ? domains[i].domid : *ret;
    }
    if (domains != NULL) {
        libxl_dominfo_list_free(domains, count);
    }
    return found;
}

int foreign_xen_lookup(struct xen_connection *xen, const char *called, uint32_t *ret,
                       struct error *err)
{
    libxl_ctx *handle = xen_handle(xen);
    uint32_t domain = 0;
    bool found =
        libxl_name_to_domid(handle, called, &domain) == 0 || by_uuid(handle, called, &domain);
    if (!found && is_number(called)) {
        domain = (uint32_t)strtoul(called, NULL, 10);
        found = libxl_domain_info(handle, NULL, domain) == 0;
    }
    xen_quiet(xen);
    if (!found) {
        return fail_input(err, "no machine is called \"%s\" there", called);
    }
    *ret = domain;
    return 0;
}

// ---- reading

// Reads the allocation of each domain; ended ones are left out.
static int read_allocations(struct xen_foreign *foreign, struct foreign_list *list,
                            struct error *err)
{
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct foreign_machine *machine = &list->items[i];
        int got =
            rc < 0 ? 0 : xen_scheduler_get(foreign->xen, machine->id, &machine->allocation, err);
        if (got == -ESRCH) {
            error_clear(err);
            foreign_machine_clear(machine);
            continue;
        }
        rc = got < 0 ? got : rc;
        list->items[kept++] = *machine;
    }
    list->count = kept;
    return rc;
}

static int xen_foreign_list(struct foreign *foreign, unsigned what, struct foreign_list *ret,
                            struct error *err)
{
    struct foreign_list list = {0};
    int rc = xen_stat_list(own(foreign)->stat, what, &list, err);
    if (rc == 0 && (what & FOREIGN_ALLOCATION) != 0) {
        rc = read_allocations(own(foreign), &list, err);
    }
    if (rc < 0) {
        error_context(err, "xen");
        foreign_list_clear(&list);
        return rc;
    }
    *ret = list;
    return 0;
}

// All are read in one call anyway; the others are dropped.
static int xen_foreign_one(struct foreign *foreign, const char *called, unsigned what,
                           struct foreign_list *ret, struct error *err)
{
    struct foreign_list list = {0};
    uint32_t domain = 0;
    size_t kept = 0;
    int rc = foreign_xen_lookup(own(foreign)->xen, called, &domain, err);
    if (rc == 0) {
        rc = xen_foreign_list(foreign, what, &list, err);
    }
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].id == domain) {
            list.items[kept++] = list.items[i];
        } else {
            foreign_machine_clear(&list.items[i]);
        }
    }
    list.count = kept;
    if (rc < 0) {
        return rc;
    }
    if (kept == 0) {
        foreign_list_clear(&list);
        return fail_input(err, "machine \"%s\" has just gone", called);
    }
    *ret = list;
    return 0;
}

// ---- changing

static int xen_foreign_ration(struct foreign *foreign, const char *called, unsigned weight,
                              const unsigned *cap, struct error *err)
{
    uint32_t domain = 0;
    int rc = foreign_xen_lookup(own(foreign)->xen, called, &domain, err);
    if (rc == 0) {
        rc = xen_scheduler_set(own(foreign)->xen, domain, weight, cap, err);
        if (rc < 0) {
            error_context(err, "%s", called);
        }
    }
    return rc;
}

struct deed {
    struct xen_connection *xen;
    uint32_t domain;
    const char *called;
};

static int destroy(libxl_ctx *handle, void *data, struct error *err)
{
    const struct deed *deed = data;
    int code = libxl_domain_destroy(handle, deed->domain, NULL);
    return code == 0 ? 0 : fail_xen(deed->xen, err, code, "destroying %s", deed->called);
}

static int reboot(libxl_ctx *handle, void *data, struct error *err)
{
    const struct deed *deed = data;
    int code = libxl_domain_reboot(handle, deed->domain, NULL);
    return code == 0 ? 0 : fail_xen(deed->xen, err, code, "rebooting %s", deed->called);
}

static int do_to(struct foreign *foreign, const char *called, xen_work work, struct error *err)
{
    struct deed deed = {.xen = own(foreign)->xen, .called = called};
    int rc = foreign_xen_lookup(deed.xen, called, &deed.domain, err);
    if (rc == 0 && deed.domain == XEN_HOST) {
        rc = fail_input(err, "%s is the host itself: that is never done to it", called);
    }
    return rc == 0 ? xen_act(deed.xen, work, &deed, err) : rc;
}

static int xen_foreign_destroy(struct foreign *foreign, const char *called, struct error *err)
{
    return do_to(foreign, called, destroy, err);
}

static int xen_foreign_reboot(struct foreign *foreign, const char *called, struct error *err)
{
    return do_to(foreign, called, reboot, err);
}

const struct foreign_ops foreign_xen = {
    .open = xen_foreign_open,
    .close = xen_foreign_close,
    .list = xen_foreign_list,
    .one = xen_foreign_one,
    .ration = xen_foreign_ration,
    .destroy = xen_foreign_destroy,
    .reboot = xen_foreign_reboot,
    .console = foreign_xen_console,
    .abilities = foreign_xen_abilities,
};
