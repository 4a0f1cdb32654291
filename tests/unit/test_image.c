// SPDX-License-Identifier: GPL-3.0-or-later
// tests of image/ — archives read back, a router's configuration read by the guest's own reader,
// module tables, what apt says, seed images, serial scripts and the guest's answers. A machine that
// boots of it all is in tests/net/image.sh.
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../guest/guest.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "image/archives.h"
#include "image/folders.h"
#include "image/guest_channel.h"
#include "image/kernel.h"
#include "image/package.h"
#include "image/router_config.h"
#include "image/seed.h"
#include "image/serial_script.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

static const struct router_config_nic nics[] = {
    {"eth0", {0x52, 0x54, 0, 0, 0, 0x0a}, 1500, 0xc6120001, 24},
    {"eth1", {0x52, 0x54, 0, 0, 0, 0x0b}, 0, 0xc6130001, 30},
    {"eth2", {0x52, 0x54, 0, 0, 0, 0x0c}, 9000, 0, 0},
};
static const struct router_config_neighbour neighbours[] = {
    {"eth0", 0xc6120002, {2, 0, 0, 0, 0, 0xfe}},
};
static const struct router_config_route routes[] = {{0x0a000000, 8, 0xc6120002},
                                                    {0, 0, 0xc6130002}};
static const char *const sysctls[][2] = {{"net/ipv4/ipfrag_time", "1"}};
static const char *const bird[] = {"/usr/sbin/bird", "-c", "a b%\n\xc3\xa9", NULL};
static const struct router_config_folder folders[] = {{"/run/bird", 65535}};
static const struct router_config_service services[] = {{bird, "/run/bird/bird.ctl", false},
                                                        {bird, NULL, true}};
static const struct archive_item files[] = {
    {.path = "etc/bird/bird.conf", .mode = 0640, .bytes = "router id 1;\n", .length = 13}};
