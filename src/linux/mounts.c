// SPDX-License-Identifier: GPL-3.0-or-later
// linux/mounts — see mounts.h. Called by files of this room that look for control groups.
#include "linux/mounts.h"

#include <mntent.h>
#include <stdio.h>

#include "base/text.h"

#define LINE_MAX_BYTES 4096 // the rest of a longer line is dropped, as by getmntent(3)

char *mounts_find(const char *type, const char *option, bool (*accepts)(const char *mount_point))
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    if (mounts == NULL) {
        return NULL;
    }
    char *found = NULL;
    char line[LINE_MAX_BYTES];
    struct mntent entry;
    while (found == NULL && getmntent_r(mounts, &entry, line, sizeof line) != NULL) {
        if (text_equal(entry.mnt_type, type) &&
            (option == NULL || hasmntopt(&entry, option) != NULL) &&
            (accepts == NULL || accepts(entry.mnt_dir))) {
            found = text_copy(entry.mnt_dir);
        }
    }
    endmntent(mounts);
    return found;
}
