// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/daemon — see daemon.h. The dynamic loader of the unpacked packages lists the libraries of a
 * program (ld.so(8), --list), as it resolves them in the guest. No library of this machine is used.
 */
#include "image/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/archives.h"
#include "image/folders.h"

#define LIBRARIES "lib/x86_64-linux-gnu" // where the guest's loader searches
#define LOADER    "lib64/ld-linux-x86-64.so.2"

struct recipe {
    const char *package;
    const char *programs[5];
    const struct archive_item *items; // further entries
    size_t item_count;
};

#define TEXT(text) .bytes = (text), .length = sizeof(text) - 1

// The users and groups that FRR's package makes. vtysh searches the programs below /var/run, and
// its own file admits root without PAM.
static const struct archive_item frr_items[] = {
    {.path = "etc/group",
     .mode = 0644,
     TEXT("root:x:0:\ntty:x:5:\nfrr:x:100:\nfrrvty:x:101:frr\n")},
    {.path = "etc/passwd",
     .mode = 0644,
     TEXT("root:x:0:0:root:/root:/bin/sh\nfrr:x:100:100::/:/bin/false\n")},
    {.path = "etc/frr/vtysh.conf", .mode = 0644, TEXT("username root nopassword\n")},
    {.path = "var/run", .link = "/run"},
    {.path = "var/tmp", .link = "/tmp"},
};

static const struct recipe recipes[] = {
    [DAEMON_FRR] = {.package = "frr",
                    .programs = {"usr/lib/frr/zebra", "usr/lib/frr/ospfd", "usr/lib/frr/staticd",
                                 "usr/bin/vtysh"},
                    .items = frr_items,
                    .item_count = sizeof frr_items / sizeof frr_items[0]},
    [DAEMON_BIRD] = {.package = "bird2", .programs = {"usr/sbin/bird", "usr/sbin/birdc"}},
};

// ---- packages

// Whether a Debian package contains libraries, by its name.
static bool is_library(const char *package)
{
    return text_starts(package, "lib") || text_starts(package, "zlib");
}

static bool is_wanted(const char *path)
{
    const char *base = strrchr(path, '/');
    if (base != NULL && strstr(base, ".so") != NULL) {
        return text_starts(path, "lib/") || text_starts(path, "usr/lib/");
    }
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        for (const char *const *program = recipes[i].programs; *program != NULL; program++) {
            if (text_equal(path, *program)) {
                return true;
            }
        }
    }
    return false;
}

// ---- libraries

struct libraries {
    char **paths; // library files in the tree, in the order of their names
    size_t count;
};

static void clear_libraries(struct libraries *libraries)
{
    for (size_t i = 0; i < libraries->count; i++) {
        free(libraries->paths[i]);
    }
    free((void *)libraries->paths);
}

static int by_base(const void *a, const void *b)
{
    return strcmp(text_base_name(*(char *const *)a), text_base_name(*(char *const *)b));
}

static void note(struct libraries *libraries, const char *path, size_t length)
{
    char *copy = text_copy_bytes(path, length);
    for (size_t i = 0; i < libraries->count; i++) {
        if (text_equal(text_base_name(libraries->paths[i]), text_base_name(copy))) {
            free(copy);
            return;
        }
    }
    libraries->paths = memory_resize((void *)libraries->paths, libraries->count + 1, sizeof copy);
    libraries->paths[libraries->count++] = copy;
}

// Parses the loader's list of "NAME => PATH (ADDRESS)". The lines of the loader and of the kernel's
// vDSO have no "=>".
static int take_list(const char *text, const char *tree, const char *program,
                     struct libraries *libraries, struct error *err)
{
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        _cleanup_free_ char *copy = text_copy_bytes(line, length);
        char *path = strstr(copy, " => ");
        if (path != NULL) {
            *path = '\0';
            path += strlen(" => ");
            path[strcspn(path, " ")] = '\0';
            const char *name = copy + strspn(copy, " \t");
            if (text_equal(text_base_name(name), text_base_name(LOADER))) {
                path = NULL;
            } else if (!text_starts(path, tree)) {
                return fail(err, 0, "%s: no package contains it, but %s requires it", name,
                            program);
            }
        }
        if (path != NULL) {
            note(libraries, path, strlen(path));
        }
        line += length + (line[length] == '\n');
    }
    return 0;
}

