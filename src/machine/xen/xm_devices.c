// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_devices — what xm files write inside texts: interfaces, disks, PCI devices. See
 * xm_parts.h. Called by xm_config.c for every text of such a list.
 *
 * Programs that they name (script=, disks of another kind than a file or a block device) are not
 * executed, which a note or a problem says.
 */
#include "machine/xen/xm_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NIC_NAME_MAX 15
#define FIELDS_MAX   16 // of a text

// A part of a text between commas, blanks around it taken off: "KEY=VALUE" or a value alone.
struct field {
    char *key; // NULL = alone
    char *value;
    size_t at, value_at; // offsets in the text
};

struct fields {
    struct field items[FIELDS_MAX];
    size_t count;
};

static void fields_clear(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->items[i].key);
        free(fields->items[i].value);
    }
    fields->count = 0;
}
#define _cleanup_fields_ __attribute__((cleanup(fields_clear)))

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static char *trimmed(const char *begin, const char *end)
{
    while (end > begin && is_blank(end[-1])) {
        end--;
    }
    return text_copy_bytes(begin, (size_t)(end - begin));
}

static void problem_at(const struct xm_reading *reading, const struct xm_value *text, size_t at,
                       const char *why)
{
    xm_problem(reading->problems, xm_place_within(text, at), "%s", why);
}

// Splits a text at its commas; `rest` names a key whose value is all that follows it.
static bool split(const struct xm_reading *reading, const struct xm_value *text, const char *rest,
                  struct fields *ret)
{
    const char *at = text->text;
    for (bool more = true; more;) {
        at += strspn(at, " \t");
        const char *end = at + strcspn(at, ",");
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (ret->count == FIELDS_MAX) {
            problem_at(reading, text, (size_t)(at - text->text), "this text has too many parts");
            return false;
        }
        struct field *field = &ret->items[ret->count++];
        *field = (struct field){.at = (size_t)(at - text->text)};
        const char *value = at;
        if (equals != NULL) {
            field->key = trimmed(at, equals);
            value = equals + 1 + strspn(equals + 1, " \t");
            if (text_equal(field->key, rest)) {
                end = value + strlen(value);
            }
        }
        field->value_at = (size_t)(value - text->text);
        field->value = value < end ? trimmed(value, end) : text_copy("");
        more = *end == ',';
        at = end + (more ? 1 : 0);
    }
    return true;
}

// Whether no earlier field has this one's key; says so if one has.
static bool is_first(const struct xm_reading *reading, const struct xm_value *text,
                     const struct fields *fields, size_t number)
{
    const struct field *field = &fields->items[number];
    for (size_t i = 0; i < number; i++) {
        if (text_equal(fields->items[i].key, field->key)) {
            xm_problem(reading->problems, xm_place_within(text, field->at), "%s is given twice",
                       field->key);
            return false;
        }
    }
    return true;
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (text_equal(word, *list)) {
            return true;
        }
    }
    return false;
}

// ---- vif

static int hex_digit(char byte)
{
    return isdigit((unsigned char)byte)    ? byte - '0'
           : isxdigit((unsigned char)byte) ? tolower((unsigned char)byte) - 'a' + 10
                                           : -1;
}

static bool read_mac(const char *text, uint8_t ret[6])
{
    if (strlen(text) != 17) {
        return false;
    }
    for (size_t i = 0; i < 6; i++) {
        int high = hex_digit(text[3 * i]);
        int low = hex_digit(text[3 * i + 1]);
        if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) {
            return false;
        }
        ret[i] = (uint8_t)(high * 16 + low);
    }
    static const uint8_t none[6] = {0};
    return (ret[0] & 1U) == 0 && memcmp(ret, none, sizeof none) != 0;
}

static bool is_nic_name(const char *name)
{
    size_t length = strlen(name);
    bool good = length >= 1 && length <= NIC_NAME_MAX && strpbrk(name, "/:%") == NULL &&
                !text_equal(name, ".") && !text_equal(name, "..");
    for (size_t i = 0; good && i < length; i++) {
        good = isgraph((unsigned char)name[i]) != 0;
    }
    return good;
}

static void set_mac(const struct xm_reading *reading, const struct xm_value *text,
                    const struct field *field, struct xm_vif *vif)
{
    if (!read_mac(field->value, vif->mac)) {
        problem_at(reading, text, field->value_at,
                   "mac: expected the address of one interface, such as 00:16:3e:00:00:01");
        return;
    }
    for (size_t i = 0; i < reading->config->vif_count; i++) {
        const struct xm_vif *other = &reading->config->vifs[i];
        if (other->has_mac && memcmp(other->mac, vif->mac, sizeof vif->mac) == 0) {
            problem_at(reading, text, field->value_at,
                       "mac: an interface before this one has the same address");
            return;
        }
    }
    vif->has_mac = true;
}

