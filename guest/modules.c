// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/modules — loads the modules for the devices of this machine, by the table that
 * `vrbench image build` made from the kernel's modules.dep and modules.alias:
 *
 *     module NAME FILE...       the files to load, in this order; NAME's own is the last
 *     alias NAME PATTERN        a device whose modalias matches requires NAME
 *
 * A module may add devices (virtio-pci adds the virtio bus), so the scan is repeated until no new
 * device appears. Called by init.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define MODULES_MAX 64

static struct {
    bool read;
    struct module {
        char *name;
        char *files[16];
        size_t file_count;
        bool loaded;
    } modules[MODULES_MAX];
    size_t module_count;
    struct alias {
        char *pattern;
        struct module *module;
    } aliases[1024];
    size_t alias_count;
} table;

static struct module *module_called(const char *name)
{
    for (size_t i = 0; i < table.module_count; i++) {
        if (strcmp(table.modules[i].name, name) == 0) {
            return &table.modules[i];
        }
    }
    return NULL;
}

static void read_row(char *line)
{
    char *words[18];
    size_t count = split_words(line, words, 18);
    if (count < 3 || count > 18) {
        return;
    }
    if (strcmp(words[0], "module") == 0 && table.module_count < MODULES_MAX) {
        struct module *module = &table.modules[table.module_count++];
        module->name = words[1];
        module->file_count = count - 2;
        memcpy(module->files, &words[2], (count - 2) * sizeof words[0]);
    } else if (strcmp(words[0], "alias") == 0 &&
               table.alias_count < sizeof table.aliases / sizeof table.aliases[0]) {
        struct module *module = module_called(words[1]);
        if (module != NULL) {
            table.aliases[table.alias_count++] = (struct alias){words[2], module};
        }
    }
}

static void read_table(void)
{
    table.read = true;
    char *text = read_all(GUEST_MODULES, NULL); // never freed: the rows point into it
    for (char *line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        read_row(line);
        line = end == NULL ? NULL : end + 1;
    }
}

static void load_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/lib/modules/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    // EEXIST: already loaded for another module
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)) {
        say("loading %s: %s", name, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}

// Loads the modules for the device of a modalias file. Returns whether any of them was new.
static bool load_for(const char *path)
{
    bool found = false;
    char *modalias = read_all(path, NULL);
    if (modalias == NULL) {
        return false;
    }
    modalias[strcspn(modalias, "\n")] = '\0';
    for (size_t i = 0; i < table.alias_count; i++) {
        struct module *module = table.aliases[i].module;
        if (!module->loaded && fnmatch(table.aliases[i].pattern, modalias, 0) == 0) {
            module->loaded = true;
            found = true;
            for (size_t f = 0; f < module->file_count; f++) {
                load_file(module->files[f]);
            }
        }
    }
    free(modalias);
    return found;
}

void modules_load(void)
{
    static const char *const places[] = {"/sys/bus/*/devices/*/modalias",
                                         "/sys/class/input/*/modalias"};
    if (!table.read) {
        read_table();
    }
    bool again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            glob_t found = {0};
            if (glob(places[i], GLOB_NOSORT, NULL, &found) == 0) {
                for (size_t p = 0; p < found.gl_pathc; p++) {
                    again |= load_for(found.gl_pathv[p]);
                }
            }
            globfree(&found);
        }
    }
}
