// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_disk — a disk of a domain's file: xl-disk-configuration(5) of Xen 4.17, and xm's
 * form, which that page calls deprecated. See xm_parts.h. Called by xm_values.c for every text of
 * disk = […].
 *
 * A parameter without "=" goes to the first of target, format, vdev and access that has none yet;
 * with a prefix such as "phy:" in front of the target there is no format. An empty parameter is
 * its default, and may still be given by name. tests/unit/test_xm_library.c holds this against
 * xlu_disk_parse().
 */
#include "machine/xen/xm_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum disk_part { DISK_TARGET, DISK_FORMAT, DISK_VDEV, DISK_ACCESS, DISK_PARTS };
#define XM_EXTRAS_MAX 2 // behind the access, in xm's form: the backend's domain and a protocol

struct disk_reading {
    const struct xm_reading *reading;
    const struct xm_value *text;
    struct xm_disk disk;
    bool prefixed;         // xm's form
    bool seen[DISK_PARTS]; // by position or by name
    bool has[DISK_PARTS];  // with a value
    size_t extras;
};

static void take_target(const char *path, struct xm_disk *disk)
{
    free(disk->target);
    disk->target = *path == '\0'                  ? NULL
                   : disk->device && *path != '/' ? text_format("/dev/%s", path)
                                                  : text_copy(path);
}

static bool read_target(const char *text, struct disk_reading *state)
{
    take_target(text, &state->disk);
    return true;
}

// Strips the prefixes of xm's form. False for disks that programs make.
static bool read_prefixed_target(const char *text, struct disk_reading *state)
{
    static const struct {
        const char *prefix;
        enum xm_disk_format format;
        bool device;
    } prefixes[] = {
        {"phy:", XM_DISK_RAW, true},      {"file:", XM_DISK_RAW, false},
        {"tap2:", XM_DISK_RAW, false},    {"tap:", XM_DISK_RAW, false},
        {"tapdisk:", XM_DISK_RAW, false}, {"aio:", XM_DISK_RAW, false},
        {"ioemu:", XM_DISK_RAW, false},   {"qcow2:", XM_DISK_QCOW2, false},
        {"qcow:", XM_DISK_QCOW, false},   {"vhd:", XM_DISK_VHD, false},
        {"raw:", XM_DISK_RAW, false},
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0];) {
        size_t length = strlen(prefixes[i].prefix);
        if (!text_starts(text, prefixes[i].prefix)) {
            i++;
            continue;
        }
        text += length;
        state->prefixed = true;
        state->disk.format = prefixes[i].format;
        state->disk.device = state->disk.device || prefixes[i].device;
        i = 0; // "tap:aio:qcow:"
    }
    const char *colon = strchr(text, ':');
    const char *slash = strchr(text, '/');
    if (colon != NULL && (slash == NULL || colon < slash)) {
        state->prefixed = true; // the parameters behind it are in that order
        return false;
    }
    take_target(text, &state->disk);
    return true;
}

static bool read_format(const char *text, struct disk_reading *state)
{
    static const char *const names[] = {"raw", "qcow", "qcow2", "vhd", "qed", NULL};
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (text_equal(text, names[i])) {
            state->disk.format = i;
            return true;
        }
    }
    return false;
}

// The names of xen-vbd-interface(7): sda1, xvda, d0p1 and numbers.
static bool is_vdev(const char *name, size_t length)
{
    static const char *const buses[] = {"sd", "hd", "xvd", "vd"};
    if (length == 0 || length > 15) {
        return false;
    }
    size_t letters = 0;
    size_t digits = 0;
    for (size_t i = 0; i < sizeof buses / sizeof buses[0]; i++) {
        size_t bus = strlen(buses[i]);
        if (text_starts(name, buses[i])) {
            letters = strspn(name + bus, "abcdefghijklmnopqrstuvwxyz");
            digits = strspn(name + bus + letters, "0123456789");
            return letters > 0 && bus + letters + digits == length;
        }
    }
    if (*name == 'd') {
        digits = 1 + strspn(name + 1, "0123456789");
        size_t partition = name[digits] == 'p' ? 1 + strspn(name + digits + 1, "0123456789") : 0;
        return digits > 1 && partition != 1 && digits + partition == length;
    }
    bool hex = text_starts(name, "0x");
    digits = strspn(name + (hex ? 2 : 0), hex ? "0123456789abcdefABCDEF" : "0123456789");
    return digits > 0 && digits + (hex ? 2 : 0) == length;
}

static bool read_vdev(const char *text, struct disk_reading *state)
{
    static const char *const prefixes[] = {"ioemu:", "/dev/"}; // xm's
    const char *name = text;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        name += text_starts(name, prefixes[i]) ? strlen(prefixes[i]) : 0;
    }
    size_t length = strcspn(name, ":");
    const char *kind = name + length;
    bool cdrom = text_equal(kind, ":cdrom");
    if (!is_vdev(name, length) || (*kind != '\0' && !cdrom && !text_equal(kind, ":disk"))) {
        return false;
    }
    free(state->disk.vdev);
    state->disk.vdev = text_copy_bytes(name, length);
    state->disk.cdrom = state->disk.cdrom || cdrom;
    return true;
}