static void read_vif_field(const struct xm_reading *reading, const struct xm_value *text,
                           const struct field *field, struct xm_vif *vif)
{
    static const char *const unused[] = {"ip",         "netmask", "gatewaydev", "netdev", "backend",
                                         "rate",       "devid",   "accel",      "policy", "label",
                                         "id",         "trusted", "mtu",        "handle", "vlan",
                                         "forwarddev", NULL};
    const struct xm_place place = xm_place_within(text, field->at);
    char **name = text_equal(field->key, "bridge")    ? &vif->bridge
                  : text_equal(field->key, "vifname") ? &vif->vifname
                                                      : NULL;
    if (text_equal(field->key, "mac")) {
        set_mac(reading, text, field, vif);
    } else if (name != NULL) {
        if (!is_nic_name(field->value)) {
            xm_problem(
                reading->problems, xm_place_within(text, field->value_at),
                "%s: expected an interface's name, 1 to %d characters without blanks, \"/\", "
                "\":\" or \"%%\"",
                field->key, NIC_NAME_MAX);
        } else {
            *name = text_copy(field->value);
        }
    } else if (text_equal(field->key, "model")) {
        vif->model = text_copy(field->value);
    } else if (text_equal(field->key, "type")) {
        static const char *const types[] = {"vif", "netfront", "ioemu", "paravirtualised", NULL};
        if (!is_one_of(field->value, types)) {
            problem_at(reading, text, field->value_at, "type: expected vif or ioemu");
        }
    } else if (text_equal(field->key, "script")) {
        xm_note(reading, place,
                "script: not executed; vrbench joins interfaces to its bridges itself");
    } else if (is_one_of(field->key, unused)) {
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
    _cleanup_fields_ struct fields fields = {.count = 0};
    struct xm_config *config = reading->config;
    struct xm_vif vif = {.place = text->place};
    if (config->vif_count == XM_VIFS_MAX) {
        xm_problem(reading->problems, text->place, "vif: more than %d interfaces", XM_VIFS_MAX);
        return;
    }
    bool empty = text->text[strspn(text->text, " \t")] == '\0'; // as it comes: xm's own example
    if (!empty && split(reading, text, NULL, &fields)) {
        for (size_t i = 0; i < fields.count; i++) {
            const struct field *field = &fields.items[i];
            if (field->key != NULL) {
                if (is_first(reading, text, &fields, i)) {
                    read_vif_field(reading, text, field, &vif);
                }
            } else if (*field->value != '\0') {
                problem_at(reading, text, field->at,
                           "expected parts such as mac=00:16:3e:00:00:01 or bridge=eth0");
            }
        }
    }
    config->vifs = memory_resize(config->vifs, config->vif_count + 1, sizeof vif);
    config->vifs[config->vif_count++] = vif;
}

// ---- disk

static const char *skip_prefix(const char *text, const char *prefix)
{
    return text_starts(text, prefix) ? text + strlen(prefix) : NULL;
}

// Takes off what xm put in front of the target. False for kinds that are made by programs.
static bool read_target(const char *text, struct xm_disk *disk)
{
    static const struct {
        const char *prefix;
        enum xm_disk_format format;
        bool device;
    } prefixes[] = {
        {"phy:", XM_DISK_RAW, true},      {"file:", XM_DISK_RAW, false},
        {"tap2:", XM_DISK_RAW, false},    {"tap:", XM_DISK_RAW, false},
        {"tapdisk:", XM_DISK_RAW, false}, {"aio:", XM_DISK_RAW, false},
        {"qcow2:", XM_DISK_QCOW2, false}, {"qcow:", XM_DISK_QCOW, false},
        {"vhd:", XM_DISK_VHD, false},     {"raw:", XM_DISK_RAW, false},
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const char *rest = skip_prefix(text, prefixes[i].prefix);
        if (rest != NULL) { // in this order "tap:aio:" loses both
            text = rest;
            disk->format = prefixes[i].format;
            disk->device = disk->device || prefixes[i].device;
        }
    }
    const char *colon = strchr(text, ':');
    const char *slash = strchr(text, '/');
    if (colon != NULL && (slash == NULL || colon < slash)) {
        return false;
    }
    free(disk->target);
    disk->target = *text == '\0'                  ? NULL
                   : disk->device && *text != '/' ? text_format("/dev/%s", text)
                                                  : text_copy(text);
    return true;
}

static bool read_vdev(const char *text, struct xm_disk *disk)
{
    const char *name = text_starts(text, "/dev/") ? text + strlen("/dev/") : text;
    size_t length = strcspn(name, ":");
    const char *kind = name + length;
    bool good = length >= 3 && length <= 15 &&
                (text_starts(name, "sd") || text_starts(name, "hd") || text_starts(name, "xvd") ||
                 text_starts(name, "vd"));
    for (size_t i = 0; good && i < length; i++) {
        good = islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]);
    }
    if (!good || (*kind != '\0' && !text_equal(kind, ":cdrom") && !text_equal(kind, ":disk"))) {
        return false;
    }
    free(disk->vdev);
    disk->vdev = text_copy_bytes(name, length);
    disk->cdrom = disk->cdrom || text_equal(kind, ":cdrom");
    return true;
}

