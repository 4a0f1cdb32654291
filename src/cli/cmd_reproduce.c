// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_reproduce — `vrbench reproduce`: measures the study's programme and judges its claims.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/measuring.h"
#include "linux/rights.h"
#include "machine/machine.h"
#include "report/page.h"
#include "study/machines.h"
#include "study/reproduce.h"
#include "study/statement.h"
#include "testbed/testbed.h"

struct reproduce_values {
    const char *output;
    const char *platform;
    struct text_list claims;
    const char *redo;
    uint64_t wait_quiet;
    bool unchecked, quick, study_timing, resume, noisy, json;
    unsigned verbosity;
};

static const struct option_row reproduce_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct reproduce_values, output),
     .argument = "DIR",
     .help = "folder of the results (./reproduce-DATE-TIME)"},
    {.name = "quick",
     .type = OPTION_FLAG,
     .offset = offsetof(struct reproduce_values, quick),
     .help = "fewer and shorter trials: about 4 minutes",
     .kept = true},
    {.name = "study-timing",
     .type = OPTION_FLAG,
     .offset = offsetof(struct reproduce_values, study_timing),
     .help = "26 rates, 15 s per point and pauses: about 12 h",
     .kept = true},
    {.name = "resume",
     .type = OPTION_FLAG,
     .offset = offsetof(struct reproduce_values, resume),
     .help = "continue the unfinished reproduction in DIR"},
    {.name = "redo",
     .type = OPTION_TEXT,
     .offset = offsetof(struct reproduce_values, redo),
     .argument = "disturbed",
     .help = "with --resume: measure disturbed points again",
     .kept = true},
    WAIT_QUIET_OPTION(reproduce_values),
    STABILITY_OPTION(reproduce_values),
    {.name = "noisy",
     .type = OPTION_FLAG,
     .offset = offsetof(struct reproduce_values, noisy),
     .help = "measure even if this machine is not quiet",
     .kept = true},
    {.name = "claim",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct reproduce_values, claims),
     .argument = "N",
     .help = "only runs for claim N (1 to 12); repeatable",
     .kept = true},
    {.name = "platform",
     .type = OPTION_TEXT,
     .offset = offsetof(struct reproduce_values, platform),
     .argument = "P",
     .help = "platform of the routers (default: netns)",
     .kept = true},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct reproduce_values, json),
     .help = "print reproduce.json instead of text"},
    VERBOSE_OPTION(reproduce_values),
    OPTIONS_END,
};

static int read_claims(const struct text_list *asked, unsigned *ret_wanted, struct error *err)
{
    unsigned wanted = asked->count == 0 ? (2U << CLAIM_COUNT) - 2U : 0;
    for (size_t i = 0; i < asked->count; i++) {
        uint64_t number = 0;
        int rc = parse_integer(asked->items[i], 1, CLAIM_COUNT, &number, err);
        if (rc < 0) {
            error_context(err, "--claim");
            return rc;
        }
        wanted |= 1U << number;
    }
    *ret_wanted = wanted;
    return 0;
}

static char *default_folder(void)
{
    char when[32];
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &parts);
    return text_format("reproduce-%s", when);
}

static void say_run(void *context, size_t number, size_t count, const char *name, const char *what,
                    bool done)
{
    (void)context;
    fprintf(stderr, "Run %zu of %zu, %s: %s%s\n", number, count, name, what,
            done ? " (already measured)" : "");
}

static void say_lacking(void *context, const char *name, const char *why)
{
    (void)context;
    fprintf(stderr, "%s can't be run: %s\n", name, why);
}

static void say_before(const struct reproduce_request *request)
{
    struct estimate estimate = programme_estimate(request->timing, request->wanted);
    statement_rules(request->wanted, stdout);
    statement_platform(request->platform, &estimate, stdout);
    statement_estimate(&estimate, request->resume, stdout);
    fflush(stdout);
}

static int show(const struct reproduction *reproduction, const struct reproduce_request *request,
                bool as_json, struct error *err)
{
    if (as_json) {
        _cleanup_free_ char *text = json_dumps(reproduce_json(reproduction), JSON_INDENT(1));
        printf("%s\n", text == NULL ? "" : text);
        return 0;
    }
    printf("\n");
    int rc = statement_verdicts(reproduction, request->wanted, isatty(1) == 1, stdout, err);
    printf("\nResults: %s\n", request->folder);
    if (page_is_built()) {
        printf("Report:  %s/report.html (vrbench report adds figures for print)\n",
               request->folder);
    }
    return rc;
}

