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
#include "base/text.h"
#include "image/folders.h"

#define DEPTH_MAX  4
#define LOCAL_NAME "of a file"

char *package_cache_folder(void)
{
    return folder_for_user("/var/cache/vrbench", "XDG_CACHE_HOME", ".cache", "vrbench");
}

// ---- what apt says

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

char *package_depends(const char *depends, const char *start)
{
    for (const char *at = depends; at != NULL;) {
        at += strspn(at, " ,");
        size_t length = strcspn(at, " ,(:|");
        if (length > 0 && strncmp(at, start, strlen(start)) == 0) {
            return text_copy_bytes(at, length);
        }
        at = strchr(at, ',');
    }
    return NULL;
}

// Names as Debian's policy (5.6.1) has them: none is an option or a path.
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
        return fail_lacking(err, "apt knows no package %s: sudo apt-get update may help", name);
    }
    error_move(err, &why);
    return rc;
}

// Follows packages that only stand for another.
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
            return fail(err, 0, "apt-cache tells no version of %s", at);
        }
        // As apt names files: an epoch's colon is escaped.
        const char *colon = strchr(version, ':');
        *ret_file = colon == NULL ? text_format("%s_%s_%s.deb", at, version, architecture)
                                  : text_format("%s_%.*s%%3a%s_%s.deb", at, (int)(colon - version),
                                                version, colon + 1, architecture);
        ret->name = steal_pointer(&at);
        ret->version = steal_pointer(&version);
        return 0;
    }
    return fail(err, 0, "package %s leads nowhere", name);
}

static int fetch(struct package *package, const char *file, struct error *err)
{
    _cleanup_free_ char *folder = package_cache_folder();
    int rc = file_make_dirs(folder, err);
    if (rc < 0) {
        return rc;
    }
    // One at a time: apt-get writes to a name beside the file's.
    _cleanup_close_ int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) < 0) {
        return errno == EINTR ? fail_interrupted(err) : fail(err, errno, "%s", folder);
    }
    _cleanup_free_ char *exact = text_format("%s=%s", package->name, package->version);
    const char *const argv[] = {"apt-get",  "-q",  "-o", "APT::Sandbox::User=root",
                                "download", exact, NULL};
    rc = run_tool("apt-get", "apt", argv, folder, NULL, err);
    if (rc < 0) {
        error_context(err, "fetching package %s", package->name);
        return rc;
    }
    package->file = text_format("%s/%s", folder, file);
    return access(package->file, R_OK) < 0 ? fail(err, errno, "%s", package->file) : 0;
}

int package_fetch(const char *name, const char *through, struct package *ret, struct error *err)
{
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".deb") == 0) {
        if (access(name, R_OK) < 0) {
            return fail_input(err, "%s: %s", name, strerror(errno));
        }
        const char *base = strrchr(name, '/');
        *ret = (struct package){.name = text_copy(base == NULL ? name : base + 1),
                                .version = text_copy(LOCAL_NAME),
                                .file = text_copy(name)};
        return 0;
    }
    if (!is_package_name(name)) {
        return fail_input(err, "\"%s\" is neither a package's name nor a file *.deb", name);
    }
    struct package found = {0};
    _cleanup_free_ char *file = NULL;
    int rc = resolve(name, through, &found, &file, err);
    rc = rc == 0 ? fetch(&found, file, err) : rc;
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
