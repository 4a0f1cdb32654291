// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/tuning — see tuning.h. The files are described in the kernel's Documentation/ABI/testing:
 * sysfs-devices-system-cpu, and in Documentation/admin-guide/pm.
 */
#include "linux/tuning.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define CPU_FOLDER "/sys/devices/system/cpu"
#define FILE_MOST  (1U << 22)

// The first line of a file; NULL if it cannot be read or is empty.
static char *line_of(const char *root, const char *path)
{
    _cleanup_free_ char *whole = text_format("%s%s", root, path);
    char *text = NULL;
    if (file_read(whole, FILE_MOST, &text, NULL, NULL) < 0) {
        return NULL;
    }
    text[strcspn(text, "\n")] = '\0';
    if (text[0] == '\0') {
        free(text);
        return NULL;
    }
    return text;
}

static bool list_has(const char *list, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = list; at != NULL && (at = strstr(at, text)) != NULL; at += length) {
        bool begins = at == list || at[-1] == ' ';
        if (begins && (at[length] == '\0' || at[length] == ',')) {
            return true;
        }
    }
    return false;
}

static int is_cpu(const struct dirent *entry)
{
    return text_starts(entry->d_name, "cpu") && entry->d_name[3] >= '0' && entry->d_name[3] <= '9';
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

// Lists a file of each entry of a folder of CPU_FOLDER: its first line, behind the entry's name if
// `named`; otherwise each different one once. NULL if there is none.
static char *list_lines(const char *root, const char *below, int (*wanted)(const struct dirent *),
                        const char *file, bool named)
{
    _cleanup_free_ char *folder = text_format("%s" CPU_FOLDER "%s", root, below);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, wanted, alphasort);
    char *list = NULL;
    for (int i = 0; i < count; i++) {
        _cleanup_free_ char *path =
            text_format(CPU_FOLDER "%s/%s%s", below, entries[i]->d_name, file);
        _cleanup_free_ char *line = line_of(root, path);
        if (line != NULL && named) {
            text_append(&list, "; ", "%s: %s", entries[i]->d_name, line);
        } else if (line != NULL && !list_has(list, line)) {
            text_append(&list, ", ", "%s", line);
        }
        free(entries[i]);
    }
    free(entries);
    return list;
}

static char *read_turbo(const char *root)
{
    _cleanup_free_ char *none = line_of(root, CPU_FOLDER "/intel_pstate/no_turbo");
    if (none != NULL) {
        return text_copy(text_equal(none, "0") ? "on" : "off");
    }
    _cleanup_free_ char *boost = line_of(root, CPU_FOLDER "/cpufreq/boost");
    return boost == NULL ? NULL : text_copy(text_equal(boost, "1") ? "on" : "off");
}

static char *read_microcode(const char *root)
{
    _cleanup_free_ char *path = text_format("%s/proc/cpuinfo", root);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, FILE_MOST, &text, NULL, NULL) < 0) {
        return NULL;
    }
    char *at = strstr(text, "\nmicrocode");
    if (at == NULL) {
        return NULL;
    }
    at += strlen("\nmicrocode");
    at += strspn(at, " \t:");
    at[strcspn(at, "\n")] = '\0';
    return text_copy(at);
}

void tuning_read(const char *root, struct tuning *ret)
{
    *ret = (struct tuning){
        .governor = list_lines(root, "", is_cpu, "/cpufreq/scaling_governor", false),
        .turbo = read_turbo(root),
        .smt = line_of(root, CPU_FOLDER "/smt/control"),
        .mitigations = list_lines(root, "/vulnerabilities", is_visible, "", true),
        .microcode = read_microcode(root),
        .clock_source =
            line_of(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        .command_line = line_of(root, "/proc/cmdline"),
    };
}

void tuning_clear(struct tuning *tuning)
{
    if (tuning == NULL) {
        return;
    }
    free(tuning->governor);
    free(tuning->turbo);
    free(tuning->smt);
    free(tuning->mitigations);
    free(tuning->microcode);
    free(tuning->clock_source);
    free(tuning->command_line);
    *tuning = (struct tuning){0};
}
