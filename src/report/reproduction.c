// SPDX-License-Identifier: GPL-3.0-or-later
// report/reproduction — see reproduction.h.
#include "report/reproduction.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define REPRODUCE_NAME "reproduce.json"
#define REPRODUCE_MAX  ((size_t)16 << 20)

// Whether a path stays below the reproduction's folder: relative, without "..".
static bool is_below(const char *path)
{
    if (path == NULL || path[0] == '\0' || path[0] == '/') {
        return false;
    }
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/' ? 1 : 0;
        size_t length = strcspn(part, "/");
        if (length == 2 && strncmp(part, "..", 2) == 0) {
            return false;
        }
    }
    return true;
}

static int check(const json_t *reproduction, const char *path, struct error *err)
{
    const json_t *runs = json_object_get(reproduction, "runs");
    const json_t *claims = json_object_get(reproduction, "claims");
    size_t i;
    const json_t *item;
    if (!json_is_array(runs) || !json_is_array(claims)) {
        return fail_input(err, "%s: \"runs\" and \"claims\" must be lists", path);
    }
    json_array_foreach(runs, i, item)
    {
        if (!json_is_string(json_object_get(item, "name")) ||
            !is_below(json_string_value(json_object_get(item, "folder")))) {
            return fail_input(err,
                              "%s: run %zu must have a \"name\" and a \"folder\" below this one",
                              path, i + 1);
        }
    }
    json_array_foreach(claims, i, item)
    {
        if (!json_is_object(item)) {
            return fail_input(err, "%s: claim %zu must be an object", path, i + 1);
        }
    }
    return 0;
}

static void json_cleanup(json_t **json)
{
    json_decref(*json);
}

int reproduction_read(const char *folder, json_t **ret, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/" REPRODUCE_NAME, folder);
    if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        *ret = NULL;
        return 0;
    }
    _cleanup_free_ char *text = NULL;
    size_t length;
    int rc = file_read(path, REPRODUCE_MAX, &text, &length, err);
    if (rc < 0) {
        return rc;
    }
    json_error_t where;
    __attribute__((cleanup(json_cleanup))) json_t *reproduction =
        json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (reproduction == NULL) {
        return fail_input(err, "%s:%d:%d: %s", path, where.line, where.column, where.text);
    }
    rc = check(reproduction, path, err);
    if (rc < 0) {
        return rc;
    }
    *ret = steal_pointer(&reproduction);
    return 0;
}

int reproduction_run_folders(const char *folder, char ***ret, size_t *ret_count, struct error *err)
{
    __attribute__((cleanup(json_cleanup))) json_t *reproduction = NULL;
    int rc = reproduction_read(folder, &reproduction, err);
    if (rc < 0) {
        return rc;
    }
    const json_t *runs = json_object_get(reproduction, "runs");
    char **folders = memory_new_array(char *, json_array_size(runs) + 1);
    size_t count = 0;
    if (reproduction == NULL) {
        folders[count++] = text_copy(folder);
    }
    size_t i;
    const json_t *run;
    json_array_foreach(runs, i, run)
    {
        char *below =
            text_format("%s/%s", folder, json_string_value(json_object_get(run, "folder")));
        _cleanup_free_ char *points = text_format("%s/points.jsonl", below);
        bool known = access(points, F_OK) < 0;
        for (size_t k = 0; k < count && !known; k++) {
            known = text_equal(folders[k], below);
        }
        if (known) {
            free(below);
        } else {
            folders[count++] = below;
        }
    }
    *ret = folders;
    *ret_count = count;
    return 0;
}

void folders_free(char **folders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(folders[i]);
    }
    free(folders);
}
