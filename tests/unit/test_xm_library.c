// SPDX-License-Identifier: GPL-3.0-or-later
// tests of machine/xen/xm_config against libxlutil, the parsers of xl: over the files of
// tests/xl-files both accept the same, and read the same from it.
#include "xm_text.h"

#ifdef HAVE_LIBXLUTIL
#include <dirent.h>

#include "base/file.h"

#include <libxl.h>
#include <libxl_utils.h>
#include <libxlutil.h>

#define FILES "tests/xl-files/"

static char *read_file(const char *path)
{
    char *text = NULL;
    assert_int_equal(file_read(path, SCENARIO_CONFIG_MAX, &text, NULL, NULL), 0);
    return text;
}

static struct xm_config *parse_any(const char *text)
{
    struct scenario_problems problems = {NULL, 0};
    struct xm_config *config = NULL;
    (void)xm_config_parse(text, strlen(text), &config, &problems);
    scenario_problems_clear(&problems);
    return config;
}

// What libxlutil says of a text that it refuses is of no interest here.
static XLU_Config *open_silent(void)
{
    static FILE *nowhere;
    nowhere = nowhere == NULL ? fopen("/dev/null", "w") : nowhere;
    assert_non_null(nowhere);
    XLU_Config *config = xlu_cfg_init(nowhere, "file");
    assert_non_null(config);
    return config;
}

// ---- one disk

static void assert_same_disk(const struct xm_disk *ours, const libxl_device_disk *theirs,
                             const char *text)
{
    static const libxl_disk_format formats[] = {[XM_DISK_RAW] = LIBXL_DISK_FORMAT_RAW,
                                                [XM_DISK_QCOW] = LIBXL_DISK_FORMAT_QCOW,
                                                [XM_DISK_QCOW2] = LIBXL_DISK_FORMAT_QCOW2,
                                                [XM_DISK_VHD] = LIBXL_DISK_FORMAT_VHD,
                                                [XM_DISK_QED] = LIBXL_DISK_FORMAT_QED};
    const char *target = ours->target == NULL ? "" : ours->target;
    const char *path = theirs->pdev_path == NULL ? "" : theirs->pdev_path;
    // libxl itself puts /dev/ in front of a block device's name.
    target += ours->device && *path != '/' && text_starts(target, "/dev/") ? 5 : 0;
    libxl_disk_format format =
        ours->target == NULL ? LIBXL_DISK_FORMAT_EMPTY : formats[ours->format];
    if (!text_equal(target, path) || !text_equal(ours->vdev, theirs->vdev) ||
        format != theirs->format || ours->writable != (theirs->readwrite != 0) ||
        ours->cdrom != (theirs->is_cdrom != 0)) {
        fail_msg("disk \"%s\": %s %s format %d writable %d cdrom %d, by libxlutil %s %s format %d "
                 "writable %d cdrom %d",
                 text, target, ours->vdev, format, ours->writable, ours->cdrom, path, theirs->vdev,
                 theirs->format, theirs->readwrite, theirs->is_cdrom);
    }
}

static bool parse_their_disk(const char *text, libxl_device_disk *ret)
{
    XLU_Config *silent = open_silent();
    const char *const texts[] = {text};
    libxl_device_disk_init(ret);
    bool good = xlu_disk_parse(silent, 1, texts, ret) == 0;
    xlu_cfg_destroy(silent);
    return good;
}

static void check_disk(const char *text, char mark)
{
    _cleanup_free_ char *file = text_format("disk = [ \"%s\" ]\n", text);
    struct xm_config *config = parse_any(file);
    libxl_device_disk theirs;
    bool good = parse_their_disk(text, &theirs);
    bool want_ours = mark == '+' || mark == '>' || (mark == '=' && good);
    bool want_theirs = mark == '-' || ((mark == '=' || mark == '>') && good);
    if ((config != NULL) != want_ours || good != want_theirs) {
        fail_msg("disk \"%s\", marked %c: %s, and %s by libxlutil", text, mark,
                 config != NULL ? "accepted" : "refused", good ? "accepted" : "refused");
    }
    if (config != NULL && good) {
        assert_same_disk(&config->disks[0], &theirs, text);
    }
    libxl_device_disk_dispose(&theirs);
    xm_config_free(config);
}

// ---- one PCI device

static void assert_same_pci(const struct xm_pci *ours, const libxl_device_pci *theirs,
                            const char *text)
{
    bool all = theirs->vfunc_mask == LIBXL_PCI_FUNC_ALL;
    if (ours->named != (theirs->name != NULL) || ours->permissive != theirs->permissive ||
        (ours->addressed && (ours->domain != (unsigned)theirs->domain || ours->bus != theirs->bus ||
                             ours->device != theirs->dev || ours->all_functions != all ||
                             (!all && ours->function != theirs->func)))) {
        fail_msg("pci \"%s\": libxlutil reads another device", text);
    }
}

static void check_pci(const char *text, char mark)
{
    _cleanup_free_ char *file = text_format("pci = [ \"%s\" ]\n", text);
    struct xm_config *config = parse_any(file);
    if (mark == '!') {
        assert_null(config);
        return;
    }
    XLU_Config *silent = open_silent();
    libxl_device_pci theirs;
    libxl_device_pci_init(&theirs);
    bool good = xlu_pci_parse_spec_string(silent, &theirs, text) == 0;
    bool want_ours = mark == '+' || (mark == '=' && good);
    bool want_theirs = mark == '-' || (mark == '=' && good);
    if ((config != NULL) != want_ours || good != want_theirs) {
        fail_msg("pci \"%s\", marked %c: %s, and %s by libxlutil", text, mark,
                 config != NULL ? "accepted" : "refused", good ? "accepted" : "refused");
    }
    if (config != NULL && good) {
        assert_same_pci(&config->pcis[0], &theirs, text);
    }
    libxl_device_pci_dispose(&theirs);
    xlu_cfg_destroy(silent);
    xm_config_free(config);
}

