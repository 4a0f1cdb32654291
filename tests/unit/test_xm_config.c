// SPDX-License-Identifier: GPL-3.0-or-later
// tests of machine/xen/xm_config — files of the study's form and of xl's give the right structs,
// Python statements are reported with their position and not executed, and a scenario takes the
// settings that it lacks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "machine/xen/xm_config.h"
#include "scenario/scenario.h"

#include "xm_text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEDS        "tests/fuzz/corpus/xm_config/"
#define MIB          (UINT64_C(1) << 20)

static const struct xm_config *xm_of(const struct scenario_router *router)
{
    return (const struct xm_config *)router->file;
}

static char *read_text(const char *path)
{
    char *text = NULL;
    assert_int_equal(file_read(path, SCENARIO_CONFIG_MAX, &text, NULL, NULL), 0);
    return text;
}

static struct xm_config *parse_seed(const char *name)
{
    _cleanup_free_ char *path = text_format(SEEDS "%s", name);
    _cleanup_free_ char *text = read_text(path);
    return parse(text);
}

static void test_study(void **state)
{
    (void)state;
    static const uint8_t mac[6] = {0x00, 0x16, 0x3e, 0x9d, 0x21, 0x6f};
    struct xm_config *xm = parse_seed("study");
    assert_int_equal(xm->type, XM_PV);
    assert_string_equal(xm->name, "r1t3");
    assert_string_equal(xm->kernel, "/boot/vmlinuz-2.6.26-2-xen-686");
    assert_int_equal(xm->kernel_at.line, 3);
    assert_int_equal(xm->kernel_at.column, 15);
    assert_string_equal(xm->ramdisk, "/boot/initrd.img-2.6.26-2-xen-686");
    assert_int_equal(xm->memory_bytes, 64 * MIB);
    assert_int_equal(xm->memory_max_bytes, 0);
    assert_int_equal(xm->disk_count, 2);
    assert_string_equal(xm->disks[0].target, "/home/xen/domains/r1t3/disk.img");
    assert_string_equal(xm->disks[0].vdev, "sda2");
    assert_true(xm->disks[0].writable);
    assert_false(xm->disks[0].device);
    assert_string_equal(xm->disks[1].vdev, "sda1");
    assert_int_equal(xm->vif_count, 3);
    assert_int_equal(xm->vif_at.line, 13);
    assert_true(xm->vifs[1].has_mac);
    assert_memory_equal(xm->vifs[1].mac, mac, sizeof mac);
    assert_string_equal(xm->vifs[2].bridge, "eth2");
    assert_int_equal(xm->vifs[2].place.line, 14);
    assert_int_equal(xm->vifs[2].place.column, 17);
    assert_int_equal(xm->on_poweroff, XM_DESTROY);
    assert_int_equal(xm->on_reboot, XM_RESTART);
    assert_int_equal(xm->on_crash, XM_RESTART);
    assert_int_equal(xm->pci_count, 0);
    _cleanup_free_ char *cmdline = xm_config_cmdline(xm);
    assert_string_equal(cmdline, "root=/dev/sda2 ro");
    assert_notes(xm, "12:1: dhcp: not passed on: no server answers in a testbed's networks, and "
                     "the kernel would wait for one\n");
    xm_config_free(xm);
}

