// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_doctor — `vrbench doctor`: reports what this machine, Xen, or the driver of a libvirt URI
// supports, and why something is not supported; with --tester, measures the tester alone.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/screen.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "cli/measuring.h"
#include "cli/tester_list.h"
#include "doctor/doctor.h"
#include "machine/foreign.h"
#include "report/writer.h"

#define LOOK_MS 2000U

struct doctor_values {
    bool json, tester;
    const char *platform;
};

static const struct option_row doctor_options[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct doctor_values, json),
     .help = "print the findings as JSON"},
    {.name = "tester",
     .type = OPTION_FLAG,
     .offset = offsetof(struct doctor_values, tester),
     .help = "measure the pacing, rate, loss and CPU time of the tester alone"},
    PLATFORM_OPTION(doctor_values),
    OPTIONS_END,
};

static const struct column doctor_columns[] = {
    {.key = "subject", .heading = "Subject", .type = COLUMN_TEXT},
    {.key = "level", .heading = "Level", .type = COLUMN_TEXT},
    {.key = "found", .heading = "Found", .type = COLUMN_TEXT},
    {.key = "follows", .heading = "Consequence", .type = COLUMN_TEXT},
    {.key = "mends", .heading = "Remedy", .type = COLUMN_TEXT},
};
#define DOCTOR_COLUMNS (sizeof doctor_columns / sizeof doctor_columns[0])

static int print_json(const struct computer *machine, struct error *err)
{
    struct writer *writer = writer_json(stdout, doctor_columns, DOCTOR_COLUMNS);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < machine->finding_count; i++) {
        const struct finding *finding = &machine->findings[i];
        struct value row[DOCTOR_COLUMNS] = {
            VALUE_TEXT(finding->subject), VALUE_TEXT(finding_level_name(finding->level)),
            VALUE_TEXT(finding->found), VALUE_TEXT(finding->follows), VALUE_TEXT(finding->mends)};
        rc = writer_row(writer, row, err);
    }
    if (rc == 0) {
        rc = writer_finish(writer, err);
    }
    writer_free(writer);
    return rc;
}

#define FOUND_AT   34U // columns before a finding
#define FOLLOWS_AT 11  // and before its consequence

// Prints a line for each finding; below a problem, its consequence and its remedy.
static void print_text(const struct computer *machine)
{
    static const char *const marks[] = {
        [FINDING_GOOD] = "ok", [FINDING_LIMIT] = "limit", [FINDING_MISSING] = "MISSING"};
    // For other programs a finding is a line.
    const size_t width = isatty(STDOUT_FILENO) != 0 ? screen_width(stdout) : SIZE_MAX;
    _cleanup_free_ char *head = text_format(
        "%s, Linux %s, %s, %u CPU%s, %llu MiB%s%s",
        machine->system == NULL ? "Linux" : machine->system, machine->kernel,
        machine->cpu_model == NULL ? "unknown CPU" : machine->cpu_model, machine->cpus_online,
        machine->cpus_online == 1 ? "" : "s", machine->memory_bytes >> 20,
        machine->virtualisation == NULL ? "" : ", virtual: ",
        machine->virtualisation == NULL ? "" : machine->virtualisation);
    screen_put(stdout, width, 0, 2, head);
    for (size_t i = 0; i < machine->finding_count; i++) {
        const struct finding *finding = &machine->findings[i];
        printf("  %-8s %-22s ", marks[finding->level], finding->subject);
        screen_put(stdout, width, FOUND_AT, FOUND_AT, finding->found);
        if (finding->follows != NULL) {
            printf("%*s", FOLLOWS_AT, "");
            screen_put(stdout, width, FOLLOWS_AT, FOLLOWS_AT, finding->follows);
            printf("%*sremedy: ", FOLLOWS_AT, "");
            screen_put(stdout, width, FOLLOWS_AT + 8, FOLLOWS_AT + 8, finding->mends);
        }
    }
}

