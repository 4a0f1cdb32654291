// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of machine/libvirt/domain_xml — machines against golden files; recognising vrbench's
 * machines. UPDATE_GOLDEN=1 rewrites tests/unit/golden/; look at the difference before keeping it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/libvirt/domain_xml.h"

#include <cmocka.h>

#include "golden.h"

static const struct cpu_list cpus = {.cpus = {2, 3, 5}, .count = 3};

static struct domain_spec spec_with(const struct domain_nic *nics, size_t count)
{
    return (struct domain_spec){.name = "vrbench-41-0-r1t3",
                                .uuid = "5b0a1f3e-3c1d-4f6e-9b1a-0123456789ab",
                                .testbed = "41-0",
                                .router = "r1t3",
                                .life = 7,
                                .type = "qemu",
                                .memory_bytes = 96ULL << 20,
                                .vcpus = 1,
                                .cpus = &cpus,
                                .kernel = "/var/lib/vrbench/image/vmlinuz",
                                .initrd = "/run/vrbench/41-0.machines/r1t3.7.initrd",
                                .cmdline = "console=ttyS0 panic=-1",
                                .channel = "/run/vrbench/41-0.machines/r1t3.7",
                                .nics = nics,
                                .nic_count = count};
}

static void assert_machine(const char *name, const struct domain_spec *spec)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_free_ char *testbed = NULL;
    assert_int_equal(domain_xml(spec, &xml, NULL), 0);
    _cleanup_free_ char *golden = text_format("domain-%s.xml", name);
    assert_golden(golden, xml);
    assert_int_equal(domain_xml_testbed(xml, &testbed), 1);
    assert_string_equal(testbed, spec->testbed);
}

static void test_bridged(void **state)
{
    (void)state;
    const struct domain_nic nics[] = {
        {.kind = DOMAIN_NIC_TAP, .mac = {2, 0x76, 4, 0, 0, 1}, .tap = "t29.0.7.0", .mtu = 1500},
        {.kind = DOMAIN_NIC_TAP, .mac = {2, 0x76, 4, 0, 0, 2}, .tap = "t29.0.7.1", .mtu = 9000}};
    const struct domain_spec spec = spec_with(nics, 2);
    assert_machine("bridged", &spec);
}

static void test_macvtap(void **state)
{
    (void)state;
    const struct domain_nic nics[] = {{.kind = DOMAIN_NIC_TAP,
                                       .mac = {0x52, 0x54, 0, 0xab, 0xcd, 0xef},
                                       .tap = "t29.0.7.0",
                                       .mtu = 1500,
                                       .vhost = true}};
    struct domain_spec spec = spec_with(nics, 1);
    spec.type = "kvm";
    spec.vcpus = 2;
    assert_machine("macvtap", &spec);
}

static void test_hostdev(void **state)
{
    (void)state;
    const struct domain_nic nics[] = {{.kind = DOMAIN_NIC_PCI, .pci = "0000:03:10.1"},
                                      {.kind = DOMAIN_NIC_PCI, .pci = "0001:af:00.0"}};
    struct domain_spec spec = spec_with(nics, 2);
    spec.type = "kvm";
    assert_machine("hostdev", &spec);
}

static void test_own_image(void **state)
{
    (void)state;
    struct domain_spec spec = spec_with(NULL, 0);
    spec.kernel = spec.initrd = spec.cmdline = spec.channel = NULL;
    spec.disk = "/run/vrbench/41-0.machines/r1t3.7.qcow2";
    spec.disk_base = "/srv/images/vyos.qcow2";
    spec.seed = "/run/vrbench/41-0.machines/r1t3.7.seed";
    assert_machine("image", &spec);
}

static void test_container(void **state)
{
    (void)state;
    struct domain_spec spec = spec_with(NULL, 0);
    spec.type = DOMAIN_CONTAINER;
    spec.kernel = spec.initrd = spec.cmdline = spec.channel = NULL;
    assert_machine("container", &spec);
}

// No text of a scenario or path is written as markup.
static void test_escapes(void **state)
{
    (void)state;
    struct domain_spec spec = spec_with(NULL, 0);
    spec.kernel = "/tmp/a&b/<kernel>";
    spec.cmdline = "quiet ]]> \"x\" 'y'";
    spec.channel = "/tmp/\"><evil/>/'x";
    assert_machine("escapes", &spec);
}

static void test_bad_pci(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "03:00.0", "0000:03:00", "0000:03:00.0x", "eth0"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct domain_nic nic = {.kind = DOMAIN_NIC_PCI, .pci = wrong[i]};
        const struct domain_spec spec = spec_with(&nic, 1);
        char *xml = NULL;
        assert_true(domain_xml(&spec, &xml, NULL) < 0);
        assert_null(xml);
    }
}

static void test_others(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "no XML",
        "<domain/>",
        "<domain><metadata/></domain>",
        "<domain><metadata><router testbed='41-0'/></metadata></domain>",
        "<domain><metadata><v:router xmlns:v='urn:else' testbed='41-0'/></metadata></domain>",
        "<domain><metadata><v:router xmlns:v='" DOMAIN_METADATA "'/></metadata></domain>",
        "<domain><v:router xmlns:v='" DOMAIN_METADATA "' testbed='41-0'/></domain>"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *testbed = NULL;
        assert_int_equal(domain_xml_testbed(texts[i], &testbed), 0);
        assert_null(testbed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bridged), cmocka_unit_test(test_macvtap),
        cmocka_unit_test(test_hostdev), cmocka_unit_test(test_own_image),
        cmocka_unit_test(test_escapes), cmocka_unit_test(test_bad_pci),
        cmocka_unit_test(test_others),  cmocka_unit_test(test_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