// The scenario that is shipped with its file.
static void test_shipped(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    if (scenario_read("scenarios/scenario-1-xen.yaml", 2, &s, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(s->platform, "xen");
    assert_string_equal(xm_of(&s->routers[0])->ramdisk, "/var/lib/vrbench/image/initrd.cpio");
    assert_int_equal(s->routers[0].memory_bytes, 96 * MIB);
    assert_notes(xm_of(&s->routers[0]), "");
}

static void test_dedicated(void **state)
{
    (void)state;
    struct xm_config *xm = parse_seed("dedicated");
    assert_int_equal(xm->memory_bytes, 72 * MIB);
    assert_int_equal(xm->vif_at.line, 0);
    assert_int_equal(xm->pci_count, 3);
    assert_int_equal(xm->pcis[0].domain, 0);
    assert_int_equal(xm->pcis[0].bus, 2);
    assert_int_equal(xm->pcis[0].device, 2);
    assert_int_equal(xm->pcis[0].function, 0);
    assert_int_equal(xm->pcis[1].device, 3);
    assert_int_equal(xm->pcis[1].function, 1);
    assert_true(xm->pcis[1].permissive);
    assert_false(xm->pcis[0].permissive);
    assert_int_equal(xm->pcis[2].device, 4);
    assert_int_equal(xm->vcpus, 1);
    static const unsigned cpus[] = {0, 2, 3};
    assert_int_equal(xm->cpu_count, COUNT(cpus));
    assert_memory_equal(xm->cpus, cpus, sizeof cpus);
    assert_int_equal(xm->weight, 512);
    assert_true(xm->has_cap);
    assert_int_equal(xm->cap, 50);
    _cleanup_free_ char *cmdline = xm_config_cmdline(xm);
    assert_string_equal(cmdline, "quiet console=hvc0");
    assert_notes(xm, "");
    xm_config_free(xm);
}

static void test_xl(void **state)
{
    (void)state;
    struct xm_config *xm = parse_seed("xl");
    assert_int_equal(xm->type, XM_PVH);
    assert_int_equal(xm->memory_max_bytes, 256 * MIB);
    assert_int_equal(xm->disk_count, 3);
    assert_string_equal(xm->disks[0].target, "/srv/r1.img");
    assert_int_equal(xm->disks[0].format, XM_DISK_RAW);
    assert_true(xm->disks[0].writable);
    assert_string_equal(xm->disks[1].target, "/srv/a,b=c.img");
    assert_int_equal(xm->disks[1].format, XM_DISK_QCOW2);
    assert_string_equal(xm->disks[1].vdev, "xvdb");
    assert_false(xm->disks[1].writable);
    assert_null(xm->disks[2].target);
    assert_true(xm->disks[2].cdrom);
    assert_int_equal(xm->vif_count, 2);
    assert_null(xm->vifs[0].bridge);
    assert_false(xm->vifs[0].has_mac);
    assert_string_equal(xm->vifs[1].model, "e1000");
    assert_int_equal(xm->cpu_count, 3);
    assert_notes(xm, "7:26: script: not executed; vrbench joins interfaces to its bridges itself\n"
                     "8:8: cpus: a router's vCPUs may run on all of these, none on one of its own\n"
                     "9:1: vnc: not used; it makes no difference to a router\n");
    xm_config_locate(xm, "cfg/r1.cfg");
    assert_string_equal(xm->kernel, "cfg/vmlinux");
    assert_string_equal(xm->disks[0].target, "/srv/r1.img");
    xm_config_free(xm);
}

static void test_forms(void **state)
{
    (void)state;
    struct xm_config *xm = parse("");
    assert_null(xm->kernel);
    assert_int_equal(xm->on_crash, XM_RESTART);
    assert_null(xm->name);
    xm_config_free(xm);
    xm = parse(
        "name='a\\'b\\\\c'\t# tab\r\n\r\nmemory = ' 64 ' ;vcpus=2;;\n"
        "vif=[\n# none\n'mac=00:16:3e:00:00:01 , bridge = br0'\n,\n]\n"
        "disk = [ 'phy:sda3,sda1,r', 'tap:qcow2:/x.qcow2,hda,w!', 'tap:aio:/y,xvdb:cdrom,r']\n"
        "cpus = 'all'; on_crash = \"coredump-destroy\"");
    assert_string_equal(xm->name, "a'b\\c");
    assert_int_equal(xm->memory_bytes, 64 * MIB);
    assert_int_equal(xm->vcpus, 2);
    assert_string_equal(xm->vifs[0].bridge, "br0");
    assert_true(xm->vifs[0].has_mac);
    assert_string_equal(xm->disks[0].target, "/dev/sda3");
    assert_true(xm->disks[0].device);
    assert_false(xm->disks[0].writable);
    assert_string_equal(xm->disks[1].target, "/x.qcow2");
    assert_int_equal(xm->disks[1].format, XM_DISK_QCOW2);
    assert_true(xm->disks[1].writable);
    assert_string_equal(xm->disks[2].target, "/y");
    assert_true(xm->disks[2].cdrom);
    assert_int_equal(xm->cpu_count, 0);
    assert_int_equal(xm->on_crash, XM_COREDUMP_DESTROY);
    assert_notes(xm, "10:26: on_crash: coredump-destroy is not done to a router; destroy is\n");
    xm_config_free(xm);
    xm = parse("builder = 'hvm'\nkernel = '/usr/lib/xen/boot/hvmloader'\n");
    assert_int_equal(xm->type, XM_HVM);
    assert_null(xm->kernel);
    assert_notes(xm, "1:11: builder: obsolete; today it is type = \"hvm\"\n"
                     "2:10: kernel: obsolete; Xen finds hvmloader itself\n");
    xm_config_free(xm);
    xm = parse("cmdline = 'a'; root = '/dev/sda1'; extra = 'b'\n");
    _cleanup_free_ char *cmdline = xm_config_cmdline(xm);
    assert_string_equal(cmdline, "a");
    xm_config_free(xm);
    xm = parse("root = '/dev/sda1'; extra = 'b'\n");
    _cleanup_free_ char *both = xm_config_cmdline(xm);
    assert_string_equal(both, "root=/dev/sda1 b");
    xm_config_free(xm);
}

// Of Python only values are read; every other statement is reported once.
static void test_python(void **state)
{
    (void)state;
    _cleanup_free_ char *text = read_text(SEEDS "python");
    struct scenario_problems problems = {NULL, 0};
    struct xm_config *config = NULL;
    assert_true(xm_config_parse(text, strlen(text), &config, &problems) < 0);
    _cleanup_free_ char *joined = join(&problems);
    assert_string_equal(
        joined, "1:1: import is Python, which is not executed here: only NAME = VALUE is read\n"
                "2:8: os is a name in Python, and no names are looked up here: write the value "
                "itself, a text in quotes\n"
                "3:1: if is Python, which is not executed here: only NAME = VALUE is read\n"
                "6:1: def is Python, which is not executed here: only NAME = VALUE is read\n"
                "8:19: expressions and calls are not supported: write the value itself\n"
                "9:13: expressions and calls are not supported: write the value itself\n"
                "10:26: expected \",\" or \"]\"; expressions are not supported\n"
                "11:33: expected a comma between two texts of a list\n"
                "13:13: expressions and calls are not supported: write the value itself\n"
                "16:8: expected \"=\"; parts of lists can't be set\n"
                "17:8: letters in front of a quote are not read\n"
                "18:1: print is Python, which is not executed here: only NAME = VALUE is read\n");
    scenario_problems_clear(&problems);
}

static void test_syntax(void **state)
{
    (void)state;
    assert_problems("x", "1:2: expected \"=\" and a value behind the key\n");
    assert_problems("= 3\n4 = 5\n", "1:1: expected NAME = VALUE\n2:1: expected NAME = VALUE\n");
    assert_problems("name =\n", "1:7: expected a value in the line of its key\n");
    assert_problems("name = 'x\nvcpus = 1", "1:8: this quote is not closed in its line\n");
    assert_problems("name = '''x'''\n",
                    "1:8: texts in three quotes are not read; write it in one pair\n");
    assert_problems("name = 'a' 'b'\n",
                    "1:12: Python joins two texts side by side; write them as one\n");
    assert_problems("name = 'a' b\n", "1:12: expected the end of the line behind the value\n");
    assert_problems("name = 'a\\n'\n",
                    "1:10: expected no backslash in a text but in \\\\, \\' and \\\"\n");
    assert_problems("name = '\xc3\xa4\x01'\n", "1:10: a control character in a text\n");
    assert_problems("memory = 0777\n",
                    "1:10: a number that begins with 0 is octal to Python; write it without\n");
    assert_problems("memory = 64M\n", "1:10: expected a whole number, without a unit, or a text in "
                                      "quotes\n");
    assert_problems("memory = 1.5\n", "1:10: expected a whole number, without a unit, or a text in "
                                      "quotes\n");
    assert_problems("memory = 0x\n", "1:10: expected a whole number, without a unit, or a text in "
                                     "quotes\n");
    assert_problems("memory = -64\n", "1:10: expected a number that is not negative\n");
    assert_problems("memory = 18446744073709551616\n", "1:10: this number is too large\n");
    assert_problems("memory = (64)\n", "1:10: expected a text in quotes, a whole number or a list "
                                       "in [ ]; other values of Python mean nothing here\n");
    assert_problems("vif = [ 'bridge=a'\n  'x' ]\nname = ''\n",
                    "2:3: expected a comma between two texts of a list\n"
                    "3:8: name: expected a text of 1 to 64 bytes\n");
    assert_problems("vif = [\n", "1:7: this list is not closed\n");
    assert_problems("vif = [ [] ]\n", "1:9: vif: expected a text in quotes\n");
    assert_problems("cpus = [ [] ]\n", "1:10: cpus: expected CPUs such as \"0-3,^1\", \"2\" or "
                                       "\"all\", numbers below 4096\n");
    assert_problems("vnuma = [[[[[[[[[]]]]]]]]]\n",
                    "1:17: lists in lists are read to a depth of 8\n");
    assert_problems("vcpus = True\n", "1:9: expected a text in quotes, a whole number or a list; "
                                      "for True and False write 1 and 0\n");
    assert_problems("vcpus -= 1\n",
                    "1:7: expressions are not supported: expected \"=\" and the whole value\n");
    assert_problems("vif = ['']\nvif += 'x'\n",
                    "2:8: vif: only a text is added to a text, and a list to a list\n");
    assert_problems("vcpus = 1\nvcpus += 1\n",
                    "2:10: vcpus: only a text is added to a text, and a list to a list\n");
    assert_problems("name = 'a\\\n' b\n", "2:3: expected the end of the line behind the value\n");
    assert_problems("vif = [ 'bridge=a,\\\nmak=3,\\\r\n  b=1', 'x' ]\n",
                    "2:1: an interface has no \"mak\"; expected mac, bridge, model, vifname or "
                    "type\n"
                    "3:3: an interface has no \"b\"; expected mac, bridge, model, vifname or type\n"
                    "3:10: expected parts such as mac=00:16:3e:00:00:01 or bridge=eth0\n");
    assert_problems("# \xc3\xa4\nname = '\xff'\n", "2:9: this is not UTF-8 text\n");
    assert_problems("exec('rm -rf /')\n",
                    "1:1: exec is Python, which is not executed here: only NAME = VALUE is read\n");
    assert_problems(
        "os.system('x')\n",
        "1:1: this is a call in Python, which is not executed here: only NAME = VALUE is read\n");
}

static void test_keys(void **state)
{
    (void)state;
    assert_problems("kernal = 'x'\n", "1:1: unknown key \"kernal\"; did you mean \"kernel\"?\n");
    assert_problems("spicehosts = 1\n",
                    "1:1: unknown key \"spicehosts\"; did you mean \"spicehost\"?\n");
    assert_problems("arch_libdir = 'lib'\n",
                    "1:1: unknown key \"arch_libdir\": neither xm nor xl reads it, and variables "
                    "of a Python program are not supported\n");
    assert_problems("cap = 10\ncpu_cap = 10\n",
                    "2:11: cpu_cap: cap is given, too, which means the same\n");
    assert_problems("cap = 409601\n", "1:7: cap: expected a whole number from 0 to 409600\n");
    assert_problems("type = 'pvh'\nbuilder = 'generic'\n",
                    "2:11: builder: \"generic\" is of type pv and contradicts type in line 1\n");
    assert_problems("builder = 'hvm'\ntype = 'pvh'\n",
                    "1:11: builder: \"hvm\" is of type hvm and contradicts type in line 2\n");
    assert_problems("memory = 64\nmemory = 64\n", "2:1: memory is set already, in line 1\n");
    assert_problems("memory = 0\n", "1:10: memory: expected a whole number from 1 to 1048576\n");
    assert_problems("memory = '64 MB'\n",
                    "1:10: memory: expected a whole number from 1 to 1048576\n");
    assert_problems("memory = [64]\n", "1:10: memory: expected a whole number from 1 to 1048576\n");
    assert_problems("memory = 64; maxmem = 63\n",
                    "1:23: maxmem: expected at least memory, 64 MiB\n");
    assert_problems("kernel = 1\n", "1:10: kernel: expected a text in quotes, not a number\n");
    assert_problems("ramdisk = 'x'\n", "1:1: ramdisk: expected a kernel beside it\n");
    assert_problems("vif = 'bridge=x'\n", "1:7: vif: expected a list of texts, not a text\n");
    assert_problems("vif = [ 1 ]\n", "1:9: vif: expected a text in quotes\n");
    assert_problems("cpu_weight = 65536\n",
                    "1:14: cpu_weight: expected a whole number from 1 to 65535\n");
    assert_problems("on_crash = 'reboot'\n",
                    "1:12: on_crash: expected destroy, restart, rename-restart, preserve, "
                    "coredump-destroy, coredump-restart or soft-reset\n");
    assert_problems("type = 'kvm'\n", "1:8: type: expected pv, pvh or hvm\n");
    assert_problems("builder = 'kvm'\n",
                    "1:11: builder: expected linux, generic or hvm; today's key is type\n");
    static const char cpus_wanted[] = "cpus: expected CPUs such as \"0-3,^1\", \"2\" or \"all\", "
                                      "numbers below 4096\n";
    static const char *const cpus[] = {"'3-1'", "'4096'", "4096",  "'1,'",
                                       "'x'",   "'^'",    "'1 2'", "'al'"};
    for (size_t i = 0; i < COUNT(cpus); i++) {
        _cleanup_free_ char *text = text_format("cpus = %s\n", cpus[i]);
        _cleanup_free_ char *wanted = text_format("1:8: %s", cpus_wanted);
        assert_problems(text, wanted);
    }
    assert_problems("cpus = '1,node:1'\n",
                    "1:8: cpus: NUMA nodes are not supported; write the numbers of their CPUs (xl "
                    "info -n lists them)\n");
    assert_problems("cpus = 'all,^all'\n", "1:8: cpus: no CPU is left for the domain\n");
    assert_problems("cpus = '1,^1'\n", "1:8: cpus: no CPU is left for the domain\n");
    struct xm_config *xm = parse("nics = 2\non_xend_stop = 'ignore'\nbootloader = '/bin/sh'\n");
    assert_notes(xm, "1:1: nics: obsolete since Xen 3.0: vif has one text for each interface\n"
                     "2:1: on_xend_stop: obsolete: it instructed xend, which Xen 4.5 removed\n"
                     "3:14: bootloader: not executed; kernel and ramdisk are booted\n");
    xm_config_free(xm);
}

static void test_devices(void **state)
{
    (void)state;
    static const char mac[] = "mac: expected the address of one interface, such as "
                              "00:16:3e:00:00:01\n";
    static const char *const macs[] = {"00:16:3e:00:00",       "01:16:3e:00:00:01",
                                       "00:00:00:00:00:00",    "00.16.3e.00.00.01",
                                       "00:16:3e:00:00:0g",    "",
                                       "00:16:3e:00:00:01:02", "000:16:3e:00:00:01"};
    for (size_t i = 0; i < COUNT(macs); i++) {
        _cleanup_free_ char *text = text_format("vif = ['bridge=x, mac=%s']\n", macs[i]);
        _cleanup_free_ char *wanted = text_format("1:23: %s", mac);
        assert_problems(text, wanted);
    }
    assert_problems("vif = ['mac=00:16:3e:00:00:01', 'mac=00:16:3E:00:00:01']\n",
                    "1:38: mac: an interface before this one has the same address\n");
    assert_problems("vif = ['\\\\=1,mak=2']\n",
                    "1:9: an interface has no \"\\\"; expected mac, bridge, model, vifname or "
                    "type\n"
                    "1:14: an interface has no \"mak\"; expected mac, bridge, model, vifname or "
                    "type\n");
    assert_problems("vif = ['bridge=a/b,bridge=c', 'x']\n",
                    "1:20: bridge is given twice\n"
                    "1:32: expected parts such as mac=00:16:3e:00:00:01 or bridge=eth0\n");
    assert_problems("vif = ['type=vmxnet']\n", "1:14: type: expected vif or ioemu\n");
    static const char disk[] = "1:9: disk: expected such as phy:/dev/vg/r1,sda1,w or "
                               "/srv/r1.img,raw,xvda,rw: its name in the domain is missing\n";
    assert_problems("disk = ['/srv/x']\n", disk);
    assert_problems("disk = ['drbd:x,sda1,w']\n",
                    "1:10: expected a file or block device (phy:, file:, tap:); disks of other "
                    "kinds are made by programs, and no program that the file names is executed\n");
    assert_problems("disk = ['/srv/x,sda1,w']\n",
                    "1:17: expected a format: raw, qcow, qcow2, vhd or qed; with phy: or file: in "
                    "front of the path there is none\n"
                    "1:22: expected the disk's name in the domain, such as sda1, xvda or "
                    "hdc:cdrom\n");
    assert_problems("disk = ['file:/x,sda1,y']\n", "1:23: expected r (read only) or w\n");
    assert_problems("disk = ['/x,raw,sda1,w,0']\n",
                    "1:24: expected no more parameters behind r or w\n");
    assert_problems("disk = ['/x,raw,sda1,w,,']\n",
                    "1:24: expected no more parameters behind r or w\n");
    assert_problems("disk = ['/x,raw,sda1,w,devtype=floppy']\n",
                    "1:32: devtype: expected cdrom or disk\n");
    assert_problems("disk = ['/x,raw,sda1,w,format=qcow']\n", "1:24: format is given twice\n");
    assert_problems("disk = ['file:/x,sda1,w','file:/y,sda1,w']\n",
                    "1:26: disk: there is a disk sda1 already\n");
    assert_problems("disk = ['file:,sda1,w']\n", "1:9: disk: expected a file or block device\n");
    assert_problems("disk = ['script=x,vdev=xvda,target=y']\n",
                    "1:10: script: no program that the file names is executed\n");
    static const char *const pcis[] = {"",          "1:2",          "0000:02:02", "02:02.8",
                                       "02:20.0",   "00000:02:2.0", "02:02.0@",   "x2:02.0",
                                       "02:02.0 1", "0000:0002:2.0"};
    for (size_t i = 0; i < COUNT(pcis); i++) {
        _cleanup_free_ char *text = text_format("pci = ['%s']\n", pcis[i]);
        assert_problems(text, "1:9: pci: expected a device's address and function, such as "
                              "0000:02:02.0\n");
    }
    assert_problems("pci = ['02:02.0','0000:02:02.0']\n",
                    "1:18: pci: this device is in the list already\n");
    assert_problems("pci = ['02:02.0,permissive=2,x=1']\n",
                    "1:28: permissive: expected 0 or 1\n"
                    "1:30: a PCI device has no \"x\"; expected permissive\n");
}

// ---- in a scenario

#define SCENARIO                                                                                   \
    "name: x\nplatform: xen\ntopologies: [bridged]\nrouters: { r1: { config: r1.cfg%s } }\n"       \
    "networks: { NET0: { router: r1 } }\ntraffic: { lengths: [64], rates: { pps: [1000] } }\n"

static void write_text(const char *folder, const char *name, const char *text)
{
    _cleanup_free_ char *path = text_format("%s/%s", folder, name);
    assert_int_equal(file_replace_passing(path, text, strlen(text), NULL), 0);
}

static char *read_problems(const char *path)
{
    struct error err = ERROR_INIT;
    struct scenario *scenario = NULL;
    assert_true(scenario_read(path, 2, &scenario, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_true(err.located);
    return err.text;
}

static void test_scenario(void **state)
{
    (void)state;
    char folder[] = "/tmp/xm-XXXXXX";
    assert_non_null(mkdtemp(folder));
    _cleanup_free_ char *path = text_format("%s/x.yaml", folder);
    _cleanup_free_ char *plain = text_format(SCENARIO, "");
    _cleanup_free_ char *says = text_format(SCENARIO, ", memory: 200 MiB, weight: 7");
    static const char cfg[] =
        "kernel = 'vmlinux'\nmemory = 96\ncpu_weight = 512; cpu_cap = 50\n"
        "vif = ['','']\non_crash = 'destroy'\non_poweroff = 'rename-restart'\n";
    write_text(folder, "r1.cfg", cfg);
    write_text(folder, "x.yaml", plain);
    for (unsigned recalled = 0; recalled < 2; recalled++) {
        _cleanup_scenario_ struct scenario *s = NULL;
        struct scenario_problems problems;
        if (recalled) { // as in the record of a standing testbed
            assert_int_equal(scenario_parse(plain, strlen(plain), 2, &s, &problems), 0);
            assert_null(s->routers[0].file);
            s->file = text_copy(path);
            assert_int_equal(scenario_recall_config(s, 0, cfg), 0);
        } else {
            assert_int_equal(scenario_read(path, 2, &s, NULL), 0);
        }
        const struct scenario_router *router = &s->routers[0];
        _cleanup_free_ char *kernel = text_format("%s/vmlinux", folder);
        assert_string_equal(xm_of(router)->kernel, kernel);
        assert_string_equal(router->config_text, cfg);
        assert_int_equal(router->memory_bytes, 96 * MIB);
        assert_int_equal(router->allocation.weight, 512);
        assert_int_equal(router->allocation.cap, 50);
        assert_int_equal(router->on_crash, ON_CRASH_DESTROY);
        assert_int_equal(router->on_poweroff, ON_CRASH_RESTART);
        assert_int_equal(router->on_reboot, ON_CRASH_RESTART);
    }
    // What the scenario says itself goes before.
    write_text(folder, "x.yaml", says);
    _cleanup_scenario_ struct scenario *s = NULL;
    assert_int_equal(scenario_read(path, 2, &s, NULL), 0);
    assert_int_equal(s->routers[0].memory_bytes, 200 * MIB);
    assert_int_equal(s->routers[0].allocation.weight, 7);
    assert_int_equal(s->routers[0].allocation.cap, 50);
    // Problems are of the file that they are in.
    write_text(folder, "r1.cfg", "vif = ['']\ncap = 200\n");
    _cleanup_free_ char *few = read_problems(path);
    _cleanup_free_ char *few_wanted = text_format(
        "%s/r1.cfg:1:7: vif: expected at least 2, two for each network of router r1, not 1\n"
        "%s/r1.cfg:2:7: cap: expected at most 100, 100 percent for each CPU of host.cpus, not "
        "200",
        folder, folder);
    assert_string_equal(few, few_wanted);
    write_text(folder, "r1.cfg", "import os\n");
    write_text(folder, "x.yaml",
               "nam: x\nplatform: xen\nrouters: { r1: { config: r1.cfg } }\n"
               "networks: { NET0: { router: r1 } }\n"
               "traffic: { lengths: [64], rates: { pps: [1000] } }\n");
    _cleanup_free_ char *both = read_problems(path);
    assert_non_null(strstr(both, "x.yaml:1:1: "));
    assert_non_null(strstr(both, "/r1.cfg:1:1: import is Python"));
    // Only on Xen.
    static const char other[] = "name: x\nrouters: { r1: { config: r1.cfg } }\n"
                                "networks: { NET0: { router: r1 } }\n"
                                "traffic: { lengths: [64], rates: { pps: [1000] } }\n";
    write_text(folder, "x.yaml", other);
    _cleanup_free_ char *only = read_problems(path);
    _cleanup_free_ char *only_wanted =
        text_format("%s:2:18: config: expected only with daemon: frr or bird, or on platform xen, "
                    "where it is a domain's file",
                    path);
    assert_string_equal(only, only_wanted);
    _cleanup_free_ char *cfg_path = text_format("%s/r1.cfg", folder);
    assert_int_equal(unlink(cfg_path), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_study),     cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_dedicated), cmocka_unit_test(test_xl),
        cmocka_unit_test(test_forms),     cmocka_unit_test(test_python),
        cmocka_unit_test(test_syntax),    cmocka_unit_test(test_keys),
        cmocka_unit_test(test_devices),   cmocka_unit_test(test_scenario),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
