// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/scheduler — see scheduler.h.
#include "machine/libvirt/scheduler.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "linux/quota.h"

#define V1_SHARES_PER_WEIGHT 4
#define V2_USUAL             100 // cpu.weight of a group for which none was set
#define WEIGHT_USUAL         256
#define WEIGHT_MAX           65535
#define V2_MAX               10000
#define QUOTA_BEYOND         17592186044415 // libvirt's value for "no limit"

// ---- units

enum shares_scale scheduler_scale(const struct connection *connection)
{
    struct cgroup_tree *tree = NULL;
    if (!connection_is_local(connection) || cgroup_tree_open(NULL, &tree, NULL) < 0) {
        return SHARES_UNKNOWN;
    }
    enum shares_scale scale = tree->version == 2 ? SHARES_V2 : SHARES_V1;
    cgroup_tree_close(tree);
    return scale;
}

uint64_t scheduler_shares(enum shares_scale scale, unsigned weight)
{
    if (scale == SHARES_V1) {
        return (uint64_t)weight * V1_SHARES_PER_WEIGHT;
    }
    uint64_t shares = ((uint64_t)weight * V2_USUAL + WEIGHT_USUAL / 2) / WEIGHT_USUAL;
    shares = shares == 0 ? 1 : shares;
    return shares > V2_MAX ? 0 : shares;
}

unsigned scheduler_weight(enum shares_scale scale, uint64_t shares)
{
    uint64_t weight = scale == SHARES_V1 ? shares / V1_SHARES_PER_WEIGHT
                                         : (shares * WEIGHT_USUAL + V2_USUAL / 2) / V2_USUAL;
    weight = weight == 0 ? 1 : weight;
    return (unsigned)(weight > WEIGHT_MAX ? WEIGHT_MAX : weight);
}

double scheduler_cap(int64_t quota_us, uint64_t period_us)
{
    if (quota_us <= 0 || quota_us >= QUOTA_BEYOND) {
        return 0.0;
    }
    return 100.0 * (double)quota_us / (double)(period_us == 0 ? QUOTA_LONG_PERIOD_US : period_us);
}

// ---- libvirt's lists of typed values

struct parameters {
    virTypedParameterPtr items;
    int count;
};

static void clear_parameters(struct parameters *parameters)
{
    virTypedParamsFree(parameters->items, parameters->count);
}
#define _cleanup_parameters_ __attribute__((cleanup(clear_parameters)))

static bool find(const struct parameters *parameters, const char *name, int64_t *ret)
{
    for (int i = 0; i < parameters->count; i++) {
        const virTypedParameter *item = &parameters->items[i];
        if (strcmp(item->field, name) != 0) {
            continue;
        }
        switch (item->type) {
        case VIR_TYPED_PARAM_INT:
            *ret = item->value.i;
            return true;
        case VIR_TYPED_PARAM_UINT:
            *ret = item->value.ui;
            return true;
        case VIR_TYPED_PARAM_LLONG:
            *ret = item->value.l;
            return true;
        case VIR_TYPED_PARAM_ULLONG:
            *ret = item->value.ul > INT64_MAX ? INT64_MAX : (int64_t)item->value.ul;
            return true;
        default:
            return false;
        }
    }
    return false;
}

// Reads all parameters of the machine's scheduler. -ENOTSUP without an error text if the driver or
// the machine has none; `ret_why` gets libvirt's last error then.
static int read_parameters(virDomainPtr domain, struct parameters *ret, char **ret_why)
{
    int count = 0;
    char *type = virDomainGetSchedulerType(domain, &count);
    if (type == NULL || count <= 0) {
        *ret_why =
            text_copy(type == NULL ? virGetLastErrorMessage() : "the scheduler has no parameters");
        free(type);
        return -ENOTSUP;
    }
    free(type);
    virTypedParameterPtr items = memory_new_array(virTypedParameter, (size_t)count);
    // Drivers without support for flags support the older call.
    int room = count;
    if (virDomainGetSchedulerParametersFlags(domain, items, &count, VIR_DOMAIN_AFFECT_CURRENT) <
        0) {
        count = room;
        if (virDomainGetSchedulerParameters(domain, items, &count) < 0) {
            *ret_why = text_copy(virGetLastErrorMessage());
            free(items);
            return -ENOTSUP;
        }
    }
    *ret = (struct parameters){items, count};
    return 0;
}

