// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/build — builds the tiny router guest: fetches the packages, unpacks the required files,
 * resolves the modules with depmod, writes the initramfs. Works in a locked folder FOLDER.building
 * beside the image's, and swaps it with the image's when complete. Called by cli/.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "image/archives.h"
#include "image/daemon.h"
#include "image/folders.h"
#include "image/image.h"
#include "image/kernel.h"
#include "image/package.h"
#include "image/parts.h"

#define KERNEL_MAX  (256U << 20)
#define TABLE_MAX   (16U << 20)
#define TREE        "tree" // unpacked files, below the folder that is built
#define BUSYBOX     TREE "/bin/busybox"
#define BUSYBOX_MAX 4096U // limit in bytes of the list of its applets

struct building {
    char *folder; // FOLDER.building
    int lock;
    struct package kernel, busybox;
    char *release;                       // release of the kernel: "6.1.0-56-cloud-amd64"
    struct kernel_modules modules, nics; // `nics`: additional ones for real NICs
    char *applets;                       // paths, one a line: "bin/ash"
    bool with[IMAGE_DAEMONS];
    struct package_list daemons[IMAGE_DAEMONS]; // packages of each daemon
};

static char *inside(const struct building *building, const char *path)
{
    return text_format("%s/%s", building->folder, path);
}

static char *daemon_archive(const struct building *building, enum routing_daemon daemon)
{
    return text_format("%s/%s.cpio", building->folder, routing_daemon_name(daemon));
}

// ---- the folder

static bool is_image(const char *folder)
{
    _cleanup_free_ char *path = text_format("%s/" IMAGE_DESCRIPTION, folder);
    return access(path, F_OK) == 0;
}

// Refuses to replace a folder that is neither an image nor empty.
static int check_place(const char *folder, struct error *err)
{
    struct stat st;
    if (lstat(folder, &st) < 0) {
        return errno == ENOENT ? 0 : fail(err, errno, "%s", folder);
    }
    if (!S_ISDIR(st.st_mode)) {
        return fail_input(err, "%s is not a folder", folder);
    }
    if (is_image(folder) || rmdir(folder) == 0) {
        return 0;
    }
    return errno == ENOTEMPTY
               ? fail_input(err, "%s contains files that do not belong to an image", folder)
               : fail(err, errno, "%s", folder);
}