static int reproduce(const struct reproduce_request *request, bool as_json, struct error *err)
{
    static const struct reproduce_hooks hooks = {NULL, say_run, say_lacking};
    struct reproduction *reproduction = NULL;
    int rc = reproduce_open(request, &reproduction, err);
    if (rc < 0) {
        return rc;
    }
    if (!as_json) {
        say_before(request);
    }
    rc = reproduce_measure(reproduction, &hooks, err);
    if (rc == 0) {
        rc = show(reproduction, request, as_json, err);
    } else if (rc == -EINTR) {
        error_advice(err, "Continue with: %s", request->again);
    }
    struct reproduce_tally tally = reproduce_tally(reproduction);
    reproduce_close(reproduction);
    return rc < 0 ? rc : 2 * tally.disturbed > tally.points ? EXIT_DISTURBED : EXIT_DONE;
}

static int check(const struct reproduce_values *asked, struct error *err)
{
    if (asked->quick && asked->study_timing) {
        return fail_input(err, "--quick and --study-timing exclude each other");
    }
    if (asked->resume && asked->output == NULL) {
        return fail_input(err, "--resume requires the folder of the reproduction: -o DIR");
    }
    if (asked->redo != NULL && (!asked->resume || strcmp(asked->redo, "disturbed") != 0)) {
        return fail_input(err, "--redo takes the word disturbed, and requires --resume");
    }
    if (asked->platform != NULL && platform_check(asked->platform, err) < 0) {
        return -EINVAL;
    }
    return 0;
}

// The command that continues the reproduction in the folder.
static char *command_again(const struct reproduce_values *asked, const char *folder)
{
    char *line = text_copy("vrbench reproduce --resume");
    command_line_add(&line, "-o", folder);
    command_line_add_kept(&line, reproduce_options, asked);
    return line;
}

static int reproduce_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct reproduce_values *asked = values;
    if (operands->count > 0) {
        return fail_input(err, "reproduce takes no operands: \"%s\"", operands->items[0]);
    }
    log_set_verbosity(asked->verbosity);
    _cleanup_free_ char *folder =
        asked->output == NULL ? default_folder() : text_copy(asked->output);
    _cleanup_free_ char *again = command_again(asked, folder);
    const char *platform = asked->platform == NULL ? "netns" : asked->platform;
    struct reproduce_request request = {
        .folder = folder,
        .again = again,
        .platform = platform,
        .timing = machines_timing(asked->quick          ? &timing_quick
                                  : asked->study_timing ? &timing_study
                                                        : &timing_default,
                                  platform),
        .resume = asked->resume,
        .redo_disturbed = asked->redo != NULL,
        .noisy = asked->noisy,
        .unchecked = asked->unchecked,
        .wait_quiet_s = (unsigned)asked->wait_quiet,
    };
    int rc = check(asked, err);
    if (rc == 0) {
        rc = read_claims(&asked->claims, &request.wanted, err);
    }
    if (rc == 0) {
        rc = rights_check(err);
    }
    if (rc == 0) {
        rc = rights_check_settings(err);
    }
    if (rc == 0) {
        rc = platform_check_plain(platform, err);
    }
    if (rc == 0) {
        rc = testbed_clean_up_dead(err);
    }
    return rc < 0 ? rc : reproduce(&request, asked->json, err);
}

const struct command command_reproduce = {
    .name = "reproduce",
    .operands = "",
    .summary = "Measure the study's programme and judge its claims",
    .details = "Runs the study's scenarios and experiments, scaled to this machine, each in its\n"
               "folder below DIR. Confirms or refutes the study's ten claims and two of its\n"
               "wishes, by rules that are printed before the first run. --quick takes about 4\n"
               "minutes, the default less than 30.",
    .examples = COMMAND_EXAMPLES({"reproduce --quick -o study", "the whole study, in minutes"}),
    .options = reproduce_options,
    .values_size = sizeof(struct reproduce_values),
    .run = reproduce_run,
};
