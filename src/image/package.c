// SPDX-License-Identifier: GPL-3.0-or-later
// image/package — see package.h.
#include "image/package.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "image/folders.h"

#define DEPTH_MAX  4
#define LOCAL_NAME "of a file"

char *package_cache_folder(void)
{
    return folder_for_user("/var/cache/vrbench", "XDG_CACHE_HOME", ".cache", "vrbench");
}

// ---- apt's output

char *package_field(const char *text, const char *field)
{
    size_t length = strlen(field);
    for (const char *line = text; line != NULL && *line != '\0' && *line != '\n';) {
        const char *end = strchrnul(line, '\n');
        if (strncmp(line, field, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1;
            value += strspn(value, " ");
            return value > end ? text_copy("") : text_copy_bytes(value, (size_t)(end - value));
        }
        line = *end == '\0' ? NULL : end + 1;
    }
    return NULL;
}

char *package_next_depends(const char **at)
{
    const char *name = *at + strspn(*at, " ,");
    size_t length = strcspn(name, " ,(:|");
    *at = strchrnul(name, ',');
    return length == 0 ? NULL : text_copy_bytes(name, length);
}

char *package_depends(const char *depends, const char *start)
{
    char *name = NULL;
    while ((name = package_next_depends(&depends)) != NULL && !text_starts(name, start)) {
        free(name);
    }
    return name;
}

// Checks a name against Debian's policy (5.6.1), so that it cannot be an option or a path.
static bool is_package_name(const char *name)
{
    if (!islower((unsigned char)name[0]) && !isdigit((unsigned char)name[0])) {
        return false;
    }
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+.-")] == '\0';
}

static int show(const char *name, char **ret_text, struct error *err)
{
    const char *const argv[] = {"apt-cache", "show", "--no-all-versions", name, NULL};
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = run_tool("apt-cache", "apt", argv, NULL, ret_text, &why);
    if (rc == -EIO) {
        return fail_lacking(err, "apt does not know package %s; try: sudo apt-get update", name);
    }
    error_move(err, &why);
    return rc;
}

// The file name that apt uses: an epoch's colon is escaped.
static char *file_name(const char *package, const char *version, const char *architecture)
{
    const char *colon = strchr(version, ':');
    return colon == NULL ? text_format("%s_%s_%s.deb", package, version, architecture)
                         : text_format("%s_%.*s%%3a%s_%s.deb", package, (int)(colon - version),
                                       version, colon + 1, architecture);
}

// Follows packages that only depend on another.
static int resolve(const char *name, const char *through, struct package *ret, char **ret_file,
                   struct error *err)
{
    _cleanup_free_ char *at = text_copy(name);
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        _cleanup_free_ char *text = NULL;
        int rc = show(at, &text, err);
        if (rc < 0) {
            return rc;
        }
        _cleanup_free_ char *depends = package_field(text, "Depends");
        char *next = *through == '\0' || depends == NULL ? NULL : package_depends(depends, through);
        if (next != NULL) {
            free(at);
            at = next;
            continue;
        }
        _cleanup_free_ char *version = package_field(text, "Version");
        _cleanup_free_ char *architecture = package_field(text, "Architecture");
        if (version == NULL || architecture == NULL) {
            return fail(err, 0, "apt-cache reports no version of %s", at);
        }
        *ret_file = file_name(at, version, architecture);
        ret->name = steal_pointer(&at);
        ret->version = steal_pointer(&version);
        return 0;
    }
    return fail(err, 0, "package %s depends on no package that could be used instead", name);
}

// Fetches packages. `file` is a file name before, and a path after.
static int fetch(struct package *packages, size_t count, struct error *err)
{
    _cleanup_free_ char *folder = package_cache_folder();
    int rc = file_make_dirs(folder, err);
    if (rc < 0) {
        return rc;
    }
    // One fetch at a time: apt-get uses a fixed temporary name beside the file.
    _cleanup_close_ int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0) {
        return fail(err, errno, "%s", folder);
    }
    rc = stop_lock(lock, LOCK_EX, err);
    if (rc < 0) {
        return rc;
    }
    static const char *const start[] = {"apt-get", "-q", "-o", "APT::Sandbox::User=root",
                                        "download"};
    const size_t words = sizeof start / sizeof start[0];
    char **argv = memory_new_array(char *, words + count + 1);
    for (size_t i = 0; i < words; i++) {
        argv[i] = text_copy(start[i]);
    }
    for (size_t i = 0; i < count; i++) {
        argv[words + i] = text_format("%s=%s", packages[i].name, packages[i].version);
    }
    rc = run_tool("apt-get", "apt", (const char *const *)argv, folder, NULL, err);
    for (size_t i = 0; i < words + count; i++) {
        free(argv[i]);
    }
    free((void *)argv);
    if (rc < 0) {
        error_context(err, "fetching package %s", packages[0].name);
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        char *path = text_format("%s/%s", folder, packages[i].file);
        free(packages[i].file);
        packages[i].file = path;
        if (access(path, R_OK) < 0) {
            return fail(err, errno, "%s", path);
        }
    }
    return 0;
}

