// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_values — how the value of each kind of key of an xm file is read, see xm_parts.h.
 *
 * Called through the rows of xm_config.c. A reader writes on success only.
 */
#include "machine/xen/xm_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MIB (UINT64_C(1) << 20)

void xm_problem(struct xm_problems *problems, struct xm_place place, const char *format, ...)
{
    va_list args;
    if (problems->count++ >= XM_PROBLEMS_MAX) {
        return;
    }
    va_start(args, format);
    char *text = text_format_args(format, args);
    va_end(args);
    problem_add(problems->list, place.line, place.column, text);
}

void xm_note(const struct xm_reading *reading, struct xm_place place, const char *format, ...)
{
    struct scenario_problems *notes = reading->config->notes;
    if (notes->count >= XM_PROBLEMS_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *text = text_format_args(format, args);
    va_end(args);
    problem_add(notes, place.line, place.column, text);
}

static void *field_of(const struct xm_reading *reading, const struct xm_row *row)
{
    return (char *)reading->config + row->offset;
}

static const char *kind_name(enum xm_kind kind)
{
    return kind == XM_LIST ? "a list" : kind == XM_TEXT ? "a text" : "a number";
}

// Whether the value is a text; says so if not.
static bool is_text(const struct xm_reading *reading, const struct xm_row *row,
                    const struct xm_value *value)
{
    if (value->kind != XM_TEXT) {
        xm_problem(reading->problems, value->place, "%s: expected a text in quotes, not %s",
                   row->key, kind_name(value->kind));
    }
    return value->kind == XM_TEXT;
}

void xm_read_text(const struct xm_reading *reading, const struct xm_row *row,
                  const struct xm_value *value)
{
    if (!is_text(reading, row, value)) {
        return;
    }
    size_t length = strlen(value->text);
    if (length < row->min || length > row->max) {
        xm_problem(reading->problems, value->place, "%s: expected a text of %u to %u bytes",
                   row->key, (unsigned)row->min, (unsigned)row->max);
        return;
    }
    *(char **)field_of(reading, row) = text_copy(value->text);
}

// The path of a file in Domain-0; "" is none, as in xm.
void xm_read_path(const struct xm_reading *reading, const struct xm_row *row,
                  const struct xm_value *value)
{
    if (!is_text(reading, row, value)) {
        return;
    }
    if (strlen(value->text) > 1000) {
        xm_problem(reading->problems, value->place, "%s: expected a path of at most 1000 bytes",
                   row->key);
    } else if (*value->text != '\0') {
        *(char **)field_of(reading, row) = text_copy(value->text);
    }
}

// A number may be written as a text, and often is.
static bool number_of(const struct xm_reading *reading, const struct xm_row *row,
                      const struct xm_value *value, uint64_t *ret)
{
    uint64_t number = value->number;
    bool good = value->kind == XM_NUMBER;
    if (value->kind == XM_TEXT) {
        const char *digits = value->text + strspn(value->text, " \t");
        size_t length = strspn(digits, "0123456789");
        good =
            length > 0 && length <= 18 && digits[length + strspn(digits + length, " \t")] == '\0';
        number = good ? strtoull(digits, NULL, 10) : 0;
    }
    if (!good || number < row->min || number > row->max) {
        xm_problem(reading->problems, value->place, "%s: expected a whole number from %u to %u",
                   row->key, (unsigned)row->min, (unsigned)row->max);
        return false;
    }
    *ret = number;
    return true;
}

void xm_read_number(const struct xm_reading *reading, const struct xm_row *row,
                    const struct xm_value *value)
{
    uint64_t number = 0;
    if (number_of(reading, row, value, &number)) {
        *(unsigned *)field_of(reading, row) = (unsigned)number;
    }
}

void xm_read_cap(const struct xm_reading *reading, const struct xm_row *row,
                 const struct xm_value *value)
{
    if (reading->config->has_cap) {
        xm_problem(reading->problems, value->place, "%s: %s is given, too, which means the same",
                   row->key, reading->config->cap_key);
        return;
    }
    xm_read_number(reading, row, value);
    reading->config->has_cap = true;
    reading->config->cap_key = row->key;
}

void xm_read_memory(const struct xm_reading *reading, const struct xm_row *row,
                    const struct xm_value *value)
{
    uint64_t number = 0;
    if (number_of(reading, row, value, &number)) {
        *(uint64_t *)field_of(reading, row) = number * MIB;
    }
}

static const char *const type_names[] = {"pv", "pvh", "hvm", NULL};
static const char *const action_names[] = {
    "destroy",          "restart",          "rename-restart", "preserve",
    "coredump-destroy", "coredump-restart", "soft-reset",     NULL};

static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (text_equal(words[i], word)) {
            return i;
        }
    }
    return -1;
}

