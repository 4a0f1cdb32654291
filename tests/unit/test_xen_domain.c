// SPDX-License-Identifier: GPL-3.0-or-later
// Domains of Xen: whose one is by its UUID, and whether a domain's own file means the tiny guest.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/parts.h"
#include "machine/xen/domain.h"

#include <cmocka.h>

static void uuids_tell_the_testbed(void **state)
{
    (void)state;
    uint8_t one[XEN_UUID_SIZE];
    uint8_t two[XEN_UUID_SIZE];
    domain_make_uuid_for("4711-0", one);
    domain_make_uuid_for("4711-0", two);
    assert_memory_not_equal(one, two, XEN_UUID_SIZE);
    assert_true(domain_is_of(one, "4711-0"));
    assert_true(domain_is_of(two, "4711-0"));
    assert_false(domain_is_of(one, "4711-1"));
    assert_false(domain_is_of(one, "471"));
    // RFC 9562: version 8, variant 10.
    assert_int_equal(one[6] >> 4, 8);
    assert_int_equal(one[8] >> 6, 2);
    uint8_t others[XEN_UUID_SIZE] = {0};
    assert_false(domain_is_of(others, "4711-0"));
}

// An image of routers in a folder of its own.
static char *make_image(void)
{
    static const char *const files[] = {"vmlinuz", "vmlinux", "initrd.cpio"};
    char *folder = text_copy("/tmp/vrbench-test-XXXXXX");
    char mark[17];
    assert_non_null(mkdtemp(folder));
    image_guest_mark(mark);
    _cleanup_free_ char *description =
        text_format("{\"format\": %d, \"guest\": \"%s\", \"daemons\": {}, "
                    "\"kernel\": {\"package\": \"k\", \"version\": \"1\"}, "
                    "\"busybox\": {\"version\": \"1\"}}",
                    IMAGE_FORMAT, mark);
    for (size_t i = 0; i < 4; i++) {
        _cleanup_free_ char *path = text_format("%s/%s", folder, i == 3 ? "image.json" : files[i]);
        assert_int_equal(file_create(path, NULL), 0);
        assert_int_equal(file_write(path, i == 3 ? description : "x", NULL), 0);
    }
    assert_int_equal(setenv("VRBENCH_IMAGE", folder, 1), 0);
    return folder;
}

static void remove_image(const char *folder)
{
    static const char *const files[] = {"vmlinuz", "vmlinux", "initrd.cpio", "image.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *path = text_format("%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static void files_of_domains_may_mean_the_tiny_guest(void **state)
{
    (void)state;
    _cleanup_free_ char *folder = make_image();
    _cleanup_free_ char *vmlinux = text_format("%s/vmlinux", folder);
    _cleanup_free_ char *initrd = text_format("%s/../%s/initrd.cpio", folder, strrchr(folder, '/'));
    struct xm_config xm = {0};
    struct router_spec spec = {.name = "r"};
    assert_false(domain_has_own_system(&spec));
    spec.file = &xm.base;
    assert_false(domain_has_own_system(&spec));
    xm.kernel = vmlinux;
    assert_false(domain_has_own_system(&spec));
    xm.ramdisk = initrd;
    assert_false(domain_has_own_system(&spec));
    assert_int_equal(domain_boot_check(&spec, NULL), 0);

    xm.ramdisk = vmlinux;
    assert_true(domain_has_own_system(&spec));
    assert_int_equal(domain_boot_check(&spec, NULL), 0);
    char missing[] = "/nowhere/initrd.img";
    xm.ramdisk = missing;
    assert_true(domain_has_own_system(&spec));
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(domain_boot_check(&spec, &err), -EINVAL);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_string_equal(err.text, "ramdisk: /nowhere/initrd.img: No such file or directory");

    struct xm_disk disk = {.target = vmlinux};
    xm = (struct xm_config){.disks = &disk, .disk_count = 1};
    assert_true(domain_has_own_system(&spec));
    error_clear(&err);
    assert_int_equal(domain_boot_check(&spec, &err), -EINVAL); // no kernel, and no firmware
    xm.type = XM_HVM;
    assert_int_equal(domain_boot_check(&spec, NULL), 0);
    remove_image(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuids_tell_the_testbed),
        cmocka_unit_test(files_of_domains_may_mean_the_tiny_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
