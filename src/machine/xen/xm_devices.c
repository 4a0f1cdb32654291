// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_devices — the texts of vif and pci in a domain's file, see xm_parts.h. Called by
 * xm_values.c for every text of such a list.
 *
 * Keys and forms are those of xl-network-configuration(5) and xl-pci-configuration(5) of Xen 4.17,
 * of its xl_parse.c and of xm. A value that nothing uses is not judged.
 */
#include "machine/xen/xm_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

// ---- vif

// Six numbers of one or two hexadecimal digits, as xl reads them.
static bool read_mac(const char *text, uint8_t ret[6])
{
    static const uint8_t none[6] = {0};
    for (size_t i = 0; i < 6; i++) {
        int number = xm_hex_digit(*text);
        if (number < 0) {
            return false;
        }
        int low = xm_hex_digit(*++text);
        if (low >= 0) {
            number = number * 16 + low;
            text++;
        }
        ret[i] = (uint8_t)number;
        if (i < 5 ? *text != ':' && *text != '-' : *text != '\0') {
            return false;
        }
        text += i < 5 ? 1 : 0;
    }
    return (ret[0] & 1U) == 0 && memcmp(ret, none, sizeof none) != 0;
}

static void set_mac(const struct xm_reading *reading, const struct xm_value *text,
                    const struct xm_field *field, struct xm_vif *vif)
{
    if (!read_mac(field->value, vif->mac)) {
        xm_problem_at(reading, text, field->value_at,
                      "mac: expected the address of one interface, such as 00:16:3e:00:00:01");
        return;
    }
    for (size_t i = 0; i < reading->config->vif_count; i++) {
        const struct xm_vif *other = &reading->config->vifs[i];
        if (other->has_mac && memcmp(other->mac, vif->mac, sizeof vif->mac) == 0) {
            xm_problem_at(reading, text, field->value_at,
                          "mac: an interface before this one has the same address");
            return;
        }
    }
    vif->has_mac = true;
}

static void read_vif_field(const struct xm_reading *reading, const struct xm_value *text,
                           const struct xm_field *field, struct xm_vif *vif)
{
    static const char *const types[] = {
        "vif", "netfront", "ioemu", "paravirtualised", "paravirtualized", NULL};
    static const char *const unused[] = {"ip",         "netmask", "gatewaydev", "netdev", "backend",
                                         "rate",       "devid",   "accel",      "policy", "label",
                                         "id",         "trusted", "mtu",        "handle", "vlan",
                                         "forwarddev", NULL};
    const struct xm_place place = xm_place_within(text, field->at);
    char **name = text_equal(field->key, "bridge")    ? &vif->bridge
                  : text_equal(field->key, "vifname") ? &vif->vifname
                  : text_equal(field->key, "model")   ? &vif->model
                                                      : NULL;
    if (text_equal(field->key, "mac")) {
        set_mac(reading, text, field, vif);
    } else if (name != NULL) {
        *name = text_copy(field->value);
    } else if (text_equal(field->key, "type")) {
        if (!xm_is_one_of(field->value, types)) {
            xm_problem_at(reading, text, field->value_at, "type: expected vif or ioemu");
        }
    } else if (text_equal(field->key, "script")) {
        xm_note(reading, place,
                "script: not executed; vrbench joins interfaces to its bridges itself");
    } else if (xm_is_one_of(field->key, unused) || text_starts(field->key, "colo_")) {
        xm_note(reading, place, "%s: not used; vrbench gives interfaces what the scenario says",
                field->key);
    } else {
        xm_problem(reading->problems, place,
                   "an interface has no \"%.40s\"; expected mac, bridge, model, vifname or type",
                   field->key);
    }
}

void xm_read_vif(const struct xm_reading *reading, const struct xm_value *text)
{
    _cleanup_xm_fields_ struct xm_fields fields = {.count = 0};
    struct xm_config *config = reading->config;
    struct xm_vif vif = {.place = text->place};
    if (config->vif_count == XM_VIFS_MAX) {
        xm_problem(reading->problems, text->place, "vif: more than %d interfaces", XM_VIFS_MAX);
        return;
    }
    static const char *const flags[] = {"trusted", "untrusted", NULL};
    if (xm_fields_split(reading, text, NULL, &fields)) {
        for (size_t i = 0; i < fields.count; i++) {
            const struct xm_field *field = &fields.items[i];
            if (field->key != NULL) {
                if (xm_field_is_first(reading, text, &fields, i)) {
                    read_vif_field(reading, text, field, &vif);
                }
            } else if (*field->value != '\0' && !xm_is_one_of(field->value, flags)) {
                xm_problem_at(reading, text, field->at,
                              "expected parts such as mac=00:16:3e:00:00:01 or bridge=eth0");
            }
        }
    }
    config->vifs = memory_resize(config->vifs, config->vif_count + 1, sizeof vif);
    config->vifs[config->vif_count++] = vif;
}

// ---- pci

// At most `digits` digits of a number that is at most `max`.
static bool read_hex(const char **at, unsigned digits, unsigned max, unsigned *ret)
{
    unsigned number = 0;
    unsigned count = 0;
    while (count < digits && xm_hex_digit(**at) >= 0) {
        number = number * 16 + (unsigned)xm_hex_digit(*(*at)++);
        count++;
    }
    if (count == 0 || number > max) {
        return false;
    }
    *ret = number;
    return true;
}

