// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_send — `vrbench send`: sends a load on a network of a standing testbed, and prints what
// becomes of it.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "linux/rights.h"
#include "report/send_list.h"
#include "result/json_text.h"
#include "run/send.h"
#include "scenario/profile.h"
#include "testbed/standing.h"
#include "traffic/engine.h"

#define DEFAULT_PPS     10000.0
#define DEFAULT_SECONDS 10U
#define SECONDS_MAX     86400U
#define INTERVAL_MIN_NS (100U * NS_PER_MS)
#define INTERVAL_MAX_NS (3600U * NS_PER_S)
#define MAX_WORD        "max"

struct send_values {
    const char *pps, *rate, *interval, *engine;
    const char *time;
    uint64_t length;
    bool json;
    unsigned verbosity;
};

static const struct option_row send_options[] = {
    {.name = "pps",
     .type = OPTION_TEXT,
     .offset = offsetof(struct send_values, pps),
     .argument = "N",
     .help = "packets/s: 100k, 1.5M, or max (10k)"},
    {.name = "rate",
     .type = OPTION_TEXT,
     .offset = offsetof(struct send_values, rate),
     .argument = "RATE",
     .help = "instead: bit/s of IP packets, such as \"5 Mbit/s\""},
    {.name = "length",
     .letter = 'l',
     .type = OPTION_INTEGER,
     .offset = offsetof(struct send_values, length),
     .min = 1,
     .max = SCENARIO_LENGTH_MAX,
     .argument = "BYTES",
     .help = "length of the IP packets (64)"},
    {.name = "time",
     .letter = 't',
     .type = OPTION_TEXT,
     .offset = offsetof(struct send_values, time),
     .argument = "SECONDS",
     .help = "time of sending (10); 0: until Ctrl-C"},
    {.name = "interval",
     .letter = 'i',
     .type = OPTION_TEXT,
     .offset = offsetof(struct send_values, interval),
     .argument = "SECONDS",
     .help = "time between lines (1)"},
    {.name = "engine",
     .type = OPTION_TEXT,
     .offset = offsetof(struct send_values, engine),
     .argument = "E",
     .help = "engine: auto, packet or xdp (the scenario's)"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct send_values, json),
     .help = "print an object for each interval, and the total"},
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_COUNT,
     .offset = offsetof(struct send_values, verbosity),
     .help = "print more messages; -vv prints still more"},
    OPTIONS_END,
};

// ---- values

static int read_rate(const struct send_values *asked, struct profile_rate *ret, struct error *err)
{
    *ret = (struct profile_rate){.value = DEFAULT_PPS, .given = true};
    if (asked->pps != NULL && asked->rate != NULL) {
        return fail_input(err, "--pps can't be combined with --rate");
    }
    if (text_equal(asked->pps, MAX_WORD)) {
        ret->given = false;
        return 0;
    }
    int rc = 0;
    if (asked->pps != NULL) {
        rc = parse_packet_rate(asked->pps, &ret->value, err);
    } else if (asked->rate != NULL) {
        ret->in_bits = true;
        rc = parse_bit_rate(asked->rate, &ret->value, err);
    }
    if (rc < 0) {
        error_context(err, asked->pps != NULL ? "--pps" : "--rate");
    } else if (ret->value <= 0.0) {
        rc = fail_input(err, "the load must be greater than 0");
    }
    return rc;
}

// The length of an interval, and their number.
static int read_times(const struct send_values *asked, struct send_spec *spec, struct error *err)
{
    double interval_s = 1.0;
    double time_s = DEFAULT_SECONDS;
    int rc = asked->interval == NULL
                 ? 0
                 : parse_number(asked->interval, (double)INTERVAL_MIN_NS / (double)NS_PER_S,
                                (double)INTERVAL_MAX_NS / (double)NS_PER_S, &interval_s, err);
    if (rc < 0) {
        error_context(err, "--interval");
        return rc;
    }
    rc = asked->time == NULL ? 0 : parse_number(asked->time, 0.0, SECONDS_MAX, &time_s, err);
    if (rc < 0) {
        error_context(err, "--time");
        return rc;
    }
    spec->interval_ns = (uint64_t)(interval_s * (double)NS_PER_S);
    // Rounded up, if that is no error of the division; 0 is for a time of 0, without an end.
    spec->intervals = (unsigned)ceil(time_s / interval_s - 1e-9);
    if (time_s > 0.0 && spec->intervals == 0) {
        spec->intervals = 1;
    }
    return 0;
}

// ---- output

struct showing {
    bool json;
    double interval_s;
    struct send_total total;
};

