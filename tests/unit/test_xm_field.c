// SPDX-License-Identifier: GPL-3.0-or-later
// tests of machine/xen/xm_config — forms and keys that published domain files have: parameters left
// out or empty, keys of xl, values of keys that nothing uses, joined and extended lines.
#include "base/file.h"

#include "xm_text.h"

#define MIB (UINT64_C(1) << 20)

static void assert_disk(const struct xm_config *xm, size_t number, const char *target,
                        const char *vdev, bool writable, bool cdrom)
{
    assert_true(number < xm->disk_count);
    const struct xm_disk *disk = &xm->disks[number];
    if (target == NULL) {
        assert_null(disk->target);
    } else {
        assert_string_equal(disk->target, target);
    }
    assert_string_equal(disk->vdev, vdev);
    assert_int_equal(disk->writable, writable);
    assert_int_equal(disk->cdrom, cdrom);
}

// Parameters that are left out or empty have the defaults of xl-disk-configuration(5).
static void test_disk_defaults(void **state)
{
    (void)state;
    struct xm_config *xm =
        parse("disk = [ 'vdev=xvda2, target=disk.img', 'swap.img,,xvdb,,backendtype=qdisk',\n"
              "  'cd.iso,,hdc,,cdrom', ',,hdd:cdrom,r', ',hde:cdrom,', 'file:/x,sda1',\n"
              "  'disk.img,,xvdf,,', '/x,qed,51728,ro', 'phy:/dev/x,ioemu:hda,w,other-domain',\n"
              "  '/x,,,vdev=d1p2', '/x,vdev=xvdg,raw,ro', 'devtype=cdrom,vdev=hdg,access=rw' ]\n");
    assert_disk(xm, 0, "disk.img", "xvda2", true, false);
    assert_disk(xm, 1, "swap.img", "xvdb", true, false);
    assert_disk(xm, 2, "cd.iso", "hdc", false, true);
    assert_disk(xm, 3, NULL, "hdd", false, true);
    assert_disk(xm, 4, NULL, "hde", false, true);
    assert_disk(xm, 5, "/x", "sda1", true, false);
    assert_disk(xm, 6, "disk.img", "xvdf", true, false);
    assert_disk(xm, 7, "/x", "51728", false, false);
    assert_int_equal(xm->disks[7].format, XM_DISK_QED);
    assert_disk(xm, 8, "/dev/x", "hda", true, false);
    assert_disk(xm, 9, "/x", "d1p2", true, false);
    assert_disk(xm, 10, "/x", "xvdg", false, false);
    assert_disk(xm, 11, NULL, "hdg", false, true);
    assert_notes(xm, "1:58: backendtype: not used\n"
                     "3:66: what xm reads behind r or w, the backend's domain, is not used\n");
    xm_config_free(xm);
}

static void test_xl_keys(void **state)
{
    (void)state;
    struct xm_config *xm = parse("cap = 50\non_crash = 'soft-reset'\nfirmware = 'uefi'\nnx = 1\n");
    assert_true(xm->has_cap);
    assert_int_equal(xm->cap, 50);
    assert_int_equal(xm->on_crash, XM_SOFT_RESET);
    assert_notes(xm, "2:12: on_crash: soft-reset is not done to a router; restart is\n"
                     "3:1: firmware: not used: a machine boots its kernel, or by the firmware that "
                     "Xen takes itself\n"
                     "4:1: nx: not used; it makes no difference to a router\n");
    xm_config_free(xm);
    xm = parse("cpus = 'all, ^1-4095, 3'\n");
    static const unsigned cpus[] = {0, 3};
    assert_int_equal(xm->cpu_count, 2);
    assert_memory_equal(xm->cpus, cpus, sizeof cpus);
    xm_config_free(xm);
    xm = parse("type = 'hvm'\nbuilder = 'hvm'\n");
    assert_int_equal(xm->type, XM_HVM);
    xm_config_free(xm);
    xm = parse("vif = [ 'bridge=ovs0:42:43,script=vif-openvswitch', 'bridge=ovs0.7,untrusted',\n"
               "  'mac=0:16:3E:0:0:1,vifname=r1.0,rate=10Mb/s@20ms,colo_checkpoint_host=x' ]\n");
    assert_string_equal(xm->vifs[0].bridge, "ovs0:42:43");
    assert_string_equal(xm->vifs[1].bridge, "ovs0.7");
    static const uint8_t mac[6] = {0x00, 0x16, 0x3e, 0, 0, 1};
    assert_memory_equal(xm->vifs[2].mac, mac, sizeof mac);
    xm_config_free(xm);
    xm = parse("pci = ['bdf=02:02.0,vslot=8', '02:03.*', 'name=nic,permissive=1', '02:04.1,']\n");
    assert_int_equal(xm->pci_count, 4);
    assert_true(xm->pcis[1].all_functions);
    assert_true(xm->pcis[2].named);
    xm_config_free(xm);
}