// Removes what a killed build left.
static int begin(const char *folder, struct building *building, struct error *err)
{
    int rc = check_place(folder, err);
    building->folder = text_format("%s.building", folder);
    rc = rc == 0 ? file_make_dirs(building->folder, err) : rc;
    if (rc < 0) {
        return rc;
    }
    building->lock = open(building->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (building->lock < 0 || flock(building->lock, LOCK_EX | LOCK_NB) < 0) {
        int why = errno;
        cleanup_close(&building->lock);
        building->lock = -1; // the folder belongs to another build
        return why == EWOULDBLOCK ? fail(err, 0, "%s is being built by another process", folder)
                                  : fail(err, why, "%s", building->folder);
    }
    static const char *const left[] = {TREE,       IMAGE_KERNEL,     IMAGE_VMLINUX,    IMAGE_INITRD,
                                       IMAGE_NICS, IMAGE_NICS_TABLE, IMAGE_DESCRIPTION};
    for (size_t i = 0; rc == 0 && i < sizeof left / sizeof left[0]; i++) {
        _cleanup_free_ char *path = inside(building, left[i]);
        rc = folder_remove(path, err);
    }
    for (enum routing_daemon daemon = DAEMON_FRR; rc == 0 && daemon < IMAGE_DAEMONS; daemon++) {
        _cleanup_free_ char *path = daemon_archive(building, daemon);
        rc = folder_remove(path, err);
    }
    return rc;
}

static int put_in_place(struct building *building, const char *folder, struct error *err)
{
    int rc = renameat2(AT_FDCWD, building->folder, AT_FDCWD, folder, RENAME_NOREPLACE);
    if (rc < 0 && errno == EEXIST) {
        // The old image is now in the folder of the build, and is removed with it.
        rc = renameat2(AT_FDCWD, building->folder, AT_FDCWD, folder, RENAME_EXCHANGE);
    }
    return rc < 0 ? fail(err, errno, "putting the image into %s", folder) : 0;
}

static void end(struct building *building)
{
    if (building->lock >= 0) {
        (void)folder_remove(building->folder, NULL);
        close(building->lock);
    }
    free(building->folder);
    free(building->release);
    free(building->applets);
    package_clear(&building->kernel);
    package_clear(&building->busybox);
    kernel_modules_clear(&building->modules);
    kernel_modules_clear(&building->nics);
    for (size_t i = 0; i < IMAGE_DAEMONS; i++) {
        package_list_clear(&building->daemons[i]);
    }
}

// ---- packages

static bool wanted_of_kernel(const char *path)
{
    return text_starts(path, "boot/vmlinuz-") || text_starts(path, "lib/modules/") ||
           text_starts(path, "usr/lib/modules/");
}

static bool wanted_of_busybox(const char *path)
{
    return text_equal(path, "bin/busybox") || text_equal(path, "usr/bin/busybox");
}

// Finds the single entry of a folder that starts with `start`; returns the rest of its name.
static int only_entry(const char *folder, const char *start, char **ret, struct error *err)
{
    _cleanup_closedir_ DIR *dir = opendir(folder);
    _cleanup_free_ char *found = NULL;
    const struct dirent *entry = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && text_starts(entry->d_name, start)) {
            if (found != NULL) {
                return fail_input(err, "the package has more than one kernel");
            }
            found = text_copy(entry->d_name + strlen(start));
        }
    }
    if (found == NULL) {
        return fail_input(err, "the package has no kernel");
    }
    *ret = steal_pointer(&found);
    return 0;
}

// Since Debian 13 packages have their files below usr/.
static int unmerge(const struct building *building, const char *path, struct error *err)
{
    _cleanup_free_ char *merged = text_format("%s/" TREE "/usr/%s", building->folder, path);
    _cleanup_free_ char *plain = text_format("%s/" TREE "/%s", building->folder, path);
    if (access(merged, F_OK) < 0) {
        return 0;
    }
    _cleanup_free_ char *above = text_copy_bytes(plain, (size_t)(strrchr(plain, '/') - plain));
    int rc = file_make_dirs(above, err);
    return rc == 0 && rename(merged, plain) < 0 ? fail(err, errno, "%s", plain) : rc;
}

static int unpack(struct building *building, struct error *err)
{
    _cleanup_free_ char *tree = inside(building, TREE);
    int rc = archive_unpack_deb(building->kernel.file, wanted_of_kernel, tree, err);
    rc = rc == 0 ? archive_unpack_deb(building->busybox.file, wanted_of_busybox, tree, err) : rc;
    rc = rc == 0 ? unmerge(building, "lib/modules", err) : rc;
    rc = rc == 0 ? unmerge(building, "bin/busybox", err) : rc;
    if (rc < 0) {
        error_context(err, "unpacking");
        return rc;
    }
    _cleanup_free_ char *boot = inside(building, TREE "/boot");
    rc = only_entry(boot, "vmlinuz-", &building->release, err);
    if (rc < 0) {
        error_context(err, "%s", building->kernel.file);
    }
    return rc;
}

// ---- kernel and modules

static int make_kernel(struct building *building, struct error *err)
{
    _cleanup_free_ char *from =
        text_format("%s/" TREE "/boot/vmlinuz-%s", building->folder, building->release);
    _cleanup_free_ char *kernel = inside(building, IMAGE_KERNEL);
    _cleanup_free_ char *vmlinux = inside(building, IMAGE_VMLINUX);
    _cleanup_free_ char *bytes = NULL;
    size_t length = 0;
    size_t offset = 0;
    size_t payload = 0;
    if (rename(from, kernel) < 0) {
        return fail(err, errno, "%s", kernel);
    }
    int rc = file_read(kernel, KERNEL_MAX, &bytes, &length, err);
    rc = rc == 0 ? kernel_payload(bytes, length, &offset, &payload, err) : rc;
    return rc == 0 ? archive_decompress(bytes + offset, payload, vmlinux, err) : rc;
}