void xm_read_type(const struct xm_reading *reading, const struct xm_row *row,
                  const struct xm_value *value)
{
    int type = is_text(reading, row, value) ? find_word(type_names, value->text) : 0;
    if (type < 0) {
        xm_problem(reading->problems, value->place, "type: expected pv, pvh or hvm");
        return;
    }
    *(enum xm_type *)field_of(reading, row) = (enum xm_type)type;
}

bool xm_builder_type(const char *builder, enum xm_type *ret)
{
    static const char *const pv[] = {"linux", "generic", NULL};
    bool hvm = text_equal(builder, "hvm");
    *ret = hvm ? XM_HVM : XM_PV;
    return hvm || find_word(pv, builder) >= 0;
}

// The type itself is settled once the whole file was read: a key type may follow.
void xm_read_builder(const struct xm_reading *reading, const struct xm_row *row,
                     const struct xm_value *value)
{
    enum xm_type type = XM_PV;
    if (!is_text(reading, row, value)) {
        return;
    }
    if (!xm_builder_type(value->text, &type)) {
        xm_problem(reading->problems, value->place,
                   "builder: expected linux, generic or hvm; today's key is type");
        return;
    }
    xm_note(reading, value->place, "builder: obsolete; today it is type = \"%s\"",
            xm_type_name(type));
}

void xm_read_action(const struct xm_reading *reading, const struct xm_row *row,
                    const struct xm_value *value)
{
    int action = is_text(reading, row, value) ? find_word(action_names, value->text) : -1;
    if (action < 0) {
        if (value->kind == XM_TEXT) {
            xm_problem(reading->problems, value->place,
                       "%s: expected destroy, restart, rename-restart, preserve, "
                       "coredump-destroy, coredump-restart or soft-reset",
                       row->key);
        }
        return;
    }
    *(enum xm_action *)field_of(reading, row) = (enum xm_action)action;
    if (action != XM_DESTROY && action != XM_RESTART) {
        bool again =
            action == XM_RENAME_RESTART || action == XM_COREDUMP_RESTART || action == XM_SOFT_RESET;
        xm_note(reading, value->place, "%s: %s is not done to a router; %s is", row->key,
                value->text, again ? "restart" : "destroy");
    }
}

void xm_read_bootloader(const struct xm_reading *reading, const struct xm_row *row,
                        const struct xm_value *value)
{
    if (is_text(reading, row, value) && *value->text != '\0') {
        xm_note(reading, value->place, "bootloader: not executed; kernel and ramdisk are booted");
    }
}

static void read_texts(const struct xm_reading *reading, const struct xm_row *row,
                       const struct xm_value *value,
                       void (*read)(const struct xm_reading *, const struct xm_value *))
{
    if (value->kind != XM_LIST) {
        xm_problem(reading->problems, value->place, "%s: expected a list of texts, not %s",
                   row->key, kind_name(value->kind));
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i].kind != XM_TEXT) {
            xm_problem(reading->problems, value->items[i].place, "%s: expected a text in quotes",
                       row->key);
        } else {
            read(reading, &value->items[i]);
        }
    }
}

void xm_read_vifs(const struct xm_reading *reading, const struct xm_row *row,
                  const struct xm_value *value)
{
    read_texts(reading, row, value, xm_read_vif);
}

void xm_read_disks(const struct xm_reading *reading, const struct xm_row *row,
                   const struct xm_value *value)
{
    read_texts(reading, row, value, xm_read_disk);
}

void xm_read_pcis(const struct xm_reading *reading, const struct xm_row *row,
                  const struct xm_value *value)
{
    read_texts(reading, row, value, xm_read_pci);
}