// ---- the meaning of the parameters

static void read_weight(const struct parameters *parameters, enum shares_scale scale,
                        struct foreign_allocation *ret)
{
    int64_t value = 0;
    if (find(parameters, VIR_DOMAIN_SCHEDULER_WEIGHT, &value)) {
        ret->weight_by = VIR_DOMAIN_SCHEDULER_WEIGHT;
        ret->has_weight = value > 0 && value <= WEIGHT_MAX;
        ret->weight = ret->has_weight ? (unsigned)value : 0;
        return;
    }
    if (!find(parameters, VIR_DOMAIN_SCHEDULER_CPU_SHARES, &value)) {
        return;
    }
    ret->weight_by = VIR_DOMAIN_SCHEDULER_CPU_SHARES;
    if (scale == SHARES_UNKNOWN && value > V2_MAX) {
        scale = SHARES_V1;
    }
    if (scale == SHARES_UNKNOWN) {
        ret->why =
            text_format("cpu_shares %lld, of unknown scale: a remote libvirt does not report it",
                        (long long)value);
        return;
    }
    // Reads 0 for a stopped machine without a setting.
    ret->has_weight = true;
    ret->weight = value <= 0 ? WEIGHT_USUAL : scheduler_weight(scale, (uint64_t)value);
}

static void read_cap(const struct parameters *parameters, struct foreign_allocation *ret)
{
    int64_t value = 0;
    int64_t period = 0;
    if (find(parameters, VIR_DOMAIN_SCHEDULER_CAP, &value)) {
        ret->cap_by = VIR_DOMAIN_SCHEDULER_CAP;
        ret->cap = (double)value;
    } else if (find(parameters, VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA, &value)) {
        (void)find(parameters, VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD, &period);
        ret->cap_by = VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA;
        ret->cap = scheduler_cap(value, (uint64_t)period);
    } else if (find(parameters, VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, &value) &&
               !find(parameters, VIR_DOMAIN_SCHEDULER_EMULATOR_QUOTA, &period)) {
        (void)find(parameters, VIR_DOMAIN_SCHEDULER_VCPU_PERIOD, &period);
        ret->cap_by = VIR_DOMAIN_SCHEDULER_VCPU_QUOTA;
        ret->cap = scheduler_cap(value, (uint64_t)period);
    }
    ret->has_cap = ret->cap_by != NULL;
}

int scheduler_get(virDomainPtr domain, enum shares_scale scale, struct foreign_allocation *ret,
                  struct error *err)
{
    _cleanup_parameters_ struct parameters parameters = {0};
    struct foreign_allocation allocation = {0};
    _cleanup_free_ char *why = NULL;
    if (read_parameters(domain, &parameters, &why) < 0) {
        if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
            return fail_libvirt(err, "weight and cap");
        }
        allocation.why = steal_pointer(&why);
        *ret = allocation;
        return 0;
    }
    read_weight(&parameters, scale, &allocation);
    read_cap(&parameters, &allocation);
    if (allocation.why == NULL && (allocation.weight_by == NULL || allocation.cap_by == NULL)) {
        allocation.why =
            text_format("the driver has no %s", allocation.weight_by != NULL ? "cap"
                                                : allocation.cap_by != NULL  ? "weight"
                                                                             : "weight and no cap");
    }
    *ret = allocation;
    return 0;
}

// ---- setting

static int write_parameters(virDomainPtr domain, const struct parameters *parameters)
{
    if (virDomainSetSchedulerParametersFlags(domain, parameters->items, parameters->count,
                                             VIR_DOMAIN_AFFECT_CURRENT) == 0) {
        return 0;
    }
    return virGetLastErrorCode() == VIR_ERR_NO_SUPPORT
               ? virDomainSetSchedulerParameters(domain, parameters->items, parameters->count)
               : -1;
}

static int write_shares(virDomainPtr domain, uint64_t shares)
{
    _cleanup_parameters_ struct parameters values = {0};
    int room = 0;
    return virTypedParamsAddULLong(&values.items, &values.count, &room,
                                   VIR_DOMAIN_SCHEDULER_CPU_SHARES, shares) < 0
               ? -1
               : write_parameters(domain, &values);
}

