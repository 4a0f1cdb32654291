// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_control — `vrbench control`: keeps contracts by moving CPU among the routers of a
// standing testbed.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/past_runs.h"
#include "control/loop.h"
#include "linux/rights.h"
#include "report/writer.h"
#include "scenario/contracts.h"

#define SEED      1U // of the model's resampling: equal runs give equal costs
#define RATE_MIN  1.0
#define RATE_MAX  100.0
#define RATE_HZ   20.0
#define LONGEST_S 100000000.0

struct control_values {
    const char *testbed, *policy, *rate, *duration, *audit;
    struct text_list from;
    bool advise, json;
};

static const struct option_row control_options[] = {
    {.name = "testbed",
     .letter = 't',
     .type = OPTION_TEXT,
     .offset = offsetof(struct control_values, testbed),
     .argument = "TESTBED",
     .help = "testbed to control, by name or id (the only one)"},
    {.name = "policy",
     .letter = 'p',
     .type = OPTION_TEXT,
     .offset = offsetof(struct control_values, policy),
     .argument = "POLICY",
     .help = "contract, static, peak or rate-cost (contract)"},
    {.name = "from",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct control_values, from),
     .argument = "RUN",
     .help = "folder of a run that gives the costs of packets (repeatable)"},
    {.name = "advise",
     .letter = 'n',
     .type = OPTION_FLAG,
     .offset = offsetof(struct control_values, advise),
     .help = "print what would be changed and why, and change nothing"},
    {.name = "rate",
     .type = OPTION_TEXT,
     .offset = offsetof(struct control_values, rate),
     .argument = "N",
     .help = "readings a second, 1 to 100 (20)"},
    {.name = "duration",
     .letter = 'd',
     .type = OPTION_TEXT,
     .offset = offsetof(struct control_values, duration),
     .argument = "SECONDS",
     .help = "end after this time (with SIGINT or SIGTERM)"},
    {.name = "audit",
     .type = OPTION_TEXT,
     .offset = offsetof(struct control_values, audit),
     .argument = "FILE",
     .help = "append a line of JSON for each action and event"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct control_values, json),
     .help = "print the final table as a JSON array, and nothing else"},
    OPTIONS_END,
};

enum {
    NETWORK,
    ROUTERS,
    RATE,
    ALLOWED,
    PRIORITY,
    OFFERED,
    LOSS,
    SECONDS,
    VIOLATED,
    COST,
    MARGIN,
    WEIGHT,
    CAP,
    STATE,
    LAST,
    COLUMN_COUNT
};