// "0000:02:02.0", "02:02.0", "02:02.*" for all functions; "@SLOT" behind it is the guest's.
static bool read_pci_address(const char *text, struct xm_pci *pci)
{
    unsigned numbers[3];
    size_t count = 0;
    const char *colon = strchr(text, ':');
    bool with_domain = colon != NULL && strchr(colon + 1, ':') != NULL;
    const char *at = text;
    while (count < (with_domain ? 3U : 2U)) {
        bool domain = with_domain && count == 0;
        bool device = count == (with_domain ? 2U : 1U);
        if (!read_hex(&at, domain ? 4 : 2,
                      domain   ? 0xffff
                      : device ? 0x1f
                               : 0xff,
                      &numbers[count]) ||
            *at != (device ? '.' : ':')) {
            return false;
        }
        at++;
        count++;
    }
    pci->all_functions = *at == '*';
    if (pci->all_functions) {
        at++;
    } else if (!read_hex(&at, 1, 7, &pci->function)) {
        return false;
    }
    if (*at != '\0' && *at != '@') {
        return false;
    }
    unsigned slot = 0;
    if (*at == '@' && (at++, !read_hex(&at, 2, 0x1f, &slot) || *at != '\0')) {
        return false;
    }
    pci->domain = with_domain ? numbers[0] : 0;
    pci->bus = numbers[count - 2];
    pci->device = numbers[count - 1];
    return true;
}

static void read_pci_address_field(const struct xm_reading *reading, const struct xm_value *text,
                                   const struct xm_field *field, struct xm_pci *pci)
{
    if (pci->named || pci->addressed) {
        xm_problem_at(reading, text, field->at, "expected one address or name of a device");
    } else if (!read_pci_address(field->value, pci)) {
        xm_problem_at(reading, text, field->value_at,
                      "pci: expected a device's address and function, such as 0000:02:02.0");
    }
    pci->addressed = true;
}

static void read_pci_field(const struct xm_reading *reading, const struct xm_value *text,
                           const struct xm_field *field, struct xm_pci *pci)
{
    static const char *const unused[] = {"msitranslate", "power_mgmt", "rdm_policy", "seize",
                                         "passthrough",  "vslot",      NULL};
    static const char *const truths[] = {"0", "1", NULL};
    if (field->key == NULL ? !pci->addressed : text_equal(field->key, "bdf")) {
        read_pci_address_field(reading, text, field, pci);
    } else if (text_equal(field->key, "name")) { // of xl pci-assignable-add
        if (pci->addressed) {
            xm_problem_at(reading, text, field->at, "expected one address or name of a device");
        }
        pci->named = true;
    } else if (text_equal(field->key, "permissive")) {
        if (!xm_is_one_of(field->value, truths)) {
            xm_problem_at(reading, text, field->value_at, "permissive: expected 0 or 1");
        }
        pci->permissive = text_equal(field->value, "1");
    } else if (field->key != NULL && xm_is_one_of(field->key, unused)) {
        xm_note(reading, xm_place_within(text, field->at), "%s: not used", field->key);
    } else {
        xm_problem(reading->problems, xm_place_within(text, field->at),
                   "a PCI device has no \"%.40s\"; expected permissive",
                   field->key == NULL ? field->value : field->key);
    }
}

static bool is_same_device(const struct xm_pci *one, const struct xm_pci *other)
{
    return one->addressed && other->addressed && one->domain == other->domain &&
           one->bus == other->bus && one->device == other->device &&
           (one->function == other->function || one->all_functions || other->all_functions);
}

void xm_read_pci(const struct xm_reading *reading, const struct xm_value *text)
{
    _cleanup_xm_fields_ struct xm_fields fields = {.count = 0};
    struct xm_config *config = reading->config;
    struct xm_pci pci = {.place = text->place};
    if (config->pci_count == XM_PCIS_MAX) {
        xm_problem(reading->problems, text->place, "pci: more than %d devices", XM_PCIS_MAX);
        return;
    }
    size_t before = reading->problems->count;
    if (!xm_fields_split(reading, text, NULL, &fields)) {
        return;
    }
    for (size_t i = 0; i < fields.count; i++) {
        const struct xm_field *field = &fields.items[i];
        bool last = i > 0 && i + 1 == fields.count && field->key == NULL;
        if (last && *field->value == '\0') {
            break; // a comma may end the text
        }
        if (field->key == NULL || xm_field_is_first(reading, text, &fields, i)) {
            read_pci_field(reading, text, field, &pci);
        }
    }
    if (reading->problems->count != before) {
        return;
    }
    if (!pci.addressed && !pci.named) {
        xm_problem_at(reading, text, 0,
                      "pci: expected a device's address and function, such as 0000:02:02.0");
    }
    for (size_t i = 0; i < config->pci_count; i++) {
        if (is_same_device(&config->pcis[i], &pci)) {
            xm_problem(reading->problems, text->place, "pci: this device is in the list already");
        }
    }
    config->pcis = memory_resize(config->pcis, config->pci_count + 1, sizeof pci);
    config->pcis[config->pci_count++] = pci;
}
