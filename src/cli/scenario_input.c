// SPDX-License-Identifier: GPL-3.0-or-later
// cli/scenario_input — see scenario_input.h.
#include "cli/scenario_input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/asset.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/units.h"
#include "scenario/yaml.h"
#include "version.h"

#define SUFFIX ".yaml"

extern const struct asset scenario_assets[]; // scenarios/default.yaml

// ---- options

// "100k" → "100000", "1.5M" → "1500000"; any other text stays as it is, for the scenario's parser.
static char *expand_load(const char *text, size_t length)
{
    double pps = 0.0;
    char *load = text_copy_bytes(text, length);
    bool short_form = length > 0 && strchr("kM", load[length - 1]) != NULL;
    if (!short_form || parse_packet_rate(load, &pps, NULL) < 0) {
        return load;
    }
    free(load);
    return text_format("%.15g", pps);
}

// "64,256" → "[64, 256]"
static char *list_of(const char *text, bool loads)
{
    char *list = text_copy("[");
    for (const char *at = text;;) {
        size_t length = strcspn(at, ",");
        _cleanup_free_ char *item = loads ? expand_load(at, length) : text_copy_bytes(at, length);
        bool last = at[length] == '\0';
        text_append(&list, "", "%s%s", item, last ? "]" : ", ");
        if (last) {
            return list;
        }
        at += length + 1;
    }
}

static void add_option(struct scenario_changes *changes, const char *name, const char *given,
                       const char *path, char *value)
{
    _cleanup_free_ char *owned = value;
    _cleanup_free_ char *option = text_format("--%s %s", name, given);
    scenario_change_add(changes, option, path, owned);
}

// "5 Mbit/s" is a range of one rate, "1 Mbit/s:9 Mbit/s:2 Mbit/s" one of several.
static int add_range(struct scenario_changes *changes, const char *given, struct error *err)
{
    _cleanup_free_ char *copy = text_copy(given);
    char *rest = copy;
    const char *parts[3] = {NULL, NULL, NULL}; // from, to, step
    size_t count = 0;
    for (char *part = NULL; count < 3 && (part = strsep(&rest, ":")) != NULL; count++) {
        double bps = 0.0;
        parts[count] = part;
        if (parse_bit_rate(part, &bps, err) < 0) {
            error_context(err, "--rate %s", given);
            return -EINVAL;
        }
    }
    if (rest != NULL || count == 2) {
        return fail_input(err, "--rate %s: expected one rate, or FROM:TO:STEP", given);
    }
    if (count == 1) {
        parts[1] = parts[0];
        parts[2] = parts[0];
    }
    add_option(changes, "rate", given, "traffic.rates",
               text_format("{ from: %s, to: %s, step: %s }", parts[0], parts[1], parts[2]));
    return 0;
}

static int add_setting(struct scenario_changes *changes, const char *setting, struct error *err)
{
    const char *equals = strchr(setting, '=');
    if (equals == NULL || equals == setting || equals[1] == '\0') {
        return fail_input(err,
                          "--set %s: expected KEY=VALUE, as in traffic.duration=2s or "
                          "routers.r1.cap=30",
                          setting);
    }
    _cleanup_free_ char *path = text_copy_bytes(setting, (size_t)(equals - setting));
    add_option(changes, "set", setting, path, text_copy(equals + 1));
    return 0;
}

int scenario_input_changes(const struct change_values *values, struct scenario_changes *ret,
                           struct error *err)
{
    _cleanup_changes_ struct scenario_changes changes = {NULL, 0};
    if (values->pps != NULL && values->rate != NULL) {
        return fail_input(err, "--pps can't be combined with --rate: both give the offered loads");
    }
    if (values->routers > 0) {
        _cleanup_free_ char *option = text_format("--routers %u", (unsigned)values->routers);
        scenario_change_add_copies(&changes, option, (unsigned)values->routers);
    }
    if (values->length != NULL) {
        add_option(&changes, "length", values->length, "traffic.lengths",
                   list_of(values->length, false));
    }
    if (values->pps != NULL) {
        _cleanup_free_ char *list = list_of(values->pps, true);
        add_option(&changes, "pps", values->pps, "traffic.rates", text_format("{ pps: %s }", list));
    }
    if (values->rate != NULL && add_range(&changes, values->rate, err) < 0) {
        return -EINVAL;
    }
    if (values->duration != NULL) {
        bool number = values->duration[strspn(values->duration, "0123456789.")] == '\0';
        add_option(&changes, "duration", values->duration, "traffic.duration",
                   text_format("%s%s", values->duration, number ? " s" : ""));
    }
    if (values->repeats != NULL) {
        add_option(&changes, "repeats", values->repeats, "traffic.repeats",
                   text_copy(values->repeats));
    }
    for (size_t i = 0; i < values->set.count; i++) {
        int rc = add_setting(&changes, values->set.items[i], err);
        if (rc < 0) {
            return rc;
        }
    }
    *ret = changes;
    changes = (struct scenario_changes){NULL, 0};
    return 0;
}

