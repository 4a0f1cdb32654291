// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/record — see record.h. Called by testbed.c and cleanup.c.
#include "testbed/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define RECORD_TEXT_MAX (16U << 20)

static struct record *record_new(const char *id)
{
    struct record *record = memory_new(1, sizeof *record);
    record->id = text_copy(id);
    record->directory = text_format(RECORD_ROOT "/%s", id);
    record->lock = -1;
    record->content = json_object();
    return record;
}

void record_forget(struct record *record)
{
    if (record == NULL) {
        return;
    }
    if (record->lock >= 0) {
        close(record->lock);
    }
    json_decref(record->content);
    free(record->id);
    free(record->directory);
    free(record);
}

static char *path_of(const struct record *record, const char *suffix)
{
    return text_format("%s.%s", record->directory, suffix);
}

// Makes the lock file under a passing name, locks it, and only then gives it its own: it is never
// seen unlocked while its owner lives.
static int create_lock(struct record *record, struct error *err)
{
    _cleanup_free_ char *passing = path_of(record, "new");
    _cleanup_free_ char *path = path_of(record, "lock");
    record->lock = open(passing, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (record->lock < 0) {
        return fail(err, errno, "%s", passing);
    }
    if (flock(record->lock, LOCK_EX | LOCK_NB) < 0 ||
        renameat2(AT_FDCWD, passing, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
        int saved = errno;
        unlink(passing);
        return fail(err, saved, "%s", path);
    }
    return 0;
}

int record_write(const struct record *record, struct error *err)
{
    _cleanup_free_ char *path = path_of(record, "json");
    char *text = json_dumps(record->content, JSON_INDENT(1));
    if (text == NULL) {
        return fail(err, ENOMEM, "%s", path);
    }
    int rc = file_replace_passing(path, text, strlen(text), err);
    free(text);
    return rc;
}

static int mount_directory(const struct record *record, struct error *err)
{
    if (mkdir(record->directory, 0700) < 0) {
        return fail(err, errno, "making %s", record->directory);
    }
    if (mount("vrbench", record->directory, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "mode=0700,size=1m") < 0) {
        return fail(err, errno, "mounting a tmpfs on %s", record->directory);
    }
    return 0;
}

int record_create(struct record **ret, struct error *err)
{
    static unsigned number;
    int rc = file_make_dirs(RECORD_ROOT, err);
    if (rc < 0) {
        return rc;
    }
    struct record *record = NULL;
    do {
        record_forget(record);
        _cleanup_free_ char *id = text_format("%d-%u", (int)getpid(), number++);
        record = record_new(id);
        rc = create_lock(record, err);
    } while (rc == -EEXIST); // left by a process that had our number
    if (rc < 0) {
        record_forget(record);
        return rc;
    }
    rc = record_write(record, err);
    if (rc == 0) {
        rc = mount_directory(record, err);
    }
    if (rc < 0) {
        (void)record_remove(record, NULL);
        return rc;
    }
    *ret = record;
    return 0;
}

int record_remove(struct record *record, struct error *err)
{
    _cleanup_free_ char *json = path_of(record, "json");
    _cleanup_free_ char *json_passing = path_of(record, "json.new");
    _cleanup_free_ char *lock = path_of(record, "lock");
    int rc = 0;
    // Whether a mount of ours is still there is what rmdir() tells; without it nothing was mounted
    // (EINVAL), or this process may not even ask (EPERM).
    bool unmounted = umount2(record->directory, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
    int why = unmounted ? 0 : errno;
    if (rmdir(record->directory) < 0 && errno != ENOENT) {
        rc = unmounted || why == EINVAL ? fail(err, errno, "removing %s", record->directory)
                                        : fail(err, why, "unmounting %s", record->directory);
    }
    if (rc == 0) {
        (void)unlink(json_passing);
        (void)unlink(json);
        (void)unlink(lock);
        (void)rmdir(RECORD_ROOT); // fails, rightly, while other records are there
    }
    record_forget(record);
    return rc;
}

// Opens and locks ID.lock. Returns -EBUSY for one whose owner lives, -ENOENT for one that has gone.
static int take_lock(struct record *record)
{
    _cleanup_free_ char *path = path_of(record, "lock");
    record->lock = open(path, O_RDWR | O_CLOEXEC);
    if (record->lock < 0) {
        return -ENOENT;
    }
    if (flock(record->lock, LOCK_EX | LOCK_NB) < 0) {
        return -EBUSY;
    }
    struct stat st;
    return fstat(record->lock, &st) < 0 || st.st_nlink == 0 ? -ENOENT : 0;
}

int record_take_dead(struct record **ret, struct error *err)
{
    _cleanup_closedir_ DIR *root = opendir(RECORD_ROOT);
    if (root == NULL) {
        return errno == ENOENT ? 0 : fail(err, errno, RECORD_ROOT);
    }
    for (struct dirent *entry = readdir(root); entry != NULL; entry = readdir(root)) {
        char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".lock") != 0) {
            continue;
        }
        *dot = '\0';
        struct record *record = record_new(entry->d_name);
        if (take_lock(record) < 0) {
            record_forget(record);
            continue;
        }
        _cleanup_free_ char *path = path_of(record, "json");
        _cleanup_free_ char *text = NULL;
        if (file_read(path, RECORD_TEXT_MAX, &text, NULL, NULL) == 0) {
            json_t *content = json_loads(text, 0, NULL);
            if (json_is_object(content)) {
                json_decref(record->content);
                record->content = content;
            } else {
                json_decref(content);
            }
        }
        *ret = record;
        return 1;
    }
    return 0;
}