static void print_json(json_t *line)
{
    _cleanup_free_ char *text = json_to_text(line, 0);
    printf("%s\n", text);
    json_decref(line);
}

static void print_text(char *text)
{
    fputs(text, stdout);
    free(text);
}

static void show_interval(void *context, const struct point *point, unsigned number)
{
    struct showing *showing = context;
    send_total_add(&showing->total, point);
    if (showing->json) {
        print_json(send_line_json(point, number));
    } else {
        print_text(send_line_text(point, number, showing->interval_s));
    }
    (void)fflush(stdout);
}

static void show_head(const struct send_spec *spec)
{
    const struct testbed *testbed = loan_testbed(spec->loan);
    char pps[48];
    text_group_digits(scenario_profile_pps(&spec->rate, spec->length), 0, pps);
    printf("%s/%s, %s, %u-byte packets, %s%s\n\n", testbed_name(testbed),
           spec->scenario->networks[spec->network].name,
           topology_name(testbed_plan(testbed)->topology), spec->length,
           spec->rate.given ? pps : "as fast as possible", spec->rate.given ? " pps" : "");
    print_text(send_head_text());
    (void)fflush(stdout);
}

// ---- the command

static int send_load(const struct send_values *asked, struct send_spec *spec, struct error *err)
{
    int rc = send_prepare(spec, err);
    rc = rc < 0 ? rc : engine_check(spec->scenario->traffic.engine, err);
    if (rc < 0) {
        return rc;
    }
    struct showing showing = {.json = asked->json,
                              .interval_s = (double)spec->interval_ns / (double)NS_PER_S};
    if (!asked->json) {
        show_head(spec);
    }
    rc = send_run(spec, show_interval, &showing, err);
    if (showing.total.intervals > 0 && asked->json) {
        print_json(send_total_json(&showing.total));
    } else if (showing.total.intervals > 0) {
        print_text(send_total_text(&showing.total));
    }
    send_total_clear(&showing.total);
    if (rc == -EINTR && spec->intervals == 0) { // the intended end
        error_clear(err);
        rc = 0;
    }
    return rc;
}

// Borrows the testbed of NETWORK or TESTBED/NETWORK.
static int borrow(const char *called, struct send_spec *spec, struct error *err)
{
    const char *slash = strchr(called, '/');
    const char *network = slash == NULL ? called : slash + 1;
    _cleanup_free_ char *testbed =
        slash == NULL ? NULL : text_copy_bytes(called, (size_t)(slash - called));
    int rc = loan_take(testbed, network, true, &spec->loan, err);
    rc = rc < 0 ? rc : loan_scenario(spec->loan, &spec->scenario, err);
    if (rc == 0) {
        spec->network = testbed_network_called(loan_testbed(spec->loan), network);
    }
    return rc;
}

static int send_command(void *values, const struct text_list *operands, struct error *err)
{
    const struct send_values *asked = values;
    struct send_spec spec = {.engine = asked->engine, .length = (unsigned)asked->length};
    if (operands->count != 1) {
        return fail_input(err, "send takes one network, such as NET0 or TESTBED/NET0");
    }
    log_set_verbosity(asked->verbosity);
    int rc = read_rate(asked, &spec.rate, err);
    rc = rc < 0 ? rc : read_times(asked, &spec, err);
    rc = rc < 0 ? rc : rights_check(err);
    rc = rc < 0 ? rc : borrow(operands->items[0], &spec, err);
    rc = rc < 0 ? rc : send_load(asked, &spec, err);
    loan_return(spec.loan);
    scenario_free(spec.scenario);
    return rc;
}

const struct command command_send = {
    .name = "send",
    .operands = "NETWORK",
    .summary = "Send a load by hand on a testbed that stands",
    .details = "Prints a line a second: packets sent, received and lost, where they were lost,\n"
               "one-way delay, and CPU use of the host and the routers in percent of one CPU.\n"
               "NETWORK is a network of a testbed of vrbench up, with the prefix TESTBED/ if\n"
               "several have it. Each line is a trial of its own: the path drains before its\n"
               "packets are counted. \"!\" marks a line that is not a valid measurement, since\n"
               "the machine was disturbed or the tester at its limit. The testbed is locked\n"
               "meanwhile, except for vrbench cpu and control. Ctrl-C prints the total.",
    .examples = COMMAND_EXAMPLES({"send NET0 --pps 100k --length 64", "a line a second"},
                                 {"send lab/NET0 --pps max -t 0", "until Ctrl-C"}),
    .options = send_options,
    .values_size = sizeof(struct send_values),
    .run = send_command,
};