// ---- names

// The folder of scenarios beside the folder of the program, as in the source tree.
static char *folder_beside(void)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(self, '/');
    return text_format("%.*s/../scenarios", slash == NULL ? 0 : (int)(slash - self), self);
}

typedef bool (*folder_function)(const char *folder, void *context);

// Calls `use` for each folder of scenarios until it returns true.
static bool each_folder(folder_function use, void *context)
{
    _cleanup_free_ char *beside = folder_beside();
    return use(beside, context) || use(VRBENCH_SHARE "/scenarios", context);
}

struct listing {
    void (*use)(const char *name, void *context);
    void *context;
};

static bool list_folder(const char *folder, void *context)
{
    const struct listing *listing = context;
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(entries[i]->d_name);
        size_t suffix = strlen(SUFFIX);
        if (length > suffix && text_equal(entries[i]->d_name + length - suffix, SUFFIX)) {
            entries[i]->d_name[length - suffix] = '\0';
            listing->use(entries[i]->d_name, listing->context);
        }
        free(entries[i]);
    }
    free(entries);
    return count > 0;
}

void scenario_input_names(void (*use)(const char *name, void *context), void *context)
{
    struct listing listing = {use, context};
    (void)each_folder(list_folder, &listing);
}

struct finding {
    const char *name;
    char *path; // found
};

static bool find_in(const char *folder, void *context)
{
    struct finding *finding = context;
    char *path = text_format("%s/%s%s", folder, finding->name, SUFFIX);
    if (access(path, R_OK) == 0) {
        finding->path = path;
        return true;
    }
    free(path);
    return false;
}

static void consider_name(const char *name, void *context)
{
    struct nearest *nearest = context;
    const char *before = nearest->best;
    nearest_consider(nearest, name);
    if (nearest->best != before) { // `name` does not outlive the call
        free((char *)before);
        nearest->best = text_copy(name);
    }
}

static int fail_unknown(const char *operand, struct error *err)
{
    struct nearest nearest = {.word = operand};
    consider_name(SCENARIO_DEFAULT, &nearest);
    scenario_input_names(consider_name, &nearest);
    _cleanup_free_ char *question = nearest_question(&nearest);
    free((char *)nearest.best);
    return fail_input(err,
                      "%s: there is no such file, and no scenario of that name in the "
                      "installed ones%s",
                      operand, question);
}

static bool is_readable_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

char *scenario_input_default(void)
{
    return text_copy_bytes(scenario_assets[0].begin,
                           (size_t)(scenario_assets[0].end - scenario_assets[0].begin));
}

int scenario_input_read(const char *operand, const char *engine,
                        const struct scenario_changes *changes, unsigned cpus,
                        struct scenario **ret, struct error *err)
{
    struct scenario_source source = {.path = operand, .engine = engine, .changes = changes};
    _cleanup_free_ char *text = NULL;
    _cleanup_free_ char *path = NULL;
    if (text_equal(operand, "-")) {
        // A closed descriptor is reserved for writing (base/output.h). /dev/stdin would open it
        // anew.
        if ((fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_WRONLY) {
            return fail_input(err,
                              "a scenario was to be read from standard input, which is closed");
        }
        size_t length = 0;
        int rc = yaml_read_file("/dev/stdin", &text, &length, err);
        if (rc < 0) {
            return rc;
        }
        if (strlen(text) != length) {
            return fail_input(err, "standard input contains a NUL byte; a scenario is plain text");
        }
        source.title = "standard input";
    } else if (text_equal(operand, SCENARIO_DEFAULT) && !is_readable_file(operand)) {
        text = scenario_input_default();
    } else if (strchr(operand, '/') == NULL && !is_readable_file(operand)) {
        struct finding finding = {.name = operand};
        if (!each_folder(find_in, &finding)) {
            return fail_unknown(operand, err);
        }
        path = finding.path;
        source.path = path;
    }
    source.text = text;
    return scenario_read_source(&source, cpus, ret, err);
}