static bool read_access(const char *text, struct xm_disk *disk)
{
    static const char *const reading[] = {"r", "ro", NULL};
    static const char *const writing[] = {"w", "rw", "w!", NULL};
    disk->writable = is_one_of(text, writing);
    return disk->writable || is_one_of(text, reading);
}

static bool read_format(const char *text, struct xm_disk *disk)
{
    static const char *const names[] = {"raw", "qcow", "qcow2", "vhd", NULL};
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (text_equal(text, names[i])) {
            disk->format = i;
            return true;
        }
    }
    return text_equal(text, ""); // as it comes
}

enum disk_part { DISK_TARGET, DISK_FORMAT, DISK_VDEV, DISK_ACCESS, DISK_PARTS };

static void read_disk_part(const struct xm_reading *reading, const struct xm_value *text,
                           const struct field *field, enum disk_part part, struct xm_disk *disk)
{
    static const char *const expected[] = {
        "expected a file or block device (phy:, file:, tap:); other kinds of disks are made by "
        "programs, of which none is executed",
        "expected a format: raw, qcow, qcow2 or vhd; with phy: or file: in front of the path there "
        "is none",
        "expected the disk's name in the domain, such as sda1, xvda or hdc:cdrom",
        "expected r (read only) or w",
    };
    bool (*const read[])(const char *, struct xm_disk *) = {read_target, read_format, read_vdev,
                                                            read_access};
    if (!read[part](field->value, disk)) {
        problem_at(reading, text, field->value_at, expected[part]);
    }
}

static void read_disk_field(const struct xm_reading *reading, const struct xm_value *text,
                            const struct field *field, struct xm_disk *disk)
{
    static const char *const keys[] = {"target", "format", "vdev", "access", NULL};
    static const char *const unused[] = {"backendtype",    "backend", "devtype", "discard",
                                         "direct-io-safe", "colo",    NULL};
    const struct xm_place place = xm_place_within(text, field->at);
    for (unsigned i = 0; keys[i] != NULL; i++) {
        if (text_equal(field->key, keys[i])) {
            read_disk_part(reading, text, field, i, disk);
            return;
        }
    }
    if (text_equal(field->key, "devtype") && text_equal(field->value, "cdrom")) {
        disk->cdrom = true;
    } else if (text_equal(field->key, "script")) {
        xm_problem(reading->problems, place, "script: no program that the file names is executed");
    } else if (is_one_of(field->key, unused)) {
        xm_note(reading, place, "%s: not used", field->key);
    } else {
        xm_problem(reading->problems, place,
                   "a disk has no \"%.40s\"; expected target, format, vdev or access", field->key);
    }
}

// xm: TARGET,VDEV,ACCESS with "phy:" or the like in front; xl: TARGET,FORMAT,VDEV,ACCESS.
static void read_disk_fields(const struct xm_reading *reading, const struct xm_value *text,
                             const struct fields *fields, struct xm_disk *disk)
{
    const char *first = fields->items[0].value;
    bool old = fields->items[0].key == NULL && *first != '/' && strchr(first, ':') != NULL;
    old = old || (fields->items[0].key == NULL && *first == '\0'); // ",hdc:cdrom,r"
    unsigned part = DISK_TARGET;
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        static const char *const flags[] = {"cdrom", "discard", "no-discard", "direct-io-safe",
                                            NULL};
        if (field->key != NULL) {
            if (is_first(reading, text, fields, i)) {
                read_disk_field(reading, text, field, disk);
            }
        } else if (i > 0 && is_one_of(field->value, flags)) {
            disk->cdrom = disk->cdrom || text_equal(field->value, "cdrom");
        } else if (part >= DISK_PARTS) {
            problem_at(reading, text, field->at, "nothing is expected behind r or w");
            return;
        } else {
            read_disk_part(reading, text, field, part, disk);
            part += old && part == DISK_TARGET ? 2 : 1;
        }
    }
}