static bool read_access(const char *text, struct disk_reading *state)
{
    static const char *const reading[] = {"r", "ro", NULL};
    static const char *const writing[] = {"w", "rw", "w!", NULL};
    state->disk.writable = xm_is_one_of(text, writing);
    return state->disk.writable || xm_is_one_of(text, reading);
}

static void read_part(struct disk_reading *state, const struct xm_field *field, enum disk_part part)
{
    static const char *const expected[] = {
        "expected a file or block device (phy:, file:, tap:); disks of other kinds are made by "
        "programs, and no program that the file names is executed",
        "expected a format: raw, qcow, qcow2, vhd or qed; with phy: or file: in front of the path "
        "there is none",
        "expected the disk's name in the domain, such as sda1, xvda or hdc:cdrom",
        "expected r (read only) or w",
    };
    bool (*const read[])(const char *, struct disk_reading *) = {
        field->key == NULL ? read_prefixed_target : read_target, read_format, read_vdev,
        read_access};
    state->seen[part] = true;
    if (*field->value == '\0') {
        return;
    }
    state->has[part] = true;
    if (!read[part](field->value, state)) {
        xm_problem_at(state->reading, state->text, field->value_at, expected[part]);
    }
}

static void read_named(struct disk_reading *state, const struct xm_fields *fields, size_t number)
{
    static const char *const keys[] = {"target", "format", "vdev", "access", NULL};
    static const char *const unused[] = {"backendtype", "backend",       "colo-host",
                                         "colo-port",   "colo-export",   "active-disk",
                                         "hidden-disk", "specification", NULL};
    const struct xm_field *field = &fields->items[number];
    const struct xm_place place = xm_place_within(state->text, field->at);
    for (unsigned i = 0; keys[i] != NULL; i++) {
        if (text_equal(field->key, keys[i])) {
            if (state->has[i]) {
                xm_problem(state->reading->problems, place, "%s is given twice", field->key);
            } else {
                read_part(state, field, i);
            }
            return;
        }
    }
    if (text_equal(field->key, "devtype")) {
        state->disk.cdrom = text_equal(field->value, "cdrom");
        if (!state->disk.cdrom && !text_equal(field->value, "disk")) {
            xm_problem_at(state->reading, state->text, field->value_at,
                          "devtype: expected cdrom or disk");
        }
    } else if (text_equal(field->key, "script")) {
        xm_problem(state->reading->problems, place,
                   "script: no program that the file names is executed");
    } else if (!xm_is_one_of(field->key, unused)) {
        xm_problem(state->reading->problems, place,
                   "a disk has no \"%.40s\"; expected target, format, vdev or access", field->key);
    } else if (xm_field_is_first(state->reading, state->text, fields, number)) {
        xm_note(state->reading, place, "%s: not used", field->key);
    }
}

static void read_positional(struct disk_reading *state, const struct xm_field *field)
{
    enum disk_part part = DISK_TARGET;
    while (part < DISK_PARTS && (state->seen[part] || (part == DISK_FORMAT && state->prefixed))) {
        part++;
    }
    // ",hdc:cdrom,r" is xm's empty drive.
    bool drive = part == DISK_FORMAT && !state->has[DISK_TARGET] &&
                 strchr(field->value, ':') != NULL && !state->seen[DISK_VDEV];
    if (drive) {
        state->seen[DISK_FORMAT] = true;
        part = DISK_VDEV;
    }
    if (part < DISK_PARTS) {
        read_part(state, field, part);
    } else if (state->prefixed && state->extras++ < XM_EXTRAS_MAX) {
        xm_note(state->reading, xm_place_within(state->text, field->at),
                "what xm reads behind r or w, the backend's domain, is not used");
    } else {
        xm_problem_at(state->reading, state->text, field->at,
                      "expected no more parameters behind r or w");
    }
}

static void read_disk_fields(struct disk_reading *state, const struct xm_fields *fields)
{
    static const char *const flags[] = {"cdrom", "discard", "no-discard", "direct-io-safe",
                                        "colo",  "trusted", "untrusted",  NULL};
    for (size_t i = 0; i < fields->count; i++) {
        const struct xm_field *field = &fields->items[i];
        bool last = i > 0 && i + 1 == fields->count;
        if (field->key != NULL) {
            read_named(state, fields, i);
        } else if (xm_is_one_of(field->value, flags)) {
            state->disk.cdrom = state->disk.cdrom || text_equal(field->value, "cdrom");
        } else if (!last || *field->value != '\0') { // a comma may end the text
            read_positional(state, field);
        }
    }
}

void xm_read_disk(const struct xm_reading *reading, const struct xm_value *text)
{
    _cleanup_xm_fields_ struct xm_fields fields = {.count = 0};
    struct xm_config *config = reading->config;
    struct disk_reading state = {.reading = reading, .text = text, .disk = {.place = text->place}};
    if (config->disk_count == XM_DISKS_MAX) {
        xm_problem(reading->problems, text->place, "disk: more than %d disks", XM_DISKS_MAX);
        return;
    }
    size_t before = reading->problems->count;
    if (xm_fields_split(reading, text, "target", &fields)) {
        read_disk_fields(&state, &fields);
    }
    struct xm_disk disk = state.disk;
    disk.writable = !disk.cdrom && (disk.writable || !state.has[DISK_ACCESS]);
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