// ---- Xen or a libvirt URI

static const struct column ability_columns[] = {
    {.key = "ability", .heading = "Ability", .type = COLUMN_TEXT},
    {.key = "can", .heading = "Can", .type = COLUMN_TEXT},
    {.key = "found", .heading = "Found", .type = COLUMN_TEXT},
};
#define ABILITY_COLUMNS (sizeof ability_columns / sizeof ability_columns[0])

static int print_abilities(const struct abilities *abilities, bool json, struct error *err)
{
    struct writer *writer = json ? writer_json(stdout, ability_columns, ABILITY_COLUMNS)
                                 : writer_table(stdout, ability_columns, ABILITY_COLUMNS, 0,
                                                isatty(STDOUT_FILENO) != 0);
    int rc = 0;
    if (!json) {
        printf("%s\n", abilities->summary);
    }
    for (size_t i = 0; rc == 0 && i < abilities->count; i++) {
        const struct ability *ability = &abilities->items[i];
        const struct value row[ABILITY_COLUMNS] = {VALUE_TEXT(ability->name),
                                                   VALUE_TEXT(ability_answer_name(ability->answer)),
                                                   VALUE_TEXT(ability->found)};
        rc = writer_row(writer, row, err);
    }
    if (rc == 0) {
        rc = writer_finish(writer, err);
    }
    writer_free(writer);
    return rc;
}

static int inspect_platform(const struct doctor_values *asked, struct error *err)
{
    struct abilities abilities = {0};
    int rc = foreign_abilities(asked->platform, &abilities, err);
    if (rc == 0) {
        rc = print_abilities(&abilities, asked->json, err);
    }
    abilities_clear(&abilities);
    return rc;
}

// ---- The tester alone

static int inspect_tester(const struct doctor_values *asked, struct error *err)
{
    int rc = measuring_check(NULL, 0, false, err);
    if (rc < 0) {
        return rc;
    }
    struct tester_report report;
    rc = tester_measure(&report, err);
    if (rc == 0) {
        rc = asked->json ? tester_write_json(&report, stdout, err)
                         : tester_write_table(&report, stdout, isatty(STDOUT_FILENO) != 0, err);
    }
    tester_report_clear(&report);
    return rc;
}

static int doctor_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct doctor_values *asked = values;
    if (operands->count > 0) {
        return fail_input(err, "doctor takes no operands");
    }
    if (asked->platform != NULL && asked->tester) {
        return fail_input(err, "--tester measures this machine; leave out --platform");
    }
    if (asked->tester) {
        return inspect_tester(asked, err);
    }
    if (asked->platform != NULL) {
        return inspect_platform(asked, err);
    }
    struct computer machine;
    computer_inspect(LOOK_MS, true, &machine);
    bool lacking = false;
    for (size_t i = 0; i < machine.finding_count; i++) {
        lacking = lacking || machine.findings[i].level == FINDING_MISSING;
    }
    int rc = 0;
    if (asked->json) {
        rc = print_json(&machine, err);
    } else {
        print_text(&machine);
    }
    computer_clear(&machine);
    return rc < 0 ? rc : lacking ? EXIT_LACKING : EXIT_DONE;
}

const struct command command_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "Check what this machine supports",
    .details = "Tests each ability in temporary namespaces, and looks for two seconds whether\n"
               "the machine is quiet. Exit status 3 if a requirement of every measurement is\n"
               "missing. With --tester, sends each engine's packets over a cable without a\n"
               "router for about 15 seconds, and prints pacing error, gaps, losses and CPU time.\n"
               "With --platform, tests what vrbench can do with the machines of Xen or of a\n"
               "libvirt URI, without changing them.",
    .examples = COMMAND_EXAMPLES({"doctor", "what is missing, and what provides it"},
                                 {"doctor --tester", "what the tester alone can do"}),
    .options = doctor_options,
    .values_size = sizeof(struct doctor_values),
    .run = doctor_run,
};
