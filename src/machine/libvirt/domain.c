// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/domain — see domain.h.
#include "machine/libvirt/domain.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "machine/libvirt/domain_xml.h"

#define NAME_PREFIX    "vrbench-"
#define FORGET_WITHIN  (10U * NS_PER_S)
#define FORGET_STEP_NS (5U * NS_PER_MS)

char *libvirt_domain_name(const char *testbed, const char *router)
{
    return text_format(NAME_PREFIX "%s-%s", testbed, router);
}

void libvirt_domain_make_uuid(char ret[DOMAIN_UUID_SIZE])
{
    uint8_t b[16] = {0};
    (void)!getrandom(b, sizeof b, 0);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); // RFC 4122, version 4
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(ret, DOMAIN_UUID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

// ---- ending

static int destroy(virDomainPtr domain, const char *name, struct error *err)
{
    if (virDomainDestroy(domain) < 0) {
        int code = virGetLastErrorCode();
        // Already gone, or ending by itself.
        return code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_OPERATION_INVALID
                   ? 0
                   : fail_libvirt(err, "ending %s", name);
    }
    return 0;
}

struct end {
    const char *uuid, *name;
};

static int end(virConnectPtr handle, void *data, struct error *err)
{
    const struct end *wanted = data;
    uint64_t until_ns = clock_monotonic_ns() + FORGET_WITHIN;
    bool destroyed = false;
    for (;;) {
        _cleanup_domain_ virDomainPtr domain = virDomainLookupByUUIDString(handle, wanted->uuid);
        if (domain == NULL) {
            return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN
                       ? 0
                       : fail_libvirt(err, "ending %s", wanted->name);
        }
        int rc = destroyed ? 0 : destroy(domain, wanted->name, err);
        if (rc < 0) {
            return rc;
        }
        destroyed = true;
        if (clock_monotonic_ns() > until_ns) {
            return fail(err, ETIMEDOUT, "%s has not ended", wanted->name);
        }
        clock_sleep(FORGET_STEP_NS);
    }
}

int libvirt_domain_end(struct connection *connection, const char *uuid, const char *name,
                       struct error *err)
{
    struct end wanted = {uuid, name};
    return connection_call(connection, end, &wanted, err);
}

// ---- starting

struct start {
    const char *uuid, *name, *xml;
    unsigned flags;
    int id;
};

// A machine of vrbench with the same name was made for the same router by a process that died
// before it wrote the UUID to the testbed's record.
static int end_unrecorded(virConnectPtr handle, const struct start *wanted, struct error *err)
{
    _cleanup_domain_ virDomainPtr there = virDomainLookupByName(handle, wanted->name);
    char uuid[VIR_UUID_STRING_BUFLEN];
    if (there == NULL || virDomainGetUUIDString(there, uuid) < 0) {
        return 0;
    }
    _cleanup_free_ char *xml = virDomainGetXMLDesc(there, 0);
    _cleanup_free_ char *testbed = NULL;
    struct end unrecorded = {uuid, wanted->name};
    return xml != NULL && domain_xml_testbed(xml, &testbed) == 1 ? end(handle, &unrecorded, err)
                                                                 : 0;
}

static int start(virConnectPtr handle, void *data, struct error *err)
{
    struct start *wanted = data;
    // On the second try, after a broken connection, the first may have succeeded.
    _cleanup_domain_ virDomainPtr there = virDomainLookupByUUIDString(handle, wanted->uuid);
    if (there == NULL) {
        int rc = end_unrecorded(handle, wanted, err);
        if (rc < 0) {
            return rc;
        }
        there = virDomainCreateXML(handle, wanted->xml, wanted->flags);
    }
    if (there == NULL) {
        return fail_libvirt(err, "starting %s", wanted->name);
    }
    wanted->id = (int)virDomainGetID(there);
    return 0;
}

int libvirt_domain_start(struct connection *connection, const char *uuid, const char *name,
                         const char *xml, unsigned flags, int *ret_id, struct error *err)
{
    struct start wanted = {.uuid = uuid, .name = name, .xml = xml, .flags = flags};
    int rc = connection_call(connection, start, &wanted, err);
    if (rc == 0 && ret_id != NULL) {
        *ret_id = wanted.id;
    }
    return rc;
}

// ---- after a dead run

// Ends a domain if it belongs to that testbed by its name and metadata.
static int end_if_ours(virDomainPtr domain, const char *testbed, struct error *err)
{
    _cleanup_free_ char *prefix = text_format(NAME_PREFIX "%s-", testbed);
    _cleanup_free_ char *owner = NULL;
    const char *name = virDomainGetName(domain);
    if (name == NULL || !text_starts(name, prefix)) {
        return 0;
    }
    char *xml = virDomainGetXMLDesc(domain, 0);
    int ours = xml == NULL ? 0 : domain_xml_testbed(xml, &owner);
    free(xml);
    return ours == 1 && text_equal(owner, testbed) ? destroy(domain, name, err) : 0;
}

static int end_all(virConnectPtr handle, void *data, struct error *err)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(handle, &domains, 0);
    int rc = count < 0 ? fail_libvirt(err, "listing machines") : 0;
    for (int i = 0; i < count; i++) {
        int ended = end_if_ours(domains[i], data, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : ended;
        (void)virDomainFree(domains[i]);
    }
    free(domains);
    return rc;
}

int libvirt_domain_end_all(struct connection *connection, const char *testbed, struct error *err)
{
    return connection_call(connection, end_all, (void *)testbed, err);
}
