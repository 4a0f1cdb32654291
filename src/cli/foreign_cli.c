// SPDX-License-Identifier: GPL-3.0-or-later
// cli/foreign_cli — see foreign_cli.h.
#include "cli/foreign_cli.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "machine/foreign.h"
#include "report/writer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct value cap_of(const struct foreign_allocation *allocation)
{
    return allocation->has_cap ? VALUE_REAL(allocation->cap) : VALUE_ABSENT;
}

static struct value weight_of(const struct foreign_allocation *allocation)
{
    return allocation->has_weight ? VALUE_INTEGER(allocation->weight) : VALUE_ABSENT;
}

static struct value bytes_of(uint64_t bytes)
{
    return bytes == 0 ? VALUE_ABSENT : VALUE_INTEGER(bytes);
}

static struct writer *open_writer(bool json, const struct column *columns, size_t count)
{
    return json ? writer_json(stdout, columns, count)
                : writer_table(stdout, columns, count, 0, isatty(STDOUT_FILENO) != 0);
}

// ---- list

static const struct column list_columns[] = {
    {"platform", "Platform", COLUMN_CONTEXT, 0},
    {"name", "Name", COLUMN_TEXT, 0},
    {"id", "ID", COLUMN_NUMBER, 0},
    {"state", "State", COLUMN_TEXT, 0},
    {"memory_bytes", "Memory B", COLUMN_INTEGER, 0},
    {"memory_max_bytes", "At most B", COLUMN_INTEGER, 0},
    {"vcpus", "vCPUs", COLUMN_INTEGER, 0},
    {"cpu_seconds", "CPU sec", COLUMN_REAL, 1},
    {"weight", "Weight", COLUMN_INTEGER, 0},
    {"cap_percent", "Cap %", COLUMN_REAL, 0},
};

static int list_row(struct writer *writer, const char *uri, const struct foreign_machine *machine,
                    struct error *err)
{
    const struct value row[COUNT(list_columns)] = {
        VALUE_TEXT(uri),
        VALUE_TEXT(machine->name),
        machine->has_id ? VALUE_INTEGER(machine->id) : VALUE_ABSENT,
        VALUE_TEXT(foreign_state_name(machine->state)),
        bytes_of(machine->memory_bytes),
        bytes_of(machine->memory_max_bytes),
        VALUE_INTEGER(machine->vcpus),
        machine->has_id ? VALUE_REAL((double)machine->cpu_ns / (double)NS_PER_S) : VALUE_ABSENT,
        weight_of(&machine->allocation),
        cap_of(&machine->allocation),
    };
    return writer_row(writer, row, err);
}

// ---- cpu

static const struct column cpu_columns[] = {
    {"platform", "Platform", COLUMN_CONTEXT, 0},
    {"name", "Name", COLUMN_TEXT, 0},
    {"state", "State", COLUMN_TEXT, 0},
    {"vcpus", "vCPUs", COLUMN_INTEGER, 0},
    {"weight", "Weight", COLUMN_INTEGER, 0},
    {"cap_percent", "Cap %", COLUMN_REAL, 0},
    {"weight_held_by", "Weight by", COLUMN_TEXT, 0},
    {"cap_held_by", "Cap by", COLUMN_TEXT, 0},
    {"why", "Why not", COLUMN_CONTEXT, 0},
};

static int cpu_row(struct writer *writer, const char *uri, const struct foreign_machine *machine,
                   struct error *err)
{
    const struct foreign_allocation *allocation = &machine->allocation;
    const struct value row[COUNT(cpu_columns)] = {
        VALUE_TEXT(uri),
        VALUE_TEXT(machine->name),
        VALUE_TEXT(foreign_state_name(machine->state)),
        VALUE_INTEGER(machine->vcpus),
        weight_of(allocation),
        cap_of(allocation),
        VALUE_TEXT(allocation->weight_by),
        VALUE_TEXT(allocation->cap_by),
        VALUE_TEXT(allocation->why),
    };
    return writer_row(writer, row, err);
}

// ---- both

typedef int (*row_function)(struct writer *writer, const char *uri,
                            const struct foreign_machine *machine, struct error *err);

static int print(const struct foreign_list *list, struct writer *writer, row_function row,
                 const char *uri, bool json, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        rc = row(writer, uri, &list->items[i], err);
    }
    if (rc == 0 && list->count == 0 && !json) {
        printf("no machines\n");
    } else if (rc == 0) {
        rc = writer_finish(writer, err);
    }
    writer_free(writer);
    return rc;
}

int foreign_cli_list(const char *uri, bool json, struct error *err)
{
    _cleanup_foreign_ struct foreign *foreign = NULL;
    _cleanup_foreign_list_ struct foreign_list list = {0};
    int rc = foreign_open(uri, false, &foreign, err);
    if (rc == 0) {
        rc = foreign_list(foreign, FOREIGN_ALLOCATION | FOREIGN_STOPPED_TOO, &list, err);
    }
    return rc < 0 ? rc
                  : print(&list, open_writer(json, list_columns, COUNT(list_columns)), list_row,
                          uri, json, err);
}

int foreign_cli_cpu(const char *uri, const char *called, unsigned weight, const unsigned *cap,
                    bool json, struct error *err)
{
    _cleanup_foreign_ struct foreign *foreign = NULL;
    _cleanup_foreign_list_ struct foreign_list list = {0};
    bool change = weight != 0 || cap != NULL;
    int rc = foreign_open(uri, change, &foreign, err);
    if (rc == 0 && change) {
        rc = foreign_ration(foreign, called, weight, cap, err);
    }
    if (rc == 0) {
        rc = called == NULL
                 ? foreign_list(foreign, FOREIGN_ALLOCATION | FOREIGN_STOPPED_TOO, &list, err)
                 : foreign_one(foreign, called, FOREIGN_ALLOCATION, &list, err);
    }
    return rc < 0 ? rc
                  : print(&list, open_writer(json, cpu_columns, COUNT(cpu_columns)), cpu_row, uri,
                          json, err);
}

int foreign_cli_end(const char *uri, const char *called, bool reboot, bool json, struct error *err)
{
    _cleanup_foreign_ struct foreign *foreign = NULL;
    const char *done = reboot ? "asked to reboot" : "destroyed";
    int rc = foreign_open(uri, true, &foreign, err);
    if (rc == 0) {
        rc = reboot ? foreign_reboot(foreign, called, err) : foreign_destroy(foreign, called, err);
    }
    if (rc == 0 && json) {
        printf("{\"done\": \"%s\"}\n", done);
    } else if (rc == 0) {
        printf("%s %s\n", called, done);
    }
    return rc;
}