static const struct router_config router = {.name = "r1",
                                            .nics = nics,
                                            .nic_count = COUNT(nics),
                                            .neighbours = neighbours,
                                            .neighbour_count = COUNT(neighbours),
                                            .routes = routes,
                                            .route_count = COUNT(routes),
                                            .sysctls = sysctls,
                                            .sysctl_count = COUNT(sysctls),
                                            .folders = folders,
                                            .folder_count = COUNT(folders),
                                            .services = services,
                                            .service_count = COUNT(services),
                                            .hold = true,
                                            .files = files,
                                            .file_count = COUNT(files)};

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
        assert_int_equal(archive_out_open(paths[p], ARCHIVE_CPIO, NULL, &out, NULL), 0);
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
    assert_int_equal(archive_out_open(base, ARCHIVE_CPIO, NULL, &out, NULL), 0);
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
    assert_int_equal(archive_out_open("/dev/full", ARCHIVE_CPIO, NULL, &out, &err), 0);
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
    assert_non_null(strstr(user, "[ip, neighbour, replace, 198.18.0.2, lladdr, "
                                 "\"02:00:00:00:00:fe\", dev, eth0, nud, permanent]\n"));
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
                                 "    addresses:\n      - \"198.19.0.1/30\"\n"
                                 "    routes:\n      - to: \"0.0.0.0/0\"\n"
                                 "        via: \"198.19.0.2\"\n"
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
        assert_int_equal(got.nics[i].has_address, nics[i].address != 0);
        assert_int_equal(got.nics[i].address, nics[i].address);
        assert_int_equal(got.nics[i].prefix, nics[i].prefix);
    }
    assert_int_equal(got.neighbour_count, 1);
    assert_int_equal(got.neighbours[0].nic, 0);
    assert_int_equal(got.neighbours[0].address, 0xc6120002);
    assert_memory_equal(got.neighbours[0].mac, neighbours[0].mac, 6);
    assert_int_equal(got.route_count, 2);
    assert_int_equal(got.routes[0].to, 0x0a000000);
    assert_int_equal(got.routes[0].prefix, 8);
    assert_int_equal(got.routes[1].via, 0xc6130002);
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
        assert_string_equal(why, "line 3 of /etc/vrbench/router.conf makes no sense");
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
    assert_int_equal(kernel_select_modules(dep, alias, &modules, &err), 0);
    assert_string_equal(modules.table,
                        "module virtio_net failover.ko net_failover.ko virtio_net.ko\n"
                        "alias virtio_net virtio:d00000001v*\n"
                        "module xen_netfront xen-netfront.ko\n"
                        "alias xen_netfront xen:vif\n"
                        "module button button.ko\n");
    assert_int_equal(modules.count, 5);
    assert_string_equal(modules.files[0], "kernel/net/core/failover.ko");
    kernel_modules_clear(&modules);
    assert_true(kernel_select_modules("kernel/button.ko:\n", alias, &modules, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    error_clear(&err);
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

// ---- serial scripts

static void test_script(void **state)
{
    (void)state;
    static const char text[] =
        "# a script\r\n\n  timeout 90 s\nexpect \"login: \"\n"
        "send \"root\\r\\n\\x1b\\e\\\\\\\"\\{\"\ntimeout 500 ms\n"
        "expect \"{name} {address.eth0} {ip.eth1} {prefix.eth1} {mask.eth1} {mac.eth0} {mtu.eth0} "
        "{neighbour.eth0} {neighbour_mac.eth0}\"";
    struct serial_script script = {0};
    assert_int_equal(serial_script_parse("f", text, sizeof text - 1, &router, &script, NULL), 0);
    assert_int_equal(script.count, 3);
    assert_int_equal(script.steps[0].deed, SERIAL_EXPECT);
    assert_int_equal(script.steps[0].timeout_ns, 90 * NS_PER_S);
    assert_int_equal(script.steps[0].line, 4);
    assert_string_equal(script.steps[0].text, "login: ");
    assert_int_equal(script.steps[1].deed, SERIAL_SEND);
    assert_string_equal(script.steps[1].text, "root\r\n\033\033\\\"{");
    assert_int_equal(script.steps[2].timeout_ns, 500 * NS_PER_MS);
    assert_string_equal(script.steps[2].text,
                        "r1 198.18.0.1/24 198.19.0.1 30 255.255.255.252 52:54:00:00:00:0a 1500 "
                        "198.18.0.2 02:00:00:00:00:fe");
    serial_script_clear(&script);
}

static void test_wrong_script(void **state)
{
    (void)state;
    static const char text[] =
        "expect\nexpect \"open\nsay \"x\"\nsend \"\"\nsend \"a\\qb{nam}\" more\n"
        "send \"{ip.eth9}{up.eth0}{neighbour.eth1}{\"\ntimeout soon\n"
        "send \"a\" b\nexpect \"\t\"\n";
    struct serial_script script = {0};
    struct error err = ERROR_INIT;
    assert_true(serial_script_parse("s", text, sizeof text - 1, &router, &script, &err) < 0);
    assert_true(err.located);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    static const char *const parts[] = {
        "s:1:7: expected a text in \"quotes\"\n",
        "\ns:2:8: this quote is not closed\n",
        "\ns:3:1: expected expect, send or timeout\n",
        "\ns:4:6: expected 1 to ",
        "\ns:5:8: there are \\r",
        "\ns:5:11: there is no {nam}",
        "\ns:6:7: the router has no interface \"eth9\"\n",
        "\ns:6:16: an interface has no {up.eth0}\n",
        "\ns:6:25: an interface has no {neighbour.eth1}\n",
        "\ns:6:41: no } for this {",
        "\ns:7:9: ",
        "\ns:8:10: nothing may follow here\n",
        "\ns:9:9: a control character",
    };
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (strstr(err.text, parts[i]) == NULL) {
            fail_msg("no %s in %s", parts[i], err.text);
        }
    }
    error_clear(&err);
    assert_true(serial_script_parse("s", "# x", 3, &router, &script, &err) < 0);
    assert_string_equal(err.text, "s:1:1: this script does nothing");
    error_clear(&err);
}

// A console in a process of its own: says, hears and says again.
static pid_t start_console(const int ends[2])
{
    int fd = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        char heard[16] = "";
        (void)!write(fd, "Booting\r\nr1 lo", 14);
        (void)!write(fd, "gin: ", 5);
        for (size_t length = 0; length < 5;) {
            ssize_t got = read(fd, heard + length, 5 - length);
            length += got > 0 ? (size_t)got : 5;
        }
        (void)!write(fd, strcmp(heard, "root\r") == 0 ? "welcome# " : "sorry", 9);
        (void)read(fd, heard, 1);
        _exit(0);
    }
    return pid;
}

