// SPDX-License-Identifier: GPL-3.0-or-later
// image/kernel — see kernel.h.
#include "image/kernel.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

// Offsets of the setup header (boot.rst).
enum {
    SETUP_SECTS = 0x1f1,
    HEADER_MAGIC = 0x202,
    VERSION = 0x206,
    PAYLOAD = 0x248,
    HEADER = 0x250
};
#define SECTOR       512U
#define PAYLOAD_FROM 0x0208 // protocol version
#define SIZE_BYTES   4U

static uint32_t little_endian(const unsigned char *bytes, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = count; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

int kernel_payload(const void *image, size_t length, size_t *ret_offset, size_t *ret_length,
                   struct error *err)
{
    const unsigned char *bytes = image;
    if (length < HEADER || memcmp(bytes + HEADER_MAGIC, "HdrS", 4) != 0 ||
        little_endian(bytes + VERSION, 2) < PAYLOAD_FROM) {
        return fail_input(err, "the kernel is not a bzImage of protocol 2.08 or later");
    }
    size_t setup = bytes[SETUP_SECTS] == 0 ? 4 : bytes[SETUP_SECTS];
    size_t offset = (setup + 1) * SECTOR + little_endian(bytes + PAYLOAD, 4);
    size_t size = little_endian(bytes + PAYLOAD + 4, 4);
    if (size <= SIZE_BYTES || offset > length || size > length - offset) {
        return fail_input(err, "the kernel's payload is outside of the file");
    }
    *ret_offset = offset;
    *ret_length = size - SIZE_BYTES;
    return 0;
}

// ---- modules

static const struct wanted {
    const char *name; // file name, '_' for '-' as in the kernel
    bool nic;
    enum kernel_set set; // smallest set that contains it
    const char *before;  // a module that this one requests when it runs, and requires; or NULL
} wanted[] = {
    {"virtio_pci", false, KERNEL_MACHINE, NULL},
    {"virtio_mmio", false, KERNEL_MACHINE, NULL},
    {"virtio_net", true, KERNEL_MACHINE, NULL},
    {"virtio_console", false, KERNEL_MACHINE, NULL},
    {"xen_netfront", true, KERNEL_MACHINE, NULL},
    {"e1000", true, KERNEL_MACHINE, NULL},
    {"e1000e", true, KERNEL_MACHINE, NULL},
    {"igb", true, KERNEL_MACHINE, NULL},
    {"8139cp", true, KERNEL_MACHINE, NULL},
    {"vmxnet3", true, KERNEL_MACHINE, NULL},
    {"hv_vmbus", false, KERNEL_MACHINE, NULL},
    {"hv_netvsc", true, KERNEL_MACHINE, NULL},
    {"button", false, KERNEL_MACHINE, NULL},
    {"evdev", false, KERNEL_MACHINE, NULL},
    {"xen_pcifront", false, KERNEL_NICS, NULL},
    {"igbvf", true, KERNEL_NICS, NULL},
    {"igc", true, KERNEL_NICS, NULL},
    {"ixgbe", true, KERNEL_NICS, NULL},
    {"ixgbevf", true, KERNEL_NICS, NULL},
    {"i40e", true, KERNEL_NICS, NULL},
    {"iavf", true, KERNEL_NICS, NULL},
    {"ice", true, KERNEL_NICS, NULL},
    {"mlx5_core", true, KERNEL_NICS, NULL},
    {"r8169", true, KERNEL_NICS, "realtek"},
    {"tg3", true, KERNEL_NICS, "broadcom"},
    {"bnxt_en", true, KERNEL_NICS, NULL},
};
#define WANTED_COUNT (sizeof wanted / sizeof wanted[0])

// "kernel/drivers/net/xen-netfront.ko.xz" → "xen_netfront".
static char *module_name(const char *path, size_t length)
{
    const char *base = path;
    for (const char *at = path; at < path + length; at++) {
        base = *at == '/' ? at + 1 : base;
    }
    size_t rest = length - (size_t)(base - path);
    const char *dot = memmem(base, rest, ".ko", 3);
    char *name = text_copy_bytes(base, dot == NULL ? rest : (size_t)(dot - base));
    for (char *at = name; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    return name;
}

// The path without the suffix of its compression, as unpacked.
static char *plain_path(const char *path, size_t length)
{
    const char *end = memmem(path, length, ".ko", 3);
    return text_copy_bytes(path, end == NULL ? length : (size_t)(end - path) + 3);
}

static void add_file(struct kernel_modules *modules, const char *path)
{
    for (size_t i = 0; i < modules->count; i++) {
        if (strcmp(modules->files[i], path) == 0) {
            return;
        }
    }
    modules->files = memory_resize(modules->files, modules->count + 1, sizeof *modules->files);
    modules->files[modules->count++] = text_copy(path);
}

// Parses a line "PATH: DEPENDENCY…" of modules.dep(5); the dependency to load first is the last.
static void add_files(struct kernel_modules *modules, FILE *table, const char *line, size_t length)
{
    char *paths[64];
    size_t count = 0;
    for (const char *at = line; at < line + length && count < 64;) {
        size_t word = 0;
        while (at + word < line + length && at[word] != ' ' && at[word] != ':') {
            word++;
        }
        if (word > 0) {
            paths[count++] = plain_path(at, word);
        }
        at += word + 1;
    }
    for (size_t i = count; i > 0; i--) {
        fprintf(table, " %s", text_base_name(paths[i - 1]));
        add_file(modules, paths[i - 1]);
        free(paths[i - 1]);
    }
}

static const char *find_line(const char *dep, const char *name, size_t *ret_length)
{
    for (const char *line = dep; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        size_t path = strcspn(line, ":\n");
        _cleanup_free_ char *found = module_name(line, path);
        if (path < length && strcmp(found, name) == 0) {
            *ret_length = length;
            return line;
        }
        line += length + (line[length] == '\n');
    }
    return NULL;
}

static void add_module(struct kernel_modules *modules, FILE *table, const char *dep,
                       const struct wanted *module, const char *line, size_t length)
{
    size_t before_length = 0;
    const char *before =
        module->before == NULL ? NULL : find_line(dep, module->before, &before_length);
    fprintf(table, "module %s", module->name);
    if (before != NULL) {
        add_files(modules, table, before, before_length);
    }
    add_files(modules, table, line, length);
    fputc('\n', table);
}

// Converts lines "alias PATTERN MODULE" of modules.alias to "alias MODULE PATTERN".
static void add_aliases(FILE *table, const char *alias, const char *name)
{
    for (const char *line = alias; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        const char *pattern = line + strlen("alias ");
        if (length > strlen("alias ") && strncmp(line, "alias ", strlen("alias ")) == 0) {
            const char *blank = memchr(pattern, ' ', length - strlen("alias "));
            size_t rest = blank == NULL ? 0 : length - (size_t)(blank + 1 - line);
            if (blank != NULL && rest == strlen(name) && strncmp(blank + 1, name, rest) == 0) {
                fprintf(table, "alias %s %.*s\n", name, (int)(blank - pattern), pattern);
            }
        }
        line += length + (line[length] == '\n');
    }
}

int kernel_select_modules(const char *dep, const char *alias, enum kernel_set set,
                          struct kernel_modules *ret, struct error *err)
{
    struct kernel_modules modules = {0};
    size_t length = 0;
    FILE *table = open_memstream(&modules.table, &length);
    if (table == NULL) {
        return fail(err, errno, "a table of modules");
    }
    bool nic = false;
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        size_t line_length = 0;
        const char *line =
            wanted[i].set > set ? NULL : find_line(dep, wanted[i].name, &line_length);
        if (line != NULL) {
            add_module(&modules, table, dep, &wanted[i], line, line_length);
            add_aliases(table, alias, wanted[i].name);
            nic |= wanted[i].nic;
        }
    }
    fclose(table);
    if (!nic) {
        kernel_modules_clear(&modules);
        return fail_input(err, "the kernel has no module for a virtual network interface");
    }
    *ret = modules;
    return 0;
}

bool kernel_has_driver(const char *table, const char *modalias)
{
    for (const char *line = table; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        _cleanup_free_ char *row = text_copy_bytes(line, length);
        char *pattern = strrchr(row, ' ');
        if (pattern != NULL && text_starts(row, "alias ") &&
            fnmatch(pattern + 1, modalias, 0) == 0) {
            return true;
        }
        line += length + (line[length] == '\n');
    }
    return false;
}

void kernel_modules_clear(struct kernel_modules *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        free(modules->files[i]);
    }
    free((void *)modules->files);
    free(modules->table);
    *modules = (struct kernel_modules){0};
}
