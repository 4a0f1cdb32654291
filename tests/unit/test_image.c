// SPDX-License-Identifier: GPL-3.0-or-later
// tests of image/ — archives read back, a router's configuration read by the guest's own parser,
// module tables, apt's output, and seed images; test_guest_talk.c has the protocol between router
// and host. tests/net/image.sh boots a machine from the result.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../guest/guest.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/text.h"
#include "image/archives.h"
#include "image/kernel.h"
#include "image/package.h"
#include "image/router_config.h"
#include "image/seed.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_router.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/vrbench-image.XXXXXX", P_tmpdir);
    const char *base = getenv("TMPDIR");
    if (base != NULL && strlen(base) < 30) {
        snprintf(folder, sizeof folder, "%s/vrbench-image.XXXXXX", base);
    }
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder, NULL);
}

static char *path_of(const char *name)
{
    return text_format("%s/%s", folder, name);
}

// An archive as lines "TYPE MODE PATH CONTENT".
static char *listing(const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct archive *archive = archive_read_new();
    struct archive_entry *entry = NULL;
    archive_read_support_format_cpio(archive);
    archive_read_support_format_iso9660(archive);
    assert_int_equal(archive_read_open_filename(archive, path, 10240), ARCHIVE_OK);
    while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
        char content[4096] = "";
        la_ssize_t got = archive_read_data(archive, content, sizeof content - 1);
        assert_true(got >= 0);
        // The folder itself of an ISO 9660 image is of the time that it was made.
        if (strcmp(archive_entry_pathname(entry), ".") != 0) {
            assert_int_equal(archive_entry_mtime(entry), 0);
        }
        assert_int_equal(archive_entry_uid(entry), 0);
        const char *link = archive_entry_symlink(entry);
        mode_t type = archive_entry_filetype(entry);
        fprintf(out, "%s %o %s %s\n",
                type == AE_IFDIR   ? "dir"
                : type == AE_IFLNK ? "link"
                : type == AE_IFCHR ? "device"
                                   : "file",
                archive_entry_perm(entry), archive_entry_pathname(entry),
                link != NULL ? link : content);
    }
    archive_read_free(archive);
    fclose(out);
    return text;
}

// ---- archives

static void test_cpio(void **state)
{
    (void)state;
    static const struct archive_item items[] = {
        {.path = "bin", .mode = 0755},
        {.path = "bin/sh", .link = "/bin/busybox"},
        {.path = "dev/console", .mode = 0600, .device = true, .major = 5, .minor = 1},
        {.path = "etc/a/b", .mode = 0644, .bytes = "text", .length = 4},
        {.path = "etc/empty", .mode = 0400, .bytes = "", .length = 0},
    };
    _cleanup_free_ char *first = path_of("first.cpio");
    _cleanup_free_ char *second = path_of("second.cpio");
    const char *const paths[] = {first, second};
    for (size_t p = 0; p < 2; p++) {
        struct archive_out *out = NULL;
        assert_int_equal(archive_out_open(paths[p], 0644, ARCHIVE_CPIO, NULL, &out, NULL), 0);
        for (size_t i = 0; i < COUNT(items); i++) {
            assert_int_equal(archive_out_add(out, &items[i], NULL), 0);
        }
        assert_int_equal(archive_out_finish(out, NULL), 0);
        archive_out_free(out);
    }
    _cleanup_free_ char *got = listing(first);
    assert_string_equal(got, "dir 755 bin \n"
                             "link 777 bin/sh /bin/busybox\n"
                             "dir 755 dev \n"
                             "device 600 dev/console \n"
                             "dir 755 etc \n"
                             "dir 755 etc/a \n"
                             "file 644 etc/a/b text\n"
                             "file 400 etc/empty \n");
    _cleanup_free_ char *a = NULL;
    _cleanup_free_ char *b = NULL;
    size_t a_length = 0;
    size_t b_length = 0;
    assert_int_equal(file_read(first, 1 << 20, &a, &a_length, NULL), 0);
    assert_int_equal(file_read(second, 1 << 20, &b, &b_length, NULL), 0);
    assert_int_equal(a_length, b_length);
    assert_memory_equal(a, b, a_length);
    assert_memory_equal(a, "070701", 6);
    assert_int_equal(a_length % 4, 0);
}