// Checks each line of a file: a mark, a blank and a text. Returns how many there are.
static size_t check_lines(const char *path, void (*check)(const char *text, char mark))
{
    _cleanup_free_ char *lines = read_file(path);
    size_t count = 0;
    for (char *at = lines, *end = NULL; *at != '\0'; at = end) {
        end = at + strcspn(at, "\n");
        end += *end == '\0' ? 0 : 1;
        _cleanup_free_ char *line = text_copy_bytes(at, strcspn(at, "\n"));
        if (*line == '#') {
            continue;
        }
        assert_non_null(strchr("=+->!", *line));
        assert_int_equal(line[1], ' ');
        check(line + 2, *line);
        count++;
    }
    return count;
}

static void test_disks(void **state)
{
    (void)state;
    assert_true(check_lines(FILES "disks", check_disk) > 70);
}

static void test_pcis(void **state)
{
    (void)state;
    assert_true(check_lines(FILES "pcis", check_pci) > 15);
}

// ---- whole files

static XLU_Config *parse_theirs(const char *text)
{
    XLU_Config *config = open_silent();
    if (xlu_cfg_readdata(config, text, (int)strlen(text)) != 0) {
        xlu_cfg_destroy(config);
        return NULL;
    }
    return config;
}

static void assert_same_texts(const struct xm_config *ours, const XLU_Config *theirs,
                              const char *path)
{
    const struct {
        const char *key, *text;
    } texts[] = {
        {"name", ours->name},       {"kernel", ours->kernel}, {"ramdisk", ours->ramdisk},
        {"cmdline", ours->cmdline}, {"root", ours->root},     {"extra", ours->extra},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = NULL;
        (void)xlu_cfg_get_string(theirs, texts[i].key, &text, 1);
        if (!text_equal(texts[i].text, text) && (texts[i].text != NULL || text != NULL)) {
            fail_msg("%s: %s is %s, by libxlutil %s", path, texts[i].key, texts[i].text, text);
        }
    }
}

static void assert_same_numbers(const struct xm_config *ours, const XLU_Config *theirs,
                                const char *path)
{
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {
        {"memory", ours->memory_bytes >> 20},
        {"maxmem", ours->memory_max_bytes >> 20},
        {"vcpus", ours->vcpus},
        {"cpu_weight", ours->weight},
        {"cap", ours->cap},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        long number = 0;
        (void)xlu_cfg_get_long(theirs, numbers[i].key, &number, 1);
        if (numbers[i].number != (uint64_t)number) {
            fail_msg("%s: %s is %llu, by libxlutil %ld", path, numbers[i].key,
                     (unsigned long long)numbers[i].number, number);
        }
    }
}

static void assert_same_lists(const struct xm_config *ours, const XLU_Config *theirs,
                              const char *path)
{
    const struct {
        const char *key;
        size_t count;
    } lists[] = {{"vif", ours->vif_count}, {"disk", ours->disk_count}, {"pci", ours->pci_count}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        XLU_ConfigList *list = NULL;
        int count = 0;
        (void)xlu_cfg_get_list(theirs, lists[i].key, &list, &count, 1);
        if (lists[i].count != (size_t)count) {
            fail_msg("%s: %s has %zu items, by libxlutil %d", path, lists[i].key, lists[i].count,
                     count);
        }
        for (int n = 0; text_equal(lists[i].key, "disk") && n < count; n++) {
            const char *text = xlu_cfg_get_listitem(list, n);
            libxl_device_disk disk;
            assert_true(parse_their_disk(text, &disk));
            assert_same_disk(&ours->disks[n], &disk, text);
            libxl_device_disk_dispose(&disk);
        }
    }
}

static void check_file(const char *path, bool want_ours, bool want_theirs)
{
    _cleanup_free_ char *text = read_file(path);
    struct xm_config *ours = parse_any(text);
    XLU_Config *theirs = parse_theirs(text);
    if ((ours != NULL) != want_ours || (theirs != NULL) != want_theirs) {
        fail_msg("%s: %s, and %s by libxlutil", path, ours != NULL ? "accepted" : "refused",
                 theirs != NULL ? "accepted" : "refused");
        return;
    }
    if (ours != NULL && theirs != NULL) {
        assert_same_texts(ours, theirs, path);
        assert_same_numbers(ours, theirs, path);
        assert_same_lists(ours, theirs, path);
    }
    if (theirs != NULL) {
        xlu_cfg_destroy(theirs);
    }
    xm_config_free(ours);
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        bool ours, theirs;
    } folders[] = {{"same", true, true}, {"xm", true, false}, {"strict", false, true}};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        _cleanup_free_ char *folder = text_format(FILES "%s", folders[i].folder);
        DIR *entries = opendir(folder);
        assert_non_null(entries);
        size_t count = 0;
        for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
            _cleanup_free_ char *path = text_format("%s/%s", folder, entry->d_name);
            if (entry->d_name[0] != '.') {
                check_file(path, folders[i].ours, folders[i].theirs);
                count++;
            }
        }
        closedir(entries);
        assert_true(count > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disks),
        cmocka_unit_test(test_pcis),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("1..0 # SKIP no libxlutil here (libxen-dev)");
    return 0;
}

#endif