static int set_weight(virDomainPtr domain, enum shares_scale *scale, const char *by,
                      unsigned weight, struct error *err)
{
    if (strcmp(by, VIR_DOMAIN_SCHEDULER_WEIGHT) == 0) {
        _cleanup_parameters_ struct parameters values = {0};
        int room = 0;
        return virTypedParamsAddUInt(&values.items, &values.count, &room, by, weight) < 0 ||
                       write_parameters(domain, &values) < 0
                   ? fail_libvirt(err, "weight %u", weight)
                   : 0;
    }
    if (*scale == SHARES_UNKNOWN) {
        // Above version 2's maximum; the requested value follows at once.
        *scale = write_shares(domain, V2_MAX + 1) == 0 ? SHARES_V1 : SHARES_V2;
    }
    uint64_t shares = scheduler_shares(*scale, weight);
    if (shares == 0) {
        return fail_input(err,
                          "weight %u is more than control groups of version 2 have for a "
                          "machine: %u at most",
                          weight, scheduler_weight(SHARES_V2, V2_MAX));
    }
    return write_shares(domain, shares) < 0 ? fail_libvirt(err, "weight %u", weight) : 0;
}

static int set_cap(virDomainPtr domain, const char *by, unsigned cap, struct error *err)
{
    _cleanup_parameters_ struct parameters values = {0};
    int room = 0;
    int rc = 0;
    if (strcmp(by, VIR_DOMAIN_SCHEDULER_CAP) == 0) {
        rc = virTypedParamsAddUInt(&values.items, &values.count, &room, by, cap);
    } else {
        bool global = strcmp(by, VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA) == 0;
        unsigned period_us = quota_machine_period_us(cap);
        long long quota = cap == 0 ? -1 : (long long)(cap * (period_us / 100));
        rc = virTypedParamsAddULLong(&values.items, &values.count, &room,
                                     global ? VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD
                                            : VIR_DOMAIN_SCHEDULER_VCPU_PERIOD,
                                     period_us);
        if (rc == 0) {
            rc = virTypedParamsAddLLong(&values.items, &values.count, &room, by, quota);
        }
    }
    return rc < 0 || write_parameters(domain, &values) < 0 ? fail_libvirt(err, "cap %u", cap) : 0;
}

// Whether the value read back is the one set. In version 2 several weights share one value.
static int check(const struct foreign_allocation *now, enum shares_scale scale, unsigned weight,
                 const unsigned *cap, struct error *err)
{
    bool shares = weight != 0 && now->weight_by != NULL &&
                  strcmp(now->weight_by, VIR_DOMAIN_SCHEDULER_CPU_SHARES) == 0;
    unsigned wanted = shares ? scheduler_weight(scale, scheduler_shares(scale, weight)) : weight;
    if (weight != 0 && (!now->has_weight || now->weight != wanted)) {
        return fail_lacking(err,
                            "libvirt takes weight %u and then reads %u: this driver keeps none",
                            weight, now->weight);
    }
    if (cap != NULL && (!now->has_cap || fabs(now->cap - *cap) > 1e-6)) {
        return fail_lacking(err, "libvirt takes cap %u and then reads %g: this driver keeps none",
                            *cap, now->cap);
    }
    return 0;
}

static int refuse(const char *what, const struct foreign_allocation *now, struct error *err)
{
    return fail_lacking(err, "this driver can't give a machine a %s: %s", what,
                        now->why == NULL ? "it has no such parameter" : now->why);
}

int scheduler_set(virDomainPtr domain, enum shares_scale *scale, unsigned weight,
                  const unsigned *cap, struct error *err)
{
    struct foreign_allocation now = {0};
    int rc = scheduler_get(domain, *scale, &now, err);
    if (rc == 0 && weight != 0 && now.weight_by == NULL) {
        rc = refuse("weight", &now, err);
    }
    if (rc == 0 && cap != NULL && now.cap_by == NULL) {
        rc = refuse("cap", &now, err);
    }
    if (rc == 0 && weight != 0 && now.weight_by != NULL) {
        rc = set_weight(domain, scale, now.weight_by, weight, err);
    }
    if (rc == 0 && cap != NULL && now.cap_by != NULL) {
        rc = set_cap(domain, now.cap_by, *cap, err);
    }
    foreign_allocation_clear(&now);
    if (rc == 0) {
        rc = scheduler_get(domain, *scale, &now, err);
    }
    if (rc == 0) {
        rc = check(&now, *scale, weight, cap, err);
    }
    foreign_allocation_clear(&now);
    return rc;
}
