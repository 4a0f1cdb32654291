// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/record — see record.h. Called by life.c and cleanup.c.
#include "testbed/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "linux/rights.h"
#include "linux/tree.h"

#define RECORD_TEXT_MAX   (16U << 20)
#define CREATE_ATTEMPTS   20
#define ELSEWHERE_LOOKS   20U // retries for a directory that is being mounted or removed
#define ELSEWHERE_NS      (2U * NS_PER_MS)
#define REMAINS_WITHIN_NS (5U * NS_PER_S) // of a run, after its end

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

// Creates the lock file under a temporary name, locks it, and then renames it: it is never visible
// unlocked while its owner lives. -EAGAIN if record_remove_strays() removed it first.
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
        int saved = errno == ENOENT ? EAGAIN : errno;
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
    int rc = file_replace_private(path, text, strlen(text), err);
    free(text);
    return rc;
}

static int mount_directory(const struct record *record, struct error *err)
{
    int rc = tree_remove(record->directory, NULL, err); // a stray of the same name
    if (rc < 0) {
        return rc;
    }
    if (mkdir(record->directory, 0700) < 0) {
        return fail(err, errno, "making %s", record->directory);
    }
    if (mount("vrbench", record->directory, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "mode=0700,size=1m") < 0) {
        return fail(err, errno, "mounting a tmpfs on %s", record->directory);
    }
    return 0;
}

// Other users may traverse it (QEMU's user, to a machine's disk), but not list it. The group that
// may look at testbeds may list it, to find the sockets; records are root's only.
static int make_root(struct error *err)
{
    gid_t group = 0;
    int rc = file_make_dirs(RECORD_ROOT, err);
    if (rc < 0) {
        return rc;
    }
    bool shared = rights_look_group(&group) && chown(RECORD_ROOT, (uid_t)-1, group) == 0;
    return chmod(RECORD_ROOT, shared ? 0751 : 0711) < 0 && errno != ENOENT
               ? fail(err, errno, RECORD_ROOT)
               : 0;
}

int record_create(struct record **ret, struct error *err)
{
    static _Atomic unsigned number;
    struct record *record = NULL;
    unsigned gone = 0;
    int rc;
    do {
        record_forget(record);
        error_clear(err);
        rc = make_root(err);
        if (rc < 0) {
            return rc;
        }
        _cleanup_free_ char *id = text_format("%d-%u", (int)getpid(), number++);
        record = record_new(id);
        rc = create_lock(record, err);
        // EEXIST: left by a process with the same PID. ENOENT: the folder was removed with its last
        // record.
    } while (rc == -EEXIST || ((rc == -ENOENT || rc == -EAGAIN) && ++gone < CREATE_ATTEMPTS));
    if (rc < 0) {
        record_forget(record);
        return rc;
    }
    if (rc == 0) {
        rc = record_write(record, err);
    }
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
    static const char *const suffixes[] = {"json.new", "json", "lock"};
    size_t foreign = 0;
    // Removing the directory also detaches its mount if only other mount namespaces see it.
    (void)tree_unmount(record->directory);
    int rc = tree_remove(record->directory, &foreign, err);
    if (foreign > 0) {
        log_warning("cleanup", "testbed %s: %zu entries of others were in %s below its mount",
                    record->id, foreign, record->directory);
    }
    for (size_t i = 0; rc == 0 && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        _cleanup_free_ char *path = path_of(record, suffixes[i]);
        rc = tree_remove(path, NULL, err);
    }
    (void)rmdir(RECORD_ROOT); // fails while other records exist
    record_forget(record);
    return rc;
}

// Opens and locks ID.lock. -EBUSY if its owner lives, -ENOENT if it is gone.
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

static void read_content(struct record *record)
{
    _cleanup_free_ char *path = path_of(record, "json");
    _cleanup_free_ char *text = NULL;
    if (file_read(path, RECORD_TEXT_MAX, &text, NULL, NULL) < 0) {
        return;
    }
    json_t *content = json_loads(text, 0, NULL);
    if (json_is_object(content)) {
        json_decref(record->content);
        record->content = content;
    } else {
        json_decref(content);
    }
}