// ---- cpus

struct cpu_set {
    bool in[XM_CPUS_MAX];
};

static bool read_cpu(const char **at, unsigned *ret)
{
    size_t digits = strspn(*at, "0123456789");
    unsigned long number = digits > 0 && digits <= 4 ? strtoul(*at, NULL, 10) : XM_CPUS_MAX;
    *at += digits;
    *ret = (unsigned)number;
    return number < XM_CPUS_MAX;
}

// "2", "0-3", "all".
static bool read_cpu_range(const char **at, unsigned *ret_first, unsigned *ret_last)
{
    if (text_starts(*at, "all")) {
        *at += strlen("all");
        *ret_first = 0;
        *ret_last = XM_CPUS_MAX - 1;
        return true;
    }
    if (!read_cpu(at, ret_first)) {
        return false;
    }
    *ret_last = *ret_first;
    return **at != '-' || ((*at)++, read_cpu(at, ret_last) && *ret_last >= *ret_first);
}

// "0-3,5,^1", "all,^7". False if that is something else.
static bool add_cpus(const char *text, struct cpu_set *set)
{
    for (const char *at = text_equal(text, "") ? "all" : text;;) {
        unsigned first = 0;
        unsigned last = 0;
        at += strspn(at, " \t");
        bool without = *at == '^';
        at += without ? 1 : 0;
        if (!read_cpu_range(&at, &first, &last)) {
            return false;
        }
        for (unsigned cpu = first; cpu <= last; cpu++) {
            set->in[cpu] = !without;
        }
        at += strspn(at, " \t");
        if (*at == '\0') {
            return true;
        }
        if (*at++ != ',') {
            return false;
        }
    }
}

// NUMA nodes are the hypervisor's: which CPUs they have is known in Domain-0 only.
static bool has_nodes(const struct xm_value *value)
{
    return value->kind == XM_TEXT && strstr(value->text, "node") != NULL;
}

static bool add_cpus_of(const struct xm_reading *reading, const struct xm_value *value,
                        struct cpu_set *set)
{
    bool good = value->kind == XM_NUMBER ? value->number < XM_CPUS_MAX
                                         : value->kind == XM_TEXT && add_cpus(value->text, set);
    if (!good && has_nodes(value)) {
        xm_problem(reading->problems, value->place,
                   "cpus: NUMA nodes are not supported; write the numbers of their CPUs (xl info "
                   "-n lists them)");
    } else if (!good) {
        xm_problem(reading->problems, value->place,
                   "cpus: expected CPUs such as \"0-3,^1\", \"2\" or \"all\", numbers below %d",
                   XM_CPUS_MAX);
    } else if (value->kind == XM_NUMBER) {
        set->in[value->number] = true;
    }
    return good;
}

void xm_read_cpus(const struct xm_reading *reading, const struct xm_row *row,
                  const struct xm_value *value)
{
    (void)row;
    struct cpu_set set = {{false}};
    struct xm_config *config = reading->config;
    bool good = true;
    for (size_t i = 0; i < value->count; i++) { // a list has an item a vCPU
        good &= add_cpus_of(reading, &value->items[i], &set);
    }
    if (value->kind != XM_LIST) {
        good = add_cpus_of(reading, value, &set);
    } else if (value->count > 1) {
        xm_note(reading, value->place,
                "cpus: a router's vCPUs may run on all of these, none on one of its own");
    }
    size_t count = 0;
    for (size_t cpu = 0; cpu < XM_CPUS_MAX; cpu++) {
        count += set.in[cpu];
    }
    if (good && count == 0) {
        xm_problem(reading->problems, value->place, "cpus: no CPU is left for the domain");
    }
    if (!good || count == 0 || count == XM_CPUS_MAX) {
        return;
    }
    config->cpus = memory_new_array(unsigned, count);
    for (unsigned cpu = 0; cpu < XM_CPUS_MAX; cpu++) {
        if (set.in[cpu]) {
            config->cpus[config->cpu_count++] = cpu;
        }
    }
}

const char *xm_type_name(enum xm_type type)
{
    return type_names[type];
}
