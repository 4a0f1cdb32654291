// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/scheduler — see scheduler.h.
#include "machine/xen/scheduler.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

// Reads the domain's scheduler. A scheduler whose parameters libxl does not support is named, too.
static int read_params(struct xen_connection *xen, uint32_t domain, libxl_domain_sched_params *ret,
                       struct error *err)
{
    xen_quiet(xen);
    int code = libxl_domain_info(xen_handle(xen), NULL, domain);
    if (code != 0) {
        return fail_xen(xen, err, code, "domain %u", domain);
    }
    libxl_domain_sched_params_init(ret);
    code = libxl_domain_sched_params_get(xen_handle(xen), domain, ret);
    if (code != 0 && ret->sched != LIBXL_SCHEDULER_ARINC653) {
        return fail_xen(xen, err, code, "weight and cap of domain %u", domain);
    }
    xen_quiet(xen);
    return 0;
}

// A static name for every scheduler of libxl.
static const char *name_of(libxl_scheduler scheduler)
{
    const char *name = libxl_scheduler_to_string(scheduler);
    return name == NULL ? "unknown" : name;
}

// Returns "vCPU 0 has 4000 of every 10000 µs and what is left over; …".
static char *describe_rtds(struct xen_connection *xen, uint32_t domain)
{
    libxl_vcpu_sched_params params;
    char *text = text_copy("");
    libxl_vcpu_sched_params_init(&params);
    if (libxl_vcpu_sched_params_get_all(xen_handle(xen), domain, &params) == 0) {
        for (int i = 0; i < params.num_vcpus; i++) {
            const libxl_sched_params *vcpu = &params.vcpus[i];
            text_append(&text, "", "%s vCPU %d has %d of every %d µs%s", i == 0 ? ":" : ";",
                        vcpu->vcpuid, vcpu->budget, vcpu->period,
                        vcpu->extratime == 1 ? " and what is left over" : "");
        }
    }
    libxl_vcpu_sched_params_dispose(&params);
    xen_quiet(xen);
    return text;
}

static char *describe_other(struct xen_connection *xen, uint32_t domain, libxl_scheduler scheduler)
{
    if (scheduler == LIBXL_SCHEDULER_RTDS) {
        char *own = describe_rtds(xen, domain);
        char *text = text_format("Xen's scheduler rtds has no weight and no cap%s", own);
        free(own);
        return text;
    }
    return text_format("Xen's scheduler %s has no weight and no cap%s", name_of(scheduler),
                       scheduler == LIBXL_SCHEDULER_NULL ? ": each vCPU has a CPU to itself" : "");
}

int xen_scheduler_get(struct xen_connection *xen, uint32_t domain, struct foreign_allocation *ret,
                      struct error *err)
{
    libxl_domain_sched_params params = {0};
    int rc = read_params(xen, domain, &params, err);
    if (rc < 0) {
        return rc;
    }
    struct foreign_allocation allocation = {0};
    if (params.sched == LIBXL_SCHEDULER_CREDIT || params.sched == LIBXL_SCHEDULER_CREDIT2) {
        allocation.has_weight = params.weight > 0;
        allocation.weight = (unsigned)params.weight;
        allocation.has_cap = params.cap >= 0;
        allocation.cap = params.cap;
        allocation.weight_by = name_of(params.sched);
        allocation.cap_by = allocation.weight_by;
    } else {
        allocation.why = describe_other(xen, domain, params.sched);
    }
    libxl_domain_sched_params_dispose(&params);
    *ret = allocation;
    return 0;
}

int xen_scheduler_allocation(struct xen_connection *xen, uint32_t domain, unsigned *ret_weight,
                             unsigned *ret_cap, struct error *err)
{
    struct foreign_allocation now = {0};
    int rc = xen_scheduler_get(xen, domain, &now, err);
    if (rc == 0) {
        *ret_weight = now.has_weight ? now.weight : XEN_WEIGHT_USUAL;
        *ret_cap = now.has_cap ? (unsigned)(now.cap + 0.5) : 0;
    }
    foreign_allocation_clear(&now);
    return rc;
}

const char *xen_scheduler_name(struct xen_connection *xen, uint32_t domain)
{
    libxl_domain_sched_params params = {0};
    if (read_params(xen, domain, &params, NULL) < 0) {
        return NULL;
    }
    const char *name = name_of(params.sched);
    libxl_domain_sched_params_dispose(&params);
    return name;
}

// ---- setting

static int check_cap(struct xen_connection *xen, uint32_t domain, unsigned cap, struct error *err)
{
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    int code = libxl_domain_info(xen_handle(xen), &info, domain);
    unsigned vcpus = info.vcpu_max_id + 1;
    libxl_dominfo_dispose(&info);
    if (code != 0) {
        return fail_xen(xen, err, code, "domain %u", domain);
    }
    if (cap > vcpus * 100) {
        return fail_input(err, "cap %u is more than the domain's %u vCPU%s can use: at most %u",
                          cap, vcpus, vcpus == 1 ? "" : "s", vcpus * 100);
    }
    return 0;
}

static int write_params(struct xen_connection *xen, uint32_t domain, unsigned weight,
                        const unsigned *cap, struct error *err)
{
    libxl_domain_sched_params params;
    libxl_domain_sched_params_init(&params); // parameters that are left stay unchanged
    if (weight != 0) {
        params.weight = (int)weight;
    }
    if (cap != NULL) {
        params.cap = (int)*cap;
    }
    xen_quiet(xen);
    int code = libxl_domain_sched_params_set(xen_handle(xen), domain, &params);
    libxl_domain_sched_params_dispose(&params);
    return code == 0 ? 0 : fail_xen(xen, err, code, "weight and cap of domain %u", domain);
}

static int check_written(const struct foreign_allocation *now, unsigned weight, const unsigned *cap,
                         struct error *err)
{
    if (weight != 0 && now->weight != weight) {
        return fail(err, 0, "Xen took weight %u, and now reads %u", weight, now->weight);
    }
    if (cap != NULL && (unsigned)now->cap != *cap) {
        return fail(err, 0, "Xen took cap %u, and now reads %g", *cap, now->cap);
    }
    return 0;
}

int xen_scheduler_set(struct xen_connection *xen, uint32_t domain, unsigned weight,
                      const unsigned *cap, struct error *err)
{
    struct foreign_allocation now = {0};
    int rc = xen_scheduler_get(xen, domain, &now, err);
    if (rc == 0 && now.why != NULL) {
        bool usual = (weight == 0 || weight == XEN_WEIGHT_USUAL) && (cap == NULL || *cap == 0);
        rc = usual ? 0
                   : fail_lacking(err, "%s (the boot option sched=credit2 brings both)", now.why);
        foreign_allocation_clear(&now);
        return rc;
    }
    foreign_allocation_clear(&now);
    if (rc == 0 && cap != NULL) {
        rc = check_cap(xen, domain, *cap, err);
    }
    if (rc == 0) {
        rc = write_params(xen, domain, weight, cap, err);
    }
    if (rc == 0) {
        rc = xen_scheduler_get(xen, domain, &now, err);
    }
    if (rc == 0) {
        rc = check_written(&now, weight, cap, err);
    }
    foreign_allocation_clear(&now);
    return rc;
}