// Every key that xl 4.17 or xm reads is known, whatever becomes of its value.
static void test_all_keys(void **state)
{
    (void)state;
    _cleanup_free_ char *keys = NULL;
    assert_int_equal(file_read("tests/xl-files/keys", 65536, &keys, NULL, NULL), 0);
    size_t count = 0;
    char *rest = NULL;
    for (char *key = strtok_r(keys, "\n", &rest); key != NULL; key = strtok_r(NULL, "\n", &rest)) {
        if (*key == '#') {
            continue;
        }
        struct scenario_problems problems = {NULL, 0};
        struct xm_config *config = NULL;
        _cleanup_free_ char *text = text_format("%s = 1\n", key);
        (void)xm_config_parse(text, strlen(text), &config, &problems);
        _cleanup_free_ char *joined = join(&problems);
        if (strstr(joined, "unknown key") != NULL) {
            fail_msg("%s", joined);
        }
        scenario_problems_clear(&problems);
        xm_config_free(config);
        count++;
    }
    assert_true(count > 180);
}

// A value is judged only where its key is used.
static void test_unused_values(void **state)
{
    (void)state;
    struct xm_config *xm = parse("vnuma = [ [ 'pnode=0', 'size=128' ], [ 'pnode=1' ] ]\n"
                                 "rtc_timeoffset = -3600\nlocaltime = True\nvideoram = 08\n"
                                 "device_model_args = [ '-x\\t\\x41' ]\nvnc = 1\nvnc = 0\n"
                                 "tsc_mode = 1.5\nmmio_hole = 99999999999999999999\n");
    assert_int_equal(xm->notes->count, 9);
    xm_config_free(xm);
    assert_problems("cpu_weight = -1\n", "1:14: expected a number that is not negative\n");
}

// As Python joins lines, and as both xm and xl extend lists and texts.
static void test_joined(void **state)
{
    (void)state;
    struct xm_config *xm = parse("vif = [ 'bridge=br0', \\\n        'bridge=br1' ]\n"
                                 "memory = \\\r\n  64\n"
                                 "extra = 'quiet \\\n"
                                 "console=hvc0'\n"
                                 "vif += [ 'bridge=br2' ]\nextra += ' ro'\ndisk += []\n");
    assert_int_equal(xm->vif_count, 3);
    assert_string_equal(xm->vifs[1].bridge, "br1");
    assert_int_equal(xm->vifs[1].place.line, 2);
    assert_int_equal(xm->vifs[1].place.column, 9);
    assert_string_equal(xm->vifs[2].bridge, "br2");
    assert_int_equal(xm->memory_bytes, 64 * MIB);
    assert_string_equal(xm->extra, "quiet console=hvc0 ro");
    xm_config_free(xm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk_defaults), cmocka_unit_test(test_xl_keys),
        cmocka_unit_test(test_all_keys),      cmocka_unit_test(test_unused_values),
        cmocka_unit_test(test_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
