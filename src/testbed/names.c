// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/names — see names.h. Called by standing.c, routers.c, life.c and cleanup.c.
#include "testbed/names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "linux/netns.h"

#define FILE_MODE 0400 // of an empty file before the mount; that of ip-netns(8) is 0

// Makes the folder as ip-netns(8) does: a shared mount of its own, so that removing a name here
// also removes it from the mount namespaces of services.
static int make_folder(struct error *err)
{
    if (mkdir(NAMES_FOLDER, 0755) < 0 && errno != EEXIST) {
        return fail(err, errno, "%s", NAMES_FOLDER);
    }
    if (mount("", NAMES_FOLDER, "none", MS_SHARED | MS_REC, NULL) == 0) {
        return 0;
    }
    // It is no mount yet.
    if (errno != EINVAL || mount(NAMES_FOLDER, NAMES_FOLDER, "none", MS_BIND | MS_REC, NULL) < 0 ||
        mount("", NAMES_FOLDER, "none", MS_SHARED | MS_REC, NULL) < 0) {
        return fail(err, errno, "sharing the mounts of %s", NAMES_FOLDER);
    }
    return 0;
}

// Mounts a namespace on a new file of that path, which must not exist.
static int mount_at(const char *path, const struct netns *ns, struct error *err)
{
    _cleanup_free_ char *from = text_format("/proc/thread-self/fd/%d", ns->fd);
    _cleanup_close_ int file =
        open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (file < 0) {
        return errno == EEXIST ? fail_input(err, "the namespace %s exists already (ip netns list)",
                                            path + strlen(NAMES_FOLDER "/"))
                               : fail(err, errno, "%s", path);
    }
    if (mount(from, path, "none", MS_BIND, NULL) < 0) {
        int rc = fail(err, errno, "mounting a namespace on %s", path);
        (void)unlink(path);
        return rc;
    }
    return 0;
}

// Gives one node its name, after it was recorded.
static int give(struct testbed *testbed, size_t node, struct error *err)
{
    const struct netns *ns = testbed_netns(testbed, node);
    const char *called = testbed->plan->nodes[node].name;
    json_t *names = json_object_get(testbed->record->content, NAMES);
    struct stat st;
    if (ns == NULL) {
        return 0;
    }
    _cleanup_free_ char *name = text_format("%s-%s", testbed_name(testbed), called);
    _cleanup_free_ char *path = text_format(NAMES_FOLDER "/%s", name);
    if (strlen(name) > NAME_MAX) {
        return fail_input(err, "%s is too long for the name of a namespace", name);
    }
    if (lstat(path, &st) == 0) {
        return fail_input(err, "the namespace %s exists already (ip netns list)", name);
    }
    if (fstat(ns->fd, &st) < 0) {
        return fail(err, errno, "the namespace of %s", called);
    }
    json_object_set_new(names, called,
                        json_pack("{s:s, s:I}", "name", name, "inode", (json_int_t)st.st_ino));
    int rc = record_write(testbed->record, err);
    return rc < 0 ? rc : mount_at(path, ns, err);
}

// Removes a recorded name if it is this testbed's: a mount of the recorded namespace, or the empty
// file of a process that died before it mounted anything.
static void take(const json_t *noted)
{
    const char *name = json_string_value(json_object_get(noted, "name"));
    struct stat st;
    if (name == NULL || name[0] == '.' || strchr(name, '/') != NULL) {
        return;
    }
    _cleanup_free_ char *path = text_format(NAMES_FOLDER "/%s", name);
    if (lstat(path, &st) < 0) {
        return;
    }
    bool mounted = (json_int_t)st.st_ino == json_integer_value(json_object_get(noted, "inode"));
    bool unfinished = S_ISREG(st.st_mode) && st.st_size == 0 && (st.st_mode & 0777) == FILE_MODE;
    if (!mounted && !unfinished) {
        return;
    }
    if ((mounted && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0) || unlink(path) < 0) {
        log_warning("testbed", "%s can't be removed: %s", path, strerror(errno));
    }
}

int names_give(struct testbed *testbed, struct error *err)
{
    if (!json_is_object(json_object_get(testbed->record->content, NAMES))) {
        return 0;
    }
    int rc = make_folder(err);
    for (size_t i = 0; rc == 0 && i < testbed->plan->node_count; i++) {
        rc = give(testbed, i, err);
    }
    return rc;
}

// Whether the recorded name of a node leads to something.
static bool is_there(const json_t *noted)
{
    const char *name = json_string_value(json_object_get(noted, "name"));
    _cleanup_free_ char *path = text_format(NAMES_FOLDER "/%s", name == NULL ? "" : name);
    struct stat st;
    return name != NULL && lstat(path, &st) == 0;
}

void names_complete(struct testbed *testbed)
{
    const json_t *names = json_object_get(testbed->record->content, NAMES);
    for (size_t i = 0; json_is_object(names) && i < testbed->plan->node_count; i++) {
        const char *called = testbed->plan->nodes[i].name;
        _cleanup_error_ struct error err = ERROR_INIT;
        if (!is_there(json_object_get(names, called)) && give(testbed, i, &err) < 0) {
            log_warning("testbed", "%s has no name in " NAMES_FOLDER ": %s", called, err.text);
        }
    }
}

void names_drop(struct testbed *testbed, size_t router)
{
    json_t *names = json_object_get(testbed->record->content, NAMES);
    const char *called = testbed->plan->scenario->routers[router].name;
    const json_t *noted = json_object_get(names, called);
    if (noted != NULL) {
        take(noted);
        json_object_del(names, called);
    }
}

void names_renew(struct testbed *testbed, size_t router)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    names_drop(testbed, router);
    if (json_is_object(json_object_get(testbed->record->content, NAMES)) &&
        testbed->routers[router].router != NULL &&
        give(testbed, plan_router_node(testbed->plan, router), &err) < 0) {
        log_warning("testbed", "router %s has no name in " NAMES_FOLDER ": %s",
                    testbed->plan->scenario->routers[router].name, err.text);
    }
}

void names_remove(const struct record *record)
{
    const char *node = NULL;
    json_t *noted = NULL;
    json_object_foreach(json_object_get(record->content, NAMES), node, noted)
    {
        take(noted);
    }
}