static const struct column control_columns[] = {
    [NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [ROUTERS] = {"routers", "Routers", COLUMN_TEXT, 0},
    [RATE] = {"contract_pps", "Contract pps", COLUMN_REAL, 0},
    [ALLOWED] = {"contract_loss_percent", "Loss ≤ %", COLUMN_REAL, 2},
    [PRIORITY] = {"priority", "Prio", COLUMN_INTEGER, 0},
    [OFFERED] = {"offered_pps", "Offered pps", COLUMN_REAL, 0},
    [LOSS] = {"loss_percent", "Loss %", COLUMN_REAL, 3},
    [SECONDS] = {"seconds", "Seconds", COLUMN_REAL, 1},
    [VIOLATED] = {"violated_seconds", "Broken s", COLUMN_REAL, 1},
    [COST] = {"ns_per_packet", "ns per packet", COLUMN_REAL, 0},
    [MARGIN] = {"margin_percent", "Margin %", COLUMN_REAL, 0},
    [WEIGHT] = {"weight", "Weight", COLUMN_INTEGER, 0},
    [CAP] = {"cap_percent", "Cap %", COLUMN_INTEGER, 0},
    [STATE] = {"state", "State", COLUMN_TEXT, 0},
    [LAST] = {"last_action", "Last action", COLUMN_TEXT, 0},
};

static struct value real_or_absent(double value)
{
    return isnan(value) ? VALUE_ABSENT : VALUE_REAL(value);
}

// The columns that are printed, in order. The table omits what would make it wider than a terminal
// and is known already: priorities, times, reasons of last actions (printed before), caps if there
// are none, and routers if each network passes only one.
struct shown {
    size_t columns[COLUMN_COUNT];
    size_t count;
};

static struct shown choose_columns(const struct control_report *report, bool json)
{
    struct shown shown = {.count = 0};
    bool capped = json;
    bool several = json;
    for (size_t i = 0; i < report->count; i++) {
        capped = capped || report->rows[i].share.cap > 0;
        several = several || strchr(report->rows[i].routers, ' ') != NULL;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const bool shows = i == CAP       ? capped
                           : i == ROUTERS ? several
                                          : i != PRIORITY && i != SECONDS && i != LAST;
        if (json || shows) {
            shown.columns[shown.count++] = i;
        }
    }
    return shown;
}

static int show_row(struct writer *writer, const struct shown *shown, const struct control_row *row,
                    struct error *err)
{
    const struct value absent = VALUE_ABSENT;
    const bool has = row->has_contract;
    const struct value values[COLUMN_COUNT] = {
        [NETWORK] = VALUE_TEXT(row->network),
        [ROUTERS] = VALUE_TEXT(row->routers),
        [RATE] = has ? VALUE_REAL(row->contract.pps) : absent,
        [ALLOWED] = has ? VALUE_REAL(row->contract.loss * 100.0) : absent,
        [PRIORITY] = has ? VALUE_INTEGER(row->contract.priority) : absent,
        [OFFERED] = VALUE_REAL(row->offered_pps),
        [LOSS] = real_or_absent(row->loss * 100.0),
        [SECONDS] = VALUE_REAL(row->tally.seconds),
        [VIOLATED] = has && !row->refused ? VALUE_REAL(row->tally.violated_seconds) : absent,
        [COST] = real_or_absent(row->cost_ns),
        [MARGIN] = real_or_absent(row->margin * 100.0),
        [WEIGHT] = VALUE_INTEGER(row->share.weight),
        [CAP] = VALUE_INTEGER(row->share.cap),
        [STATE] = VALUE_TEXT(!has                                ? "none"
                             : row->refused                      ? "refused"
                             : row->tally.violated_seconds > 0.0 ? "broken"
                                                                 : "kept"),
        [LAST] = VALUE_TEXT(row->last_action),
    };
    struct value picked[COLUMN_COUNT];
    for (size_t i = 0; i < shown->count; i++) {
        picked[i] = values[shown->columns[i]];
    }
    return writer_row(writer, picked, err);
}

static int show_report(const struct control_report *report, bool json, struct error *err)
{
    const struct shown shown = choose_columns(report, json);
    struct column columns[COLUMN_COUNT];
    for (size_t i = 0; i < shown.count; i++) {
        columns[i] = control_columns[shown.columns[i]];
    }
    struct writer *writer =
        json ? writer_json(stdout, columns, shown.count)
             : writer_table(stdout, columns, shown.count, 0, isatty(STDOUT_FILENO) != 0);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < report->count; i++) {
        rc = show_row(writer, &shown, &report->rows[i], err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    if (rc == 0 && !json) {
        printf("%u action%s in %.0f s\n", report->actions, report->actions == 1 ? "" : "s",
               report->seconds);
    }
    return rc;
}

static void control_say(void *context, const char *text)
{
    const struct control_values *asked = context;
    if (!asked->json) {
        puts(text);
        (void)fflush(stdout);
    }
}

static int read_policy(const struct control_values *asked, struct control_job *job,
                       struct error *err)
{
    const char *name = asked->policy == NULL ? "contract" : asked->policy;
    job->policy = control_policy_called(name);
    if (job->policy == NULL) {
        return fail_input(
            err, "--policy: expected contract, static, peak or rate-cost, not \"%.60s\"", name);
    }
    return job->policy->foresees
               ? fail_input(err, "--policy: %s requires future loads, which only the simulator has",
                            name)
               : 0;
}

static int read_job(const struct control_values *asked, const struct text_list *operands,
                    struct control_job *job, struct error *err)
{
    if (operands->count != 1) {
        return fail_input(err, "control takes one contracts file; see vrbench control -h");
    }
    job->contracts = operands->items[0];
    job->testbed = asked->testbed;
    job->advise = asked->advise;
    int rc = read_policy(asked, job, err);
    if (rc == 0 && asked->rate != NULL &&
        (rc = parse_number(asked->rate, RATE_MIN, RATE_MAX, &job->rate_hz, err)) < 0) {
        error_context(err, "--rate");
    }
    if (rc == 0 && asked->duration != NULL &&
        (rc = parse_number(asked->duration, 0.1, LONGEST_S, &job->seconds, err)) < 0) {
        error_context(err, "--duration");
    }
    return rc;
}

// Checks the contracts before anything else: a bad file changes nothing and requires no root.
static int check_contracts(const char *path, struct error *err)
{
    _cleanup_contracts_ struct contracts *contracts = NULL;
    return contracts_read(path, &contracts, err);
}

static int read_model(const struct control_values *asked, struct model **ret, struct error *err)
{
    _cleanup_past_runs_ struct past_runs past = PAST_RUNS_INIT;
    if (asked->from.count == 0) {
        return 0;
    }
    int rc = past_runs_read(asked->from.items, asked->from.count, &past, err);
    return rc < 0 ? rc : model_fit(past.runs, past.count, SEED, ret, err);
}

// A FIFO that is not read must stop neither control nor its end: no write to the log waits.
static int open_audit(const char *path, int *ret, struct error *err)
{
    *ret = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
    if (*ret < 0 && errno == ENXIO) {
        return fail(err, 0, "%s: no process reads it", path);
    }
    return *ret < 0 ? fail(err, errno, "%s", path) : 0;
}

static int control_run_command(void *values, const struct text_list *operands, struct error *err)
{
    struct control_values *asked = values;
    struct control_job job = {
        .rate_hz = RATE_HZ, .audit = -1, .say = control_say, .context = asked};
    _cleanup_control_report_ struct control_report report = {.testbed = NULL};
    _cleanup_close_ int audit = -1;
    struct model *model = NULL;
    int rc = read_job(asked, operands, &job, err);
    rc = rc < 0 ? rc : check_contracts(job.contracts, err);
    rc = rc < 0 ? rc : rights_check(err);
    rc = rc < 0 ? rc : read_model(asked, &model, err);
    if (rc == 0 && asked->audit != NULL) {
        rc = open_audit(asked->audit, &audit, err);
        job.audit = audit;
    }
    job.model = model;
    rc = rc < 0 ? rc : control_run(&job, &report, err);
    model_free(model);
    if (report.testbed != NULL) { // control began; a first error is the one that counts
        const int shown = show_report(&report, asked->json, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : shown;
    }
    return rc == 0 && stop_requested() ? fail_interrupted(err) : rc;
}

const struct command command_control = {
    .name = "control",
    .operands = "CONTRACTS",
    .summary = "Move CPU among routers so that contracts are kept",
    .details = "Reads the counters and CPU time of a standing testbed's routers, and sets their\n"
               "weights and caps so that each network with a contract (docs/control.md) loses at\n"
               "most what its contract allows. A contract belongs to the network of its name.\n"
               "Prints each action with its reason, and a table at the end. The contracts file\n"
               "is read again when it changes. The last shares stay in force at the end; if this\n"
               "process is killed, the owner sets the shares of the contracts' static plan.",
    .examples = COMMAND_EXAMPLES(
        {"control contracts.yaml --testbed scenario-2", "keep the contracts of a testbed"}),
    .options = control_options,
    .values_size = sizeof(struct control_values),
    .run = control_run_command,
};
