// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/pci — what stands in the way of handing a device over, by sysfs trees made here.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/text.h"
#include "linux/pci.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define NIC_CLASS    "0x020000\n"
#define BRIDGE_CLASS "0x060400\n"

static char root[] = "/tmp/test-pci-XXXXXX";

static void make_folder(const char *path)
{
    _cleanup_free_ char *whole = text_format("%s/%s", root, path);
    assert_int_equal(file_make_dirs(whole, NULL), 0);
}

static void make_file(const char *path, const char *text)
{
    _cleanup_free_ char *whole = text_format("%s/%s", root, path);
    assert_int_equal(file_replace_passing(whole, text, strlen(text), NULL), 0);
}

static void make_link(const char *path, const char *to)
{
    _cleanup_free_ char *whole = text_format("%s/%s", root, path);
    assert_int_equal(symlink(to, whole), 0);
}

// `group` and `driver` NULL = none.
static void make_device(const char *address, const char *class, const char *group,
                        const char *driver)
{
    _cleanup_free_ char *folder = text_format("bus/pci/devices/%s", address);
    _cleanup_free_ char *class_file = text_format("%s/class", folder);
    _cleanup_free_ char *alias_file = text_format("%s/modalias", folder);
    make_folder(folder);
    make_file(class_file, class);
    make_file(alias_file, "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00\n");
    if (driver != NULL) {
        _cleanup_free_ char *link = text_format("%s/driver", folder);
        _cleanup_free_ char *to = text_format("../../../../bus/pci/drivers/%s", driver);
        make_link(link, to);
    }
    if (group != NULL) {
        _cleanup_free_ char *link = text_format("%s/iommu_group", folder);
        _cleanup_free_ char *to = text_format("../../../../kernel/iommu_groups/%s", group);
        _cleanup_free_ char *members = text_format("kernel/iommu_groups/%s/devices", group);
        _cleanup_free_ char *member = text_format("%s/%s", members, address);
        make_link(link, to);
        make_folder(members);
        make_link(member, "nowhere");
    }
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(root));
    make_folder("bus/pci/drivers/vfio-pci");
    make_device("0000:01:00.0", NIC_CLASS, "7", "e1000e");
    make_device("0000:00:1c.0", BRIDGE_CLASS, "7", "pcieport");
    make_device("0000:02:00.0", NIC_CLASS, "8", "igb");
    make_device("0000:02:00.1", NIC_CLASS, "8", "igb");
    make_device("0000:03:00.0", NIC_CLASS, "9", "vfio-pci");
    make_device("0000:03:00.1", NIC_CLASS, "9", NULL);
    make_device("0000:04:00.0", NIC_CLASS, NULL, "r8169");
    make_device("0000:05:00.0", NIC_CLASS, "10", "ixgbe");
    make_file("bus/pci/devices/0000:05:00.0/sriov_numvfs", "4\n");
    make_device("0000:06:00.0", NIC_CLASS, "11", "ixgbe");
    make_file("bus/pci/devices/0000:06:00.0/sriov_numvfs", "0\n");
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    return folder_remove(root, NULL);
}

static bool hindered(const char *address, const char *along, char why[256])
{
    const char *const with[] = {along};
    why[0] = '\0';
    return pci_is_hindered(root, address, with, along == NULL ? 0 : 1, why, 256);
}

static void test_alone(void **state)
{
    (void)state;
    char why[256];
    assert_false(hindered("0000:01:00.0", NULL, why)); // the bridge above it stays as it is
    assert_false(hindered("0000:03:00.0", NULL, why)); // no driver of this machine has the others
    assert_false(hindered("0000:06:00.0", NULL, why));
}

static void test_shared(void **state)
{
    (void)state;
    char why[256];
    assert_true(hindered("0000:02:00.0", NULL, why));
    assert_string_equal(why,
                        "IOMMU group 8 also contains 0000:02:00.1 (igb), and a group can only be "
                        "assigned as a whole");
    assert_false(hindered("0000:02:00.0", "0000:02:00.1", why));
    assert_false(hindered("0000:02:00.1", "0000:02:00.0", why));
    assert_true(hindered("0000:02:00.0", "0000:01:00.0", why));
}

static void test_none(void **state)
{
    (void)state;
    char why[256];
    assert_true(hindered("0000:04:00.0", NULL, why));
    assert_string_equal(why, "this machine has no IOMMU for the device");
    assert_true(hindered("0000:05:00.0", NULL, why));
    assert_string_equal(why, "4 of its virtual functions are in use");
    assert_true(hindered("0000:99:00.0", NULL, why));
}

static void test_facts(void **state)
{
    (void)state;
    char driver[PCI_DRIVER_SIZE];
    assert_int_equal(pci_iommu_groups(root), 5);
    assert_int_equal(pci_iommu_groups("/nowhere"), 0);
    assert_true(pci_has_vfio(root));
    assert_true(pci_driver(root, "0000:02:00.0", driver));
    assert_string_equal(driver, "igb");
    assert_false(pci_driver(root, "0000:03:00.1", driver));
    _cleanup_free_ char *modalias = pci_modalias(root, "0000:02:00.0");
    assert_string_equal(modalias, "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00");
    assert_null(pci_modalias(root, "0000:99:00.0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests(tests, set_up, remove_all);
}
