// SPDX-License-Identifier: GPL-3.0-or-later
// base/private_folder — see private_folder.h. Called by report/ and study/.
#include "base/private_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/text.h"

#define PUBLISHED_MAX ((size_t)1 << 30)

int private_folder_make(char **ret_path, struct error *err)
{
    const char *place = getenv("TMPDIR");
    bool usable = place != NULL && *place == '/' && access(place, W_OK | X_OK) == 0;
    _cleanup_free_ char *path = text_format("%s/vrbench-XXXXXX", usable ? place : "/tmp");
    if (mkdtemp(path) == NULL) {
        return fail(err, errno, "making a directory for temporary files, %s", path);
    }
    *ret_path = steal_pointer(&path);
    return 0;
}

int private_folder_publish(const char *from, const char *to, struct error *err)
{
    int rc = file_make_dirs(to, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_closedir_ DIR *files = opendir(from);
    if (files == NULL) {
        return fail(err, errno, "%s", from);
    }
    for (struct dirent *entry = NULL; (entry = readdir(files)) != NULL;) {
        _cleanup_free_ char *source = text_format("%s/%s", from, entry->d_name);
        _cleanup_free_ char *target = text_format("%s/%s", to, entry->d_name);
        _cleanup_free_ char *bytes = NULL;
        size_t length = 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        rc = file_read_plain(source, PUBLISHED_MAX, &bytes, &length, err);
        rc = rc < 0 ? rc : file_replace_passing(target, bytes, length, err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

void private_folder_discard(char **path)
{
    if (*path != NULL) {
        (void)folder_remove(*path, NULL);
    }
    free(steal_pointer(path));
}