static int find_modules(struct building *building, struct error *err)
{
    _cleanup_free_ char *tree = inside(building, TREE);
    const char *const argv[] = {"depmod", "-b", tree, building->release, NULL};
    int rc = run_tool("depmod", "kmod", argv, NULL, NULL, err);
    _cleanup_free_ char *dep =
        text_format("%s/lib/modules/%s/modules.dep", tree, building->release);
    _cleanup_free_ char *alias =
        text_format("%s/lib/modules/%s/modules.alias", tree, building->release);
    _cleanup_free_ char *dep_text = NULL;
    _cleanup_free_ char *alias_text = NULL;
    rc = rc == 0 ? file_read(dep, TABLE_MAX, &dep_text, NULL, err) : rc;
    rc = rc == 0 ? file_read(alias, TABLE_MAX, &alias_text, NULL, err) : rc;
    rc = rc == 0
             ? kernel_select_modules(dep_text, alias_text, KERNEL_MACHINE, &building->modules, err)
             : rc;
    return rc == 0 ? kernel_select_modules(dep_text, alias_text, KERNEL_NICS, &building->nics, err)
                   : rc;
}

static int find_applets(struct building *building, struct error *err)
{
    _cleanup_free_ char *busybox = inside(building, BUSYBOX);
    if (chmod(busybox, 0755) < 0) {
        return fail(err, errno, "%s", busybox);
    }
    // By its full path: run_tool() searches folders of PATH only.
    const char *const argv[] = {"busybox", "--list-full", NULL};
    return run_file(busybox, argv, NULL, &building->applets, err);
}

// ---- the initramfs

static int add(struct archive_out *out, struct archive_item item, struct error *err)
{
    return archive_out_add(out, &item, err);
}

static int add_folders(struct archive_out *out, struct error *err)
{
    static const char *const folders[] = {
        "bin",  "dev", "etc", "etc/vrbench", "lib",     "lib/modules", "proc", "root",   "run",
        "sbin", "sys", "tmp", "usr",         "usr/bin", "usr/sbin",    "var",  "var/log"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof folders / sizeof folders[0]; i++) {
        rc = add(out, (struct archive_item){.path = folders[i], .mode = 0755}, err);
    }
    if (rc == 0) { // the kernel opens it for the first process
        rc = add(out,
                 (struct archive_item){
                     .path = "dev/console", .mode = 0600, .device = true, .major = 5, .minor = 1},
                 err);
    }
    return rc;
}

static int add_text(struct archive_out *out, const char *path, mode_t mode, const char *text,
                    size_t length, struct error *err)
{
    return add(out,
               (struct archive_item){.path = path, .mode = mode, .bytes = text, .length = length},
               err);
}