int record_list(char ***ret_ids, size_t *ret_count, struct error *err)
{
    char **ids = NULL;
    size_t count = 0;
    _cleanup_closedir_ DIR *root = opendir(RECORD_ROOT);
    if (root == NULL && errno != ENOENT) {
        return fail(err, errno, RECORD_ROOT);
    }
    for (struct dirent *entry = NULL; root != NULL && (entry = readdir(root)) != NULL;) {
        char *dot = strrchr(entry->d_name, '.');
        if (dot != NULL && strcmp(dot, ".lock") == 0) {
            *dot = '\0';
            ids = memory_resize(ids, count + 1, sizeof *ids);
            ids[count++] = text_copy(entry->d_name);
        }
    }
    *ret_ids = ids;
    *ret_count = count;
    return 0;
}

void record_free_ids(char **ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(ids[i]);
    }
    free(ids);
}

int record_open(const char *id, struct record **ret, struct error *err)
{
    struct record *record = record_new(id);
    _cleanup_free_ char *path = path_of(record, "json");
    if (access(path, F_OK) < 0) {
        int saved = errno;
        record_forget(record);
        return fail(err, saved, "testbed %s", id);
    }
    read_content(record);
    *ret = record;
    return 0;
}

// Whether a file system other than that of RECORD_ROOT is mounted on the directory here.
static bool is_mounted(const struct record *record)
{
    struct stat root;
    struct stat own;
    return stat(RECORD_ROOT, &root) == 0 && stat(record->directory, &own) == 0 &&
           own.st_dev != root.st_dev;
}

bool record_is_elsewhere(const struct record *record)
{
    _cleanup_free_ char *json = path_of(record, "json");
    if (json_object_size(record->content) == 0) {
        return false; // its maker may not have mounted it yet
    }
    for (unsigned look = 0; look < ELSEWHERE_LOOKS; look++) {
        if (is_mounted(record) || access(json, F_OK) < 0) {
            return false;
        }
        clock_sleep(ELSEWHERE_NS);
    }
    return access(record->directory, F_OK) == 0;
}

int record_take_over(struct record *record, uint64_t within_ns, struct error *err)
{
    uint64_t deadline = clock_monotonic_ns() + within_ns;
    for (;;) {
        int rc = take_lock(record);
        if (rc != -EBUSY) {
            return rc < 0 ? fail(err, -rc, "testbed %s", record->id) : 0;
        }
        close(record->lock);
        record->lock = -1;
        if (clock_monotonic_ns() > deadline) {
            return fail(err, EBUSY, "testbed %s belongs to a process that lives", record->id);
        }
        clock_sleep(NS_PER_MS);
    }
}

// Whether the run that made the testbed has ended: its process ID is in the name of the record.
static bool maker_has_ended(struct record *record)
{
    read_content(record);
    long pid = strtol(record->id, NULL, 10);
    return !json_is_true(json_object_get(record->content, "kept")) && pid > 0 &&
           kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

int record_take_dead(const char *id, struct record **ret)
{
    struct record *record = record_new(id);
    int rc = take_lock(record);
    if (rc == -EBUSY && maker_has_ended(record)) {
        // Processes that it has forked hold the lock until they have ended, too.
        close(record->lock);
        record->lock = -1;
        rc = record_take_over(record, REMAINS_WITHIN_NS, NULL);
    }
    bool taken = rc == 0;
    if (taken) {
        read_content(record);
        taken = !json_is_true(json_object_get(record->content, "kept"));
    }
    if (!taken) {
        record_forget(record);
        return 0;
    }
    *ret = record;
    return 1;
}

// ---- strays

// The ID in the name of a record's file or directory ("PID-NUMBER.SUFFIX"); NULL for others.
static char *id_in_name(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    size_t more = name[digits] == '-' ? strspn(name + digits + 1, "0123456789") : 0;
    size_t length = digits + 1 + more;
    bool own = digits > 0 && more > 0 && (name[length] == '.' || name[length] == '\0');
    return own ? text_format("%.*s", (int)length, name) : NULL;
}

// Whether a process is about to rename that file to a lock.
static bool is_being_created(const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

void record_remove_strays(void)
{
    _cleanup_closedir_ DIR *root = opendir(RECORD_ROOT);
    for (struct dirent *entry = NULL; root != NULL && (entry = readdir(root)) != NULL;) {
        _cleanup_free_ char *id = id_in_name(entry->d_name);
        if (id == NULL) {
            continue;
        }
        _cleanup_free_ char *path = text_format(RECORD_ROOT "/%s", entry->d_name);
        _cleanup_free_ char *lock = text_format(RECORD_ROOT "/%s.lock", id);
        if (access(lock, F_OK) < 0 && !is_being_created(path)) {
            (void)tree_remove(path, NULL, NULL);
        }
    }
    (void)rmdir(RECORD_ROOT);
}