int package_fetch(const char *name, const char *through, struct package *ret, struct error *err)
{
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".deb") == 0) {
        if (access(name, R_OK) < 0) {
            return fail_input(err, "%s: %s", name, strerror(errno));
        }
        *ret = (struct package){.name = text_copy(text_base_name(name)),
                                .version = text_copy(LOCAL_NAME),
                                .file = text_copy(name)};
        return 0;
    }
    if (!is_package_name(name)) {
        return fail_input(err, "\"%s\" is neither a package name nor a *.deb file", name);
    }
    struct package found = {0};
    int rc = resolve(name, through, &found, &found.file, err);
    rc = rc == 0 ? fetch(&found, 1, err) : rc;
    if (rc < 0) {
        package_clear(&found);
        return rc;
    }
    *ret = found;
    return 0;
}

void package_clear(struct package *package)
{
    free(package->name);
    free(package->version);
    free(package->file);
    *package = (struct package){0};
}

// ---- a package and its dependencies

static struct package *find(const struct package_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (text_equal(list->items[i].name, name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static void note(struct package_list *list, const char *name)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct package){.name = text_copy(name)};
}

static void note_depends(struct package_list *list, const char *stanza, const char *field,
                         bool (*follow)(const char *name))
{
    _cleanup_free_ char *depends = package_field(stanza, field);
    const char *at = depends;
    for (char *name = NULL; at != NULL && (name = package_next_depends(&at)) != NULL; free(name)) {
        if (is_package_name(name) && follow(name) && find(list, name) == NULL) {
            note(list, name);
        }
    }
}

static void take_stanza(struct package_list *list, const char *stanza,
                        bool (*follow)(const char *name))
{
    _cleanup_free_ char *name = package_field(stanza, "Package");
    _cleanup_free_ char *version = package_field(stanza, "Version");
    _cleanup_free_ char *architecture = package_field(stanza, "Architecture");
    struct package *package = name == NULL ? NULL : find(list, name);
    if (package == NULL || package->version != NULL || version == NULL || architecture == NULL) {
        return;
    }
    package->file = file_name(name, version, architecture);
    package->version = steal_pointer(&version);
    note_depends(list, stanza, "Pre-Depends", follow); // may reallocate the array of packages
    note_depends(list, stanza, "Depends", follow);
}

// Looks up the packages from index `begin` on, and appends their dependencies.
static int look_up(struct package_list *list, size_t begin, bool (*follow)(const char *name),
                   struct error *err)
{
    size_t end = list->count;
    const char **argv = (const char **)memory_new_array(char *, 4 + end - begin);
    argv[0] = "apt-cache";
    argv[1] = "show";
    argv[2] = "--no-all-versions";
    for (size_t i = begin; i < end; i++) {
        argv[3 + i - begin] = list->items[i].name;
    }
    _cleanup_free_ char *text = NULL;
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = run_tool("apt-cache", "apt", argv, NULL, &text, &why);
    free((void *)argv);
    if (rc < 0 && rc != -EIO) { // apt-cache fails if one of them is unknown
        error_move(err, &why);
        return rc;
    }
    for (const char *stanza = text; stanza != NULL;) {
        take_stanza(list, stanza, follow);
        stanza = strstr(stanza, "\n\n");
        stanza = stanza == NULL ? NULL : stanza + 2;
    }
    for (size_t i = begin; i < end; i++) {
        if (list->items[i].version == NULL) {
            return fail_lacking(err, "apt does not know package %s; try: sudo apt-get update",
                                list->items[i].name);
        }
    }
    return 0;
}

int package_fetch_all(const char *name, bool (*follow)(const char *name), struct package_list *ret,
                      struct error *err)
{
    struct package_list list = {0};
    int rc = 0;
    note(&list, name);
    for (size_t begin = 0; rc == 0 && begin < list.count;) {
        size_t end = list.count;
        rc = look_up(&list, begin, follow, err);
        begin = end;
    }
    rc = rc == 0 ? fetch(list.items, list.count, err) : rc;
    if (rc < 0) {
        package_list_clear(&list);
        return rc;
    }
    *ret = list;
    return 0;
}

void package_list_clear(struct package_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        package_clear(&list->items[i]);
    }
    free(list->items);
    *list = (struct package_list){0};
}