void xm_read_disk(const struct xm_reading *reading, const struct xm_value *text)
{
    _cleanup_fields_ struct fields fields = {.count = 0};
    struct xm_config *config = reading->config;
    struct xm_disk disk = {.place = text->place};
    if (config->disk_count == XM_DISKS_MAX) {
        xm_problem(reading->problems, text->place, "disk: more than %d disks", XM_DISKS_MAX);
        return;
    }
    size_t before = reading->problems->count;
    if (split(reading, text, "target", &fields)) {
        read_disk_fields(reading, text, &fields, &disk);
    }
    bool good = reading->problems->count == before;
    if (good && disk.vdev == NULL) {
        xm_problem(reading->problems, text->place,
                   "disk: expected such as phy:/dev/vg/r1,sda1,w or /srv/r1.img,raw,xvda,rw: its "
                   "name in the domain is missing");
    } else if (good && disk.target == NULL && !disk.cdrom) {
        xm_problem(reading->problems, text->place, "disk: expected a file or block device");
    }
    for (size_t i = 0; disk.vdev != NULL && i < config->disk_count; i++) {
        if (text_equal(config->disks[i].vdev, disk.vdev)) {
            xm_problem(reading->problems, text->place, "disk: there is a disk %s already",
                       disk.vdev);
        }
    }
    config->disks = memory_resize(config->disks, config->disk_count + 1, sizeof disk);
    config->disks[config->disk_count++] = disk;
}

// ---- pci

// At most `digits` digits of a number that is at most `max`.
static bool read_hex(const char **at, unsigned digits, unsigned max, unsigned *ret)
{
    unsigned number = 0;
    unsigned count = 0;
    while (count < digits && hex_digit(**at) >= 0) {
        number = number * 16 + (unsigned)hex_digit(*(*at)++);
        count++;
    }
    if (count == 0 || number > max) {
        return false;
    }
    *ret = number;
    return true;
}

// "0000:02:02.0", "02:02.0"; "@SLOT" behind it is the guest's.
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
    if (!read_hex(&at, 1, 7, &pci->function) || (*at != '\0' && *at != '@')) {
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

static void read_pci_field(const struct xm_reading *reading, const struct xm_value *text,
                           const struct field *field, struct xm_pci *pci)
{
    static const char *const unused[] = {"msitranslate", "power_mgmt", "rdm_policy", "seize",
                                         "passthrough",  "vslot",      NULL};
    static const char *const truths[] = {"0", "1", NULL};
    if (text_equal(field->key, "permissive")) {
        if (!is_one_of(field->value, truths)) {
            problem_at(reading, text, field->value_at, "permissive: expected 0 or 1");
        }
        pci->permissive = text_equal(field->value, "1");
    } else if (is_one_of(field->key, unused)) {
        xm_note(reading, xm_place_within(text, field->at), "%s: not used", field->key);
    } else {
        xm_problem(reading->problems, xm_place_within(text, field->at),
                   "a PCI device has no \"%.40s\"; expected permissive",
                   field->key == NULL ? field->value : field->key);
    }
}

void xm_read_pci(const struct xm_reading *reading, const struct xm_value *text)
{
    _cleanup_fields_ struct fields fields = {.count = 0};
    struct xm_config *config = reading->config;
    struct xm_pci pci = {.place = text->place};
    if (config->pci_count == XM_PCIS_MAX) {
        xm_problem(reading->problems, text->place, "pci: more than %d devices", XM_PCIS_MAX);
        return;
    }
    if (!split(reading, text, NULL, &fields)) {
        return;
    }
    if (fields.items[0].key != NULL || !read_pci_address(fields.items[0].value, &pci)) {
        problem_at(reading, text, fields.items[0].at,
                   "pci: expected a device's address and function, such as 0000:02:02.0");
        return;
    }
    for (size_t i = 1; i < fields.count; i++) {
        if (fields.items[i].key == NULL || is_first(reading, text, &fields, i)) {
            read_pci_field(reading, text, &fields.items[i], &pci);
        }
    }
    for (size_t i = 0; i < config->pci_count; i++) {
        const struct xm_pci *other = &config->pcis[i];
        if (other->domain == pci.domain && other->bus == pci.bus && other->device == pci.device &&
            other->function == pci.function) {
            xm_problem(reading->problems, text->place, "pci: this device is in the list already");
        }
    }
    config->pcis = memory_resize(config->pcis, config->pci_count + 1, sizeof pci);
    config->pcis[config->pci_count++] = pci;
}