static void test_initrd(void **state)
{
    (void)state;
    _cleanup_free_ char *base = path_of("base.cpio");
    _cleanup_free_ char *initrd = path_of("initrd");
    struct archive_out *out = NULL;
    static const struct archive_item init = {
        .path = "init", .mode = 0755, .bytes = "#!", .length = 2};
    assert_int_equal(archive_out_open(base, 0644, ARCHIVE_CPIO, NULL, &out, NULL), 0);
    assert_int_equal(archive_out_add(out, &init, NULL), 0);
    assert_int_equal(archive_out_finish(out, NULL), 0);
    archive_out_free(out);
    const struct image image = {.initrd = base};
    assert_int_equal(image_write_initrd(&image, &router, initrd, NULL), 0);
    _cleanup_free_ char *bytes = NULL;
    _cleanup_free_ char *plain = NULL;
    size_t length = 0;
    size_t plain_length = 0;
    assert_int_equal(file_read(initrd, 1 << 20, &bytes, &length, NULL), 0);
    assert_int_equal(file_read(base, 1 << 20, &plain, &plain_length, NULL), 0);
    assert_memory_equal(bytes, plain, plain_length);
    // The second archive by itself.
    _cleanup_free_ char *own = path_of("own.cpio");
    assert_int_equal(file_replace(own, bytes + plain_length, length - plain_length, NULL), 0);
    _cleanup_free_ char *got = listing(own);
    _cleanup_free_ char *conf = router_config_text(&router);
    _cleanup_free_ char *wanted =
        text_format("dir 755 etc \ndir 755 etc/vrbench \nfile 644 etc/vrbench/router.conf %s\n"
                    "dir 755 etc/bird \nfile 640 etc/bird/bird.conf router id 1;\n\n",
                    conf);
    assert_string_equal(got, wanted);

    const struct image none = {.initrd = (char *)"/nonexistent"};
    struct error err = ERROR_INIT;
    _cleanup_free_ char *failed = path_of("failed");
    assert_true(image_write_initrd(&none, &router, failed, &err) < 0);
    assert_non_null(strstr(err.text, "memory disk of r1: /nonexistent"));
    error_clear(&err);
    assert_int_equal(access(failed, F_OK), -1);
}

static void test_full_disk(void **state)
{
    (void)state;
    struct archive_out *out = NULL;
    struct error err = ERROR_INIT;
    _cleanup_free_ char *much = memory_new(1 << 20, 1);
    const struct archive_item item = {.path = "x", .mode = 0644, .bytes = much, .length = 1 << 20};
    assert_int_equal(archive_out_open("/dev/full", 0644, ARCHIVE_CPIO, NULL, &out, &err), 0);
    int rc = archive_out_add(out, &item, &err);
    rc = rc == 0 ? archive_out_finish(out, &err) : rc;
    assert_true(rc < 0);
    assert_non_null(strstr(err.text, "No space left on device"));
    error_clear(&err);
    archive_out_free(out);
}

