// SPDX-License-Identifier: GPL-3.0-or-later
// linux/link_settings — the settings of an interface below /proc/sys/net; see link_state.h.
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/link_state.h"

#define SETTING_MAX 4096U

static const char *const folders[] = {"ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh"};

static char *setting_path(const char *folder, const char *name, const char *key)
{
    return text_format("/proc/sys/net/%s/%s/%s", folder, name, key);
}

// Reads a setting of the calling thread's namespace; NULL if it cannot be read or is empty.
static char *read_setting(const char *path)
{
    char *text = NULL;
    if (file_read(path, SETTING_MAX, &text, NULL, NULL) < 0) {
        return NULL;
    }
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void add_folder(const char *folder, const char *name, FILE *out)
{
    _cleanup_free_ char *path = text_format("/proc/sys/net/%s/%s", folder, name);
    _cleanup_closedir_ DIR *keys = opendir(path);
    for (struct dirent *key = NULL; keys != NULL && (key = readdir(keys)) != NULL;) {
        _cleanup_free_ char *file = setting_path(folder, name, key->d_name);
        _cleanup_free_ char *value = key->d_name[0] == '.' ? NULL : read_setting(file);
        if (value != NULL) {
            fprintf(out, "%s/*/%s=%s\n", folder, key->d_name, value);
        }
    }
}

char *link_settings_read(const struct netns *ns, const char *name)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        abort();
    }
    bool inside = netns_visit(ns, &visit, NULL) == 0;
    for (size_t i = 0; inside && i < sizeof folders / sizeof folders[0]; i++) {
        add_folder(folders[i], name, out);
    }
    fclose(out);
    return text;
}

static void restore_line(const char *name, char *line)
{
    char *value = strchr(line, '=');
    char *star = strstr(line, "/*/");
    if (value == NULL || star == NULL || star > value) {
        return;
    }
    *value++ = '\0';
    *star = '\0';
    _cleanup_free_ char *path = setting_path(line, name, star + strlen("/*/"));
    _cleanup_free_ char *now = read_setting(path);
    if (!text_equal(now, value)) {
        (void)file_write(path, value,
                         NULL); // fails for settings that are read-only or follow others
    }
}

void link_settings_restore(const struct netns *ns, const char *name, const char *settings)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    if (netns_visit(ns, &visit, NULL) < 0) {
        return;
    }
    _cleanup_free_ char *copy = text_copy(settings);
    char *rest = copy;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        restore_line(name, line);
    }
}