static void test_play(void **state)
{
    (void)state;
    static const char text[] =
        "expect \"login: \"\nsend \"root\\r\"\nexpect \"# \"\ntimeout 50 ms\nexpect \"login\"\n";
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = start_console(ends);
    close(ends[1]);
    struct serial_script script = {0};
    struct serial_port port;
    struct error err = ERROR_INIT;
    assert_int_equal(serial_script_parse("s", text, sizeof text - 1, &router, &script, NULL), 0);
    assert_int_equal(serial_port_of(&ends[0], &port, NULL), 0);
    // What was heard before does not count again.
    assert_int_equal(serial_script_play(&script, &port, &err), -ETIMEDOUT);
    assert_non_null(strstr(err.text, "line 5: the console did not say \"login\" but \"\""));
    error_clear(&err);
    script.count = 4;
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[1]);
    assert_int_equal(serial_script_play(&script, &port, &err), -ECONNRESET);
    assert_non_null(strstr(err.text, "line 1: the console is gone"));
    error_clear(&err);
    close(ends[0]);
    serial_script_clear(&script);
}

// ---- what a guest says

static void test_answers(void **state)
{
    (void)state;
    struct guest_answer got = {0};
    assert_int_equal(guest_parse_answer("7 ok 1234 0", 11, &got, NULL), 0);
    assert_true(got.id == 7 && got.ok && got.number == 1234 && got.length == 0);
    assert_int_equal(guest_parse_answer("8 error 0 12", 12, &got, NULL), 0);
    assert_true(got.id == 8 && !got.ok && got.length == 12);
    static const char *const wrong[] = {"",
                                        "7",
                                        "7 ok",
                                        "7 ok 1",
                                        "7 ok 1 ",
                                        "7 ok 1 x",
                                        "7 ok 1 2 3",
                                        "7 yes 1 2",
                                        "-7 ok 1 2",
                                        "7  ok 1 2",
                                        "7 ok 1 2 ",
                                        " 7 ok 1 2",
                                        "7 ok 1 4194305",
                                        "18446744073709551616 ok 1 2",
                                        "7 ok 1 99999999999999999999"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = ERROR_INIT;
        if (guest_parse_answer(wrong[i], strlen(wrong[i]), &got, &err) == 0) {
            fail_msg("taken: %s", wrong[i]);
        }
        error_clear(&err);
    }
    assert_int_equal(got.id, 8);
}

static const char dev[] =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
    "    lo: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
    "  eth1:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
    "  eth0: 100 200 300 400 0 0 0 0 500 600 700 800 0 0 0 0\n";
static const char snmp[] =
    "Ip: InHdrErrors InAddrErrors InDiscards OutDiscards OutNoRoutes ReasmOKs\n"
    "Ip: 1 2 3 4 5 6\nUdp: RcvbufErrors\nUdp: 7\n";

static char *counters_payload(const char *dev_text, const char *qdisc)
{
    return text_format("dev %zu\n%ssnmp %zu\n%snetstat 0\nsoftnet_stat 2\n1\nqdisc %zu\n%s",
                       strlen(dev_text), dev_text, strlen(snmp), snmp, strlen(qdisc), qdisc);
}

static void test_nic_and_words(void **state)
{
    (void)state;
    char nic[GUEST_NIC_MAX] = "?";
    assert_int_equal(guest_parse_nic("eth1", 4, nic, NULL), 0);
    assert_string_equal(nic, "eth1");
    assert_int_equal(guest_parse_nic("", 0, nic, NULL), 0);
    assert_string_equal(nic, "");
    assert_int_equal(guest_parse_nic("abcdefghijklmno", 15, nic, NULL), 0);
    static const char *const wrong[] = {"abcdefghijklmnop", "eth 1", "eth1\n", "a/b", "\xc3\xa9"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_true(guest_parse_nic(wrong[i], strlen(wrong[i]), nic, NULL) < 0);
    }
    assert_true(guest_parse_nic("eth\0", 4, nic, NULL) < 0);
    char words[8] = "";
    guest_take_words("bird: \x1b[31mno", 14, words, sizeof words);
    assert_string_equal(words, "bird: ?");
    guest_take_words("", 0, words, sizeof words);
    assert_string_equal(words, "");
}