static void test_seed(void **state)
{
    (void)state;
    _cleanup_free_ char *path = path_of("seed.iso");
    assert_int_equal(seed_write(&router, NULL, path, NULL), 0);
    _cleanup_free_ char *bytes = NULL;
    size_t length = 0;
    assert_int_equal(file_read(path, 1 << 24, &bytes, &length, NULL), 0);
    // The primary volume descriptor (ECMA-119, 8.4.7): its identifier, by which it is found.
    assert_true(length > 0x8048);
    assert_memory_equal(bytes + 0x8001, "CD001", 5);
    assert_int_equal(strncasecmp(bytes + 0x8028, "cidata ", 7), 0);
    _cleanup_free_ char *got = listing(path);
    _cleanup_free_ char *network = seed_network_config(&router);
    _cleanup_free_ char *user = seed_user_data(&router);
    _cleanup_free_ char *network_line = text_format(" network-config %s\n", network);
    _cleanup_free_ char *user_line = text_format(" user-data %s\n", user);
    assert_non_null(strstr(got, " meta-data instance-id: vrbench-r1\nlocal-hostname: r1\n"));
    assert_non_null(strstr(got, network_line));
    assert_non_null(strstr(got, user_line));
    assert_true(text_starts(user, "#cloud-config\n"));
    assert_non_null(strstr(user, "[ip, neighbour, replace, \"198.18.0.2\", lladdr, "
                                 "\"02:00:00:00:00:fe\", dev, eth0, nud, permanent]\n"));
    assert_non_null(strstr(user, "[ip, neighbour, replace, \"2001:2::2\", lladdr, "
                                 "\"02:00:00:00:00:ff\", dev, eth1, nud, permanent]\n"));
    assert_non_null(strstr(user, "net.ipv6.conf.all.forwarding = 1\n"));
    assert_string_equal(network, "version: 2\nethernets:\n"
                                 "  eth0:\n    match:\n      macaddress: \"52:54:00:00:00:0a\"\n"
                                 "    set-name: eth0\n    dhcp4: false\n    dhcp6: false\n"
                                 "    accept-ra: false\n    link-local: []\n    mtu: 1500\n"
                                 "    addresses:\n      - \"198.18.0.1/24\"\n"
                                 "    routes:\n      - to: \"10.0.0.0/8\"\n"
                                 "        via: \"198.18.0.2\"\n"
                                 "  eth1:\n    match:\n      macaddress: \"52:54:00:00:00:0b\"\n"
                                 "    set-name: eth1\n    dhcp4: false\n    dhcp6: false\n"
                                 "    accept-ra: false\n    link-local: []\n"
                                 "    addresses:\n      - \"2001:2::1/64\"\n"
                                 "    routes:\n      - to: \"::/0\"\n"
                                 "        via: \"2001:2::2\"\n"
                                 "  eth2:\n    match:\n      macaddress: \"52:54:00:00:00:0c\"\n"
                                 "    set-name: eth2\n    dhcp4: false\n    dhcp6: false\n"
                                 "    accept-ra: false\n    link-local: []\n    mtu: 9000\n");

    _cleanup_free_ char *own = path_of("user-data");
    assert_int_equal(file_replace(own, "#!/bin/sh\ntrue\n", 15, NULL), 0);
    assert_int_equal(seed_write(&router, own, path, NULL), 0);
    _cleanup_free_ char *again = listing(path);
    assert_non_null(strstr(again, " user-data #!/bin/sh\ntrue\n"));
}

// ---- the router's configuration, through the guest's own reader

static void assert_same_address(const struct guest_address *got, const struct ip_address *expected)
{
    assert_int_equal(got->version, expected->version);
    assert_memory_equal(got->bytes, expected->bytes, sizeof got->bytes);
}

static void test_config(void **state)
{
    (void)state;
    _cleanup_free_ char *text = router_config_text(&router);
    struct guest_config got;
    char why[256] = "";
    assert_int_equal(config_parse(text, &got, why, sizeof why), 0);
    assert_string_equal(got.name, "r1");
    assert_int_equal(got.nic_count, COUNT(nics));
    for (size_t i = 0; i < got.nic_count; i++) {
        assert_string_equal(got.nics[i].name, nics[i].name);
        assert_memory_equal(got.nics[i].mac, nics[i].mac, 6);
        assert_int_equal(got.nics[i].mtu, nics[i].mtu);
        assert_same_address(&got.nics[i].address, &nics[i].ip.address);
        assert_int_equal(got.nics[i].prefix, nics[i].ip.prefix);
    }
    assert_int_equal(got.neighbour_count, COUNT(neighbours));
    for (size_t i = 0; i < got.neighbour_count; i++) {
        assert_int_equal(got.neighbours[i].nic, i);
        assert_same_address(&got.neighbours[i].address, &neighbours[i].address);
        assert_memory_equal(got.neighbours[i].mac, neighbours[i].mac, 6);
    }
    assert_int_equal(got.route_count, COUNT(routes));
    for (size_t i = 0; i < got.route_count; i++) {
        assert_same_address(&got.routes[i].to, &routes[i].to.address);
        assert_int_equal(got.routes[i].prefix, routes[i].to.prefix);
        assert_same_address(&got.routes[i].via, &routes[i].via);
    }
    assert_int_equal(got.sysctl_count, 1);
    assert_string_equal(got.sysctls[0].name, "net/ipv4/ipfrag_time");
    assert_int_equal(got.folder_count, 1);
    assert_string_equal(got.folders[0].path, "/run/bird");
    assert_int_equal(got.folders[0].owner, 65535);
    assert_int_equal(got.service_count, 2);
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < COUNT(bird) - 1; i++) {
            assert_string_equal(got.services[s].argv[i], bird[i]);
        }
        assert_null(got.services[s].argv[COUNT(bird) - 1]);
    }
    assert_string_equal(got.services[0].ready, "/run/bird/bird.ctl");
    assert_null(got.services[1].ready);
    assert_true(!got.services[0].once && got.services[1].once);
    assert_true(got.hold);
    config_clear(&got);
}