static int add_programs(const struct building *building, struct archive_out *out, struct error *err)
{
    static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n";
    static const char group[] = "root:x:0:\ntty:x:5:\n";
    const struct asset *program = &guest_programs[0];
    _cleanup_free_ char *busybox = inside(building, BUSYBOX);
    int rc =
        add_text(out, "init", 0755, program->begin, (size_t)(program->end - program->begin), err);
    rc = rc == 0 ? add_text(out, "etc/passwd", 0644, passwd, sizeof passwd - 1, err) : rc;
    rc = rc == 0 ? add_text(out, "etc/group", 0644, group, sizeof group - 1, err) : rc;
    rc = rc == 0
             ? add(out, (struct archive_item){.path = "bin/busybox", .mode = 0755, .file = busybox},
                   err)
             : rc;
    for (const char *line = building->applets; rc == 0 && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        _cleanup_free_ char *path = text_copy_bytes(line, length);
        if (length > 0 && !text_equal(path, "bin/busybox") && !text_equal(path, "linuxrc")) {
            rc = add(out, (struct archive_item){.path = path, .link = "/bin/busybox"}, err);
        }
        line += length + (line[length] == '\n');
    }
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_in(const struct kernel_modules *modules, const char *file)
{
    for (size_t i = 0; modules != NULL && i < modules->count; i++) {
        if (strcmp(modules->files[i], file) == 0) {
            return true;
        }
    }
    return false;
}

// Adds the module table, and the module files except those in `without` (NULL = all).
static int add_modules(const struct building *building, const struct kernel_modules *modules,
                       const struct kernel_modules *without, struct archive_out *out,
                       struct error *err)
{
    qsort((void *)modules->files, modules->count, sizeof modules->files[0], by_name);
    int rc = add_text(out, "lib/modules/table", 0644, modules->table, strlen(modules->table), err);
    for (size_t i = 0; rc == 0 && i < modules->count; i++) {
        if (is_in(without, modules->files[i])) {
            continue;
        }
        const char *base = strrchr(modules->files[i], '/');
        _cleanup_free_ char *from = text_format("%s/" TREE "/lib/modules/%s/%s", building->folder,
                                                building->release, modules->files[i]);
        _cleanup_free_ char *to =
            text_format("lib/modules/%s", base == NULL ? modules->files[i] : base + 1);
        rc = add(out, (struct archive_item){.path = to, .mode = 0644, .file = from}, err);
    }
    return rc;
}

static int make_initrd(const struct building *building, struct error *err)
{
    _cleanup_free_ char *path = inside(building, IMAGE_INITRD);
    struct archive_out *out = NULL;
    int rc = archive_out_open(path, 0644, ARCHIVE_CPIO, NULL, &out, err);
    if (rc < 0) {
        return rc;
    }
    rc = add_folders(out, err);
    rc = rc == 0 ? add_programs(building, out, err) : rc;
    rc = rc == 0 ? add_modules(building, &building->modules, NULL, out, err) : rc;
    rc = rc == 0 ? archive_out_finish(out, err) : rc;
    archive_out_free(out);
    return rc;
}

// Writes the archive that follows the initramfs for a router with assigned NICs; its module table
// replaces the initramfs's.
static int make_nics(const struct building *building, struct error *err)
{
    _cleanup_free_ char *path = inside(building, IMAGE_NICS);
    _cleanup_free_ char *table = inside(building, IMAGE_NICS_TABLE);
    struct archive_out *out = NULL;
    int rc = file_replace(table, building->nics.table, strlen(building->nics.table), err);
    rc = rc == 0 ? archive_out_open(path, 0644, ARCHIVE_CPIO, NULL, &out, err) : rc;
    if (rc < 0) {
        return rc;
    }
    rc = add_modules(building, &building->nics, &building->modules, out, err);
    rc = rc == 0 ? archive_out_finish(out, err) : rc;
    archive_out_free(out);
    return rc;
}

// ---- routing daemons

static int read_with(const char *names, bool with[IMAGE_DAEMONS], struct error *err)
{
    for (const char *at = names; at != NULL;) {
        size_t length = strcspn(at, ",");
        bool known = false;
        for (enum routing_daemon daemon = DAEMON_FRR; daemon < IMAGE_DAEMONS; daemon++) {
            const char *name = routing_daemon_name(daemon);
            if (strlen(name) == length && strncmp(name, at, length) == 0) {
                with[daemon] = known = true;
            }
        }
        if (!known) {
            return fail_input(err, "an image can have bird and frr, not \"%.*s\"", (int)length, at);
        }
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return 0;
}

static int make_daemons(struct building *building, struct error *err)
{
    int rc = 0;
    for (enum routing_daemon daemon = DAEMON_FRR; rc == 0 && daemon < IMAGE_DAEMONS; daemon++) {
        if (!building->with[daemon]) {
            continue;
        }
        log_note("image", "adding %s", routing_daemon_name(daemon));
        _cleanup_free_ char *tree =
            text_format("%s/" TREE "/%s", building->folder, routing_daemon_name(daemon));
        _cleanup_free_ char *archive = daemon_archive(building, daemon);
        rc = daemon_build(daemon, tree, archive, &building->daemons[daemon], err);
    }
    return rc;
}

static json_t *describe_daemons(const struct building *building)
{
    json_t *described = json_object();
    for (enum routing_daemon daemon = DAEMON_FRR; daemon < IMAGE_DAEMONS; daemon++) {
        const struct package_list *packages = &building->daemons[daemon];
        json_t *libraries = json_object();
        for (size_t i = 1; i < packages->count; i++) {
            json_object_set_new(libraries, packages->items[i].name,
                                json_string(packages->items[i].version));
        }
        if (packages->count == 0) {
            json_decref(libraries);
            continue;
        }
        json_object_set_new(described, routing_daemon_name(daemon),
                            json_pack("{s:s, s:s, s:o}", "package", packages->items[0].name,
                                      "version", packages->items[0].version, "libraries",
                                      libraries));
    }
    return described;
}

static int make_description(const struct building *building, struct error *err)
{
    char mark[17];
    image_guest_mark(mark);
    json_t *root = json_pack(
        "{s:i, s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s}, s:o}", "format", IMAGE_FORMAT, "guest", mark,
        "kernel", "package", building->kernel.name, "version", building->kernel.version, "release",
        building->release, "busybox", "package", building->busybox.name, "version",
        building->busybox.version, "daemons", describe_daemons(building));
    _cleanup_free_ char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(root);
    if (text == NULL) {
        return fail(err, ENOMEM, "describing the image");
    }
    _cleanup_free_ char *line = text_format("%s\n", text);
    _cleanup_free_ char *path = inside(building, IMAGE_DESCRIPTION);
    return file_replace(path, line, strlen(line), err);
}

// ---- all of it

static int make(struct building *building, const char *kernel, struct error *err)
{
    log_note("image", "fetching the packages");
    int rc = package_fetch(kernel, "linux-image-", &building->kernel, err);
    rc = rc == 0 ? package_fetch("busybox-static", "", &building->busybox, err) : rc;
    log_note("image", "unpacking");
    rc = rc == 0 ? unpack(building, err) : rc;
    rc = rc == 0 ? make_kernel(building, err) : rc;
    rc = rc == 0 ? find_modules(building, err) : rc;
    rc = rc == 0 ? find_applets(building, err) : rc;
    rc = rc == 0 ? make_initrd(building, err) : rc;
    rc = rc == 0 ? make_nics(building, err) : rc;
    rc = rc == 0 ? make_daemons(building, err) : rc;
    rc = rc == 0 ? make_description(building, err) : rc;
    if (rc == 0) {
        _cleanup_free_ char *tree = inside(building, TREE);
        rc = folder_remove(tree, err);
    }
    return rc == 0 && stop_requested() ? fail_interrupted(err) : rc;
}

int image_build(const struct image_build *asked, struct image *ret, struct error *err)
{
    _cleanup_free_ char *folder =
        asked->folder == NULL ? image_default_folder() : text_copy(asked->folder);
    for (size_t end_at = strlen(folder); end_at > 1 && folder[end_at - 1] == '/'; end_at--) {
        folder[end_at - 1] = '\0';
    }
    struct building building = {.lock = -1};
    mode_t before = umask(022); // QEMU's user reads the image, which contains no secret
    int rc = read_with(asked->with, building.with, err);
    rc = rc == 0 ? begin(folder, &building, err) : rc;
    rc = rc == 0
             ? make(&building, asked->kernel == NULL ? IMAGE_KERNEL_DEFAULT : asked->kernel, err)
             : rc;
    rc = rc == 0 ? put_in_place(&building, folder, err) : rc;
    end(&building);
    (void)umask(before);
    if (rc < 0) {
        error_context(err, "building the router image %s", folder);
        return rc;
    }
    return image_find(folder, ret, err);
}