static void test_counters(void **state)
{
    (void)state;
    static const struct guest_link links[] = {{"eth0", 100}, {"eth1", 200}};
    struct namespace_counters got = {0};
    struct error err = ERROR_INIT;
    _cleanup_free_ char *payload = counters_payload(dev, "eth1 44\neth9 1\n");
    assert_int_equal(guest_parse_counters(payload, strlen(payload), links, 2, &got, &err), 0);
    const struct link_counters *eth0 = counters_link(&got, 100);
    const struct link_counters *eth1 = counters_link(&got, 200);
    assert_true(eth0->rx_bytes == 100 && eth0->rx_packets == 200 && eth0->rx_errors == 300 &&
                eth0->rx_dropped == 400 && eth0->tx_bytes == 500 && eth0->tx_packets == 600 &&
                eth0->tx_errors == 700 && eth0->tx_dropped == 800 && eth0->qdisc_egress == 0);
    assert_true(eth1->rx_bytes == 1 && eth1->tx_dropped == 12 && eth1->qdisc_egress == 44);
    assert_int_equal(got.ip.in_hdr_errors, 1);
    assert_int_equal(got.udp.rcvbuf_errors, 7);
    counters_clear(&got);
    for (size_t cut = 0; cut + 1 < strlen(payload); cut++) {
        assert_true(guest_parse_counters(payload, cut, links, 2, &got, &err) < 0);
        error_clear(&err);
    }
    static const struct guest_link absent[] = {{"eth7", 1}};
    assert_true(guest_parse_counters(payload, strlen(payload), absent, 1, &got, &err) < 0);
    assert_string_equal(err.text, "/proc/net/dev has no eth7");
    error_clear(&err);
    _cleanup_free_ char *odd = counters_payload("eth0: 1 2 3 x\neth1: 1\n", "");
    assert_true(guest_parse_counters(odd, strlen(odd), links, 1, &got, &err) < 0);
    assert_true(guest_parse_counters(odd, strlen(odd), links + 1, 1, &got, NULL) < 0);
    error_clear(&err);
    _cleanup_free_ char *queues = counters_payload(dev, "eth0 many\n");
    assert_true(guest_parse_counters(queues, strlen(queues), links, 2, &got, &err) < 0);
    error_clear(&err);
}

// A guest in a process of its own, which answers what it is given in advance; %s stands for the
// number of the last request.
static pid_t start_guest(const int ends[2], const char *const *answers)
{
    int fd = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        for (; *answers != NULL; answers++) {
            char line[256] = "";
            size_t length = 0;
            while (length < 2 || line[length - 1] != '\n') {
                if (read(fd, line + length, 1) != 1) {
                    _exit(0);
                }
                length++;
            }
            line[strcspn(line + 1, " ") + 1] = '\0';
            char answer[512];
            snprintf(answer, sizeof answer, *answers, line + 1);
            (void)!write(fd, answer, strlen(answer));
        }
        _exit(0);
    }
    return pid;
}

static void test_channel(void **state)
{
    (void)state;
    static const char *const answers[] = {"1 ok 0 3\nold%s ok 1234 0\n", "%s error 0 5\nno NIC",
                                          "%s ok 7 6\na\nb c\n", NULL};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = start_guest(ends, answers);
    close(ends[1]);
    struct guest_channel *guest = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(guest_adopt(ends[0], &guest, NULL), 0);
    uint64_t until = clock_monotonic_ns() + 60 * NS_PER_S;
    uint64_t boot_ms = 0;
    assert_int_equal(guest_await_ready(guest, until, &boot_ms, &err), 0);
    assert_int_equal(boot_ms, 1234);
    assert_true(guest_await_ready(guest, until, &boot_ms, &err) < 0);
    assert_string_equal(err.text, "the guest says: no NI");
    error_clear(&err);
    guest_close(guest);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    // A command; then nobody answers; then nobody is there.
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid = start_guest(ends, answers + 2);
    assert_int_equal(guest_adopt(ends[0], &guest, NULL), 0);
    static const char *const argv[] = {"sh", "-c", "a b", NULL};
    _cleanup_free_ char *output = NULL;
    size_t length = 0;
    int status = 0;
    assert_int_equal(guest_exec(guest, argv, until, &status, &output, &length, &err), 0);
    assert_int_equal(status, 7);
    assert_int_equal(length, 6);
    assert_string_equal(output, "a\nb c\n");
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(guest_await_ready(guest, clock_monotonic_ns(), NULL, &err), -ETIMEDOUT);
    error_clear(&err);
    close(ends[1]);
    assert_int_equal(guest_await_ready(guest, until, NULL, &err), -ECONNRESET);
    error_clear(&err);
    guest_close(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpio),         cmocka_unit_test(test_initrd),
        cmocka_unit_test(test_full_disk),    cmocka_unit_test(test_seed),
        cmocka_unit_test(test_config),       cmocka_unit_test(test_wrong_config),
        cmocka_unit_test(test_apt),          cmocka_unit_test(test_modules),
        cmocka_unit_test(test_payload),      cmocka_unit_test(test_script),
        cmocka_unit_test(test_wrong_script), cmocka_unit_test(test_play),
        cmocka_unit_test(test_answers),      cmocka_unit_test(test_nic_and_words),
        cmocka_unit_test(test_counters),     cmocka_unit_test(test_channel),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