static void test_wrong_config(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "nonsense",
        "name",
        "name a b",
        "interface eth0 52:54:00:12:34:56",
        "interface eth0 52:54:00:12:34:5 1500",
        "interface eth0 52:54:00:12:34:5g 1500",
        "interface eth0 52:54:00:12:34:56:78 1500",
        "interface eth0 52:54:00:12:34:56 65536",
        "interface a/b 52:54:00:12:34:56 1500",
        "interface abcdefghijklmnop 52:54:00:12:34:56 1500",
        "address eth0 198.18.0.1/24",
        "folder run/bird 0",
        "folder /run/bird",
        "folder /run/bird 65536",
        "ready /run/bird/bird.ctl",
        "hold on",
        "route 10.0.0.0 198.18.0.1",
        "route 10.0.0.0/33 198.18.0.1",
        "route 10.0.0/8 198.18.0.1",
        "sysctl /etc/passwd 1",
        "sysctl net/../../etc 1",
        "run bird",
        "run /bird %0",
        "run /bird %00",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        _cleanup_free_ char *text = text_format("# first\n\n%s\n", wrong[i]);
        struct guest_config got;
        char why[256] = "";
        if (config_parse(text, &got, why, sizeof why) == 0) {
            fail_msg("taken: %s", wrong[i]);
        }
        assert_string_equal(why, "line 3 of /etc/vrbench/router.conf cannot be parsed");
        config_clear(&got);
    }
    static const char *const after[] = {"run /bin/sh\nready bird.ctl", "run /bin/sh\nready",
                                        "run /bin/sh\nready /a\nready /b"};
    for (size_t i = 0; i < COUNT(after); i++) {
        _cleanup_free_ char *text = text_copy(after[i]);
        struct guest_config got;
        char why[256] = "";
        assert_int_equal(config_parse(text, &got, why, sizeof why), -1);
        config_clear(&got);
    }
}

// ---- packages and kernels

static void test_apt(void **state)
{
    (void)state;
    static const char text[] =
        "Package: linux-image-cloud-amd64\nSource: x\nVersion: 6.1.192-2\nEmpty:\n"
        "Depends: foo (>= 1) | linux-image-none, linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)\n"
        "\nVersion: 1\nLater: stanza\n";
    _cleanup_free_ char *version = package_field(text, "Version");
    _cleanup_free_ char *empty = package_field(text, "Empty");
    _cleanup_free_ char *depends = package_field(text, "Depends");
    assert_string_equal(version, "6.1.192-2");
    assert_string_equal(empty, "");
    assert_null(package_field(text, "Later"));
    assert_null(package_field(text, "Vers"));
    assert_null(package_field("", "Version"));
    _cleanup_free_ char *through = package_depends(depends, "linux-image-");
    assert_string_equal(through, "linux-image-6.1.0-56-cloud-amd64");
    assert_null(package_depends("foo, bar (= 1:linux-image-2)", "linux-image-"));
    const char *at = "libc6 (>= 2.34), libgcc1:any | libgcc-s1,zlib1g";
    static const char *const needed[] = {"libc6", "libgcc1", "zlib1g"};
    for (size_t i = 0; i < COUNT(needed); i++) {
        _cleanup_free_ char *next = package_next_depends(&at);
        assert_string_equal(next, needed[i]);
    }
    assert_null(package_next_depends(&at));
}