// Since Debian 13 packages have their files below usr/.
static int find_loader(const char *tree, char **ret, struct error *err)
{
    static const char *const places[] = {"lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu",
                                         "lib64", "usr/lib64"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *path = text_format("%s/%s/%s", tree, places[i], text_base_name(LOADER));
        if (access(path, F_OK) == 0 && chmod(path, 0755) == 0) {
            *ret = path;
            return 0;
        }
        free(path);
    }
    return fail(err, 0, "the packages contain no dynamic loader");
}

static int find_libraries(const struct recipe *recipe, const char *tree, const char *loader,
                          struct libraries *libraries, struct error *err)
{
    _cleanup_free_ char *folders =
        text_format("%s/lib/x86_64-linux-gnu:%s/usr/lib/x86_64-linux-gnu:"
                    "%s/usr/lib/x86_64-linux-gnu/frr",
                    tree, tree, tree);
    int rc = 0;
    for (const char *const *program = recipe->programs; rc == 0 && *program != NULL; program++) {
        _cleanup_free_ char *path = text_format("%s/%s", tree, *program);
        _cleanup_free_ char *text = NULL;
        const char *const argv[] = {
            loader, "--inhibit-cache", "--library-path", folders, "--list", path, NULL};
        rc = run_file(loader, argv, NULL, &text, err);
        rc = rc == 0 ? take_list(text, tree, *program, libraries, err) : rc;
    }
    if (rc == 0 && libraries->count > 0) {
        qsort((void *)libraries->paths, libraries->count, sizeof libraries->paths[0], by_base);
    }
    return rc;
}

// ---- the archive

static int add_file(struct archive_out *out, const char *path, const char *file, mode_t mode,
                    struct error *err)
{
    const struct archive_item item = {.path = path, .mode = mode, .file = file};
    return archive_out_add(out, &item, err);
}

static int fill(struct archive_out *out, const struct recipe *recipe, const char *tree,
                const char *loader, const struct libraries *libraries, struct error *err)
{
    int rc = add_file(out, LOADER, loader, 0755, err);
    for (size_t i = 0; rc == 0 && i < libraries->count; i++) {
        _cleanup_free_ char *to = text_format(LIBRARIES "/%s", text_base_name(libraries->paths[i]));
        rc = add_file(out, to, libraries->paths[i], 0644, err);
    }
    for (const char *const *program = recipe->programs; rc == 0 && *program != NULL; program++) {
        _cleanup_free_ char *from = text_format("%s/%s", tree, *program);
        rc = add_file(out, *program, from, 0755, err);
    }
    for (size_t i = 0; rc == 0 && i < recipe->item_count; i++) {
        rc = archive_out_add(out, &recipe->items[i], err);
    }
    return rc;
}

static int write_archive(const struct recipe *recipe, const char *tree, const char *archive,
                         struct error *err)
{
    struct libraries libraries = {0};
    _cleanup_free_ char *loader = NULL;
    struct archive_out *out = NULL;
    int rc = find_loader(tree, &loader, err);
    rc = rc == 0 ? find_libraries(recipe, tree, loader, &libraries, err) : rc;
    rc = rc == 0 ? archive_out_open(archive, 0644, ARCHIVE_CPIO, NULL, &out, err) : rc;
    if (rc == 0) {
        rc = fill(out, recipe, tree, loader, &libraries, err);
        rc = rc == 0 ? archive_out_finish(out, err) : rc;
        archive_out_free(out);
    }
    clear_libraries(&libraries);
    return rc;
}

int daemon_build(enum routing_daemon daemon, const char *tree, const char *archive,
                 struct package_list *ret, struct error *err)
{
    const struct recipe *recipe = &recipes[daemon];
    _cleanup_package_list_ struct package_list packages = {0};
    int rc = package_fetch_all(recipe->package, is_library, &packages, err);
    for (size_t i = 0; rc == 0 && i < packages.count; i++) {
        rc = archive_unpack_deb(packages.items[i].file, is_wanted, tree, err);
    }
    _cleanup_free_ char *whole =
        rc == 0 ? realpath(tree, NULL) : NULL; // the form in which the loader prints it
    if (rc == 0 && whole == NULL) {
        rc = fail(err, errno, "%s", tree);
    }
    rc = rc == 0 ? write_archive(recipe, whole, archive, err) : rc;
    if (rc < 0) {
        error_context(err, "making %s for routers", recipe->package);
        return rc;
    }
    *ret = packages;
    packages = (struct package_list){0};
    return 0;
}