static void test_modules(void **state)
{
    (void)state;
    static const char dep[] = "kernel/drivers/net/e1000-like.ko:\n"
                              "kernel/drivers/net/xen-netfront.ko.xz:\n"
                              "kernel/drivers/net/virtio_net.ko: kernel/net/core/net_failover.ko "
                              "kernel/net/core/failover.ko.zst\n"
                              "kernel/drivers/acpi/button.ko:\n";
    static const char alias[] = "# Aliases\n"
                                "alias virtio:d00000001v* virtio_net\n"
                                "alias virtio:d00000002v* virtio_blk\n"
                                "alias xen:vif xen_netfront\n"
                                "alias x";
    struct kernel_modules modules = {0};
    struct error err = ERROR_INIT;
    assert_int_equal(kernel_select_modules(dep, alias, KERNEL_MACHINE, &modules, &err), 0);
    assert_string_equal(modules.table,
                        "module virtio_net failover.ko net_failover.ko virtio_net.ko\n"
                        "alias virtio_net virtio:d00000001v*\n"
                        "module xen_netfront xen-netfront.ko\n"
                        "alias xen_netfront xen:vif\n"
                        "module button button.ko\n");
    assert_int_equal(modules.count, 5);
    assert_string_equal(modules.files[0], "kernel/net/core/failover.ko");
    kernel_modules_clear(&modules);
    assert_true(
        kernel_select_modules("kernel/button.ko:\n", alias, KERNEL_MACHINE, &modules, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    error_clear(&err);
}

// Drivers of real NICs are in the larger set only, behind what they ask for when they run.
static void test_nic_modules(void **state)
{
    (void)state;
    static const char dep[] =
        "kernel/drivers/net/virtio_net.ko:\n"
        "kernel/drivers/net/phy/libphy.ko:\n"
        "kernel/drivers/net/phy/realtek.ko: kernel/drivers/net/phy/libphy.ko\n"
        "kernel/drivers/net/r8169.ko: kernel/drivers/net/phy/libphy.ko\n"
        "kernel/drivers/net/igc.ko:\n";
    static const char alias[] = "alias virtio:d00000001v* virtio_net\n"
                                "alias pci:v000010ECd00008168sv*sd*bc*sc*i* r8169\n"
                                "alias mdio:* realtek\n";
    static const char r8169[] = "pci:v000010ECd00008168sv00001458sd0000E000bc02sc00i00";
    struct kernel_modules machine = {0};
    struct kernel_modules all = {0};
    assert_int_equal(kernel_select_modules(dep, alias, KERNEL_MACHINE, &machine, NULL), 0);
    assert_int_equal(machine.count, 1);
    assert_int_equal(kernel_select_modules(dep, alias, KERNEL_NICS, &all, NULL), 0);
    assert_string_equal(all.table, "module virtio_net virtio_net.ko\n"
                                   "alias virtio_net virtio:d00000001v*\n"
                                   "module igc igc.ko\n"
                                   "module r8169 libphy.ko realtek.ko libphy.ko r8169.ko\n"
                                   "alias r8169 pci:v000010ECd00008168sv*sd*bc*sc*i*\n");
    assert_int_equal(all.count, 5);
    assert_true(kernel_has_driver(all.table, r8169));
    assert_false(kernel_has_driver(machine.table, r8169));
    assert_false(kernel_has_driver(all.table, ""));
    assert_false(kernel_has_driver("", r8169));
    kernel_modules_clear(&machine);
    kernel_modules_clear(&all);
}

static void test_payload(void **state)
{
    (void)state;
    unsigned char image[4096] = {0};
    size_t offset = 77;
    size_t length = 77;
    struct error err = ERROR_INIT;
    assert_true(kernel_payload(image, sizeof image, &offset, &length, &err) < 0);
    error_clear(&err);
    memcpy(image + 0x202, "HdrS\x0f\x02", 6);
    image[0x1f1] = 3;       // sectors of setup, besides the first
    image[0x248] = 0x10;    // payload's offset behind them
    image[0x24c] = 100 + 4; // its length, with that of what is in it
    assert_int_equal(kernel_payload(image, sizeof image, &offset, &length, NULL), 0);
    assert_int_equal(offset, 4 * 512 + 0x10);
    assert_int_equal(length, 100);
    image[0x24f] = 0x7f;
    assert_true(kernel_payload(image, sizeof image, &offset, &length, &err) < 0);
    error_clear(&err);
    assert_true(kernel_payload(image, 0x210, &offset, &length, NULL) < 0);
    assert_int_equal(length, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpio),        cmocka_unit_test(test_initrd),
        cmocka_unit_test(test_full_disk),   cmocka_unit_test(test_seed),
        cmocka_unit_test(test_config),      cmocka_unit_test(test_wrong_config),
        cmocka_unit_test(test_apt),         cmocka_unit_test(test_modules),
        cmocka_unit_test(test_nic_modules), cmocka_unit_test(test_payload),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
