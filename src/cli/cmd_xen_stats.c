// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_xen_stats — `vrbench xen-stats`: prints figures in the format of the study's script,
// which read `xentop -b -i 2`.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "face/xen_stats.h"
#include "face/xentop_run.h"
#include "face/xentop_text.h"
#include "linux/rights.h"
#include "owner/client.h"

#define SECONDS_USUAL 5.0 // the study's
#define SECONDS_MIN   0.01
#define SECONDS_MAX   3600.0

struct xen_stats_values {
    const char *seconds, *testbed, *platform, *output;
    bool from_xentop;
};

static const struct option_row xen_stats_options[] = {
    {.name = "delay",
     .letter = 'd',
     .type = OPTION_TEXT,
     .offset = offsetof(struct xen_stats_values, seconds),
     .argument = "SECONDS",
     .help = "interval over which CPU usage is measured (5)"},
    {.name = "testbed",
     .type = OPTION_TEXT,
     .offset = offsetof(struct xen_stats_values, testbed),
     .argument = "NAME",
     .help = "only the testbed of this name or id"},
    PLATFORM_OPTION(xen_stats_values),
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct xen_stats_values, output),
     .argument = "FILE",
     .help = "replace FILE atomically instead of printing"},
    {.name = "from-xentop",
     .type = OPTION_FLAG,
     .offset = offsetof(struct xen_stats_values, from_xentop),
     .help = "convert xentop -b -i 2: FILE, stdin (-) or run it"},
    OPTIONS_END,
};

static int measure(const char *testbed, uint64_t over_ns, struct xen_stats *ret, struct error *err)
{
    _cleanup_sample_ struct sample before = {0};
    _cleanup_sample_ struct sample after = {0};
    int rc = owner_sample(testbed, true, &before, err);
    if (rc == 0) {
        rc = stop_sleep_until(before.began_ns + over_ns, err);
    }
    if (rc == 0) {
        rc = owner_sample(testbed, true, &after, err);
    }
    if (rc == 0) {
        xen_stats_make(&before, &after, ret);
    }
    return rc;
}

// Reads the machines that vrbench did not make.
static int measure_machines(const char *platform, uint64_t over_ns, struct xen_stats *ret,
                            struct error *err)
{
    struct top_source *source = NULL;
    _cleanup_top_ struct top top = {0};
    uint64_t began_ns = clock_monotonic_ns();
    int rc = top_open(platform, &source, err);
    if (rc == 0) {
        rc = stop_sleep_until(began_ns + over_ns, err);
    }
    if (rc == 0) {
        rc = top_next(source, &top, err);
    }
    if (rc == 0) {
        xen_stats_of_top(&top, ret);
    }
    top_close(source);
    return rc;
}

// All of standard input, in a new string; "" for a terminal, unless the user asked for it (-).
static int read_input(bool asked, char **ret, size_t *ret_length, struct error *err)
{
    size_t length = 0;
    size_t room = 0;
    _cleanup_free_ char *text = text_copy("");
    for (bool more = asked || isatty(STDIN_FILENO) == 0; more;) {
        if (room - length < 2) {
            room = room == 0 ? 65536 : 2 * room;
            text = memory_resize(text, room, 1);
        }
        ssize_t got = stop_read(STDIN_FILENO, text + length, room - length - 1, err);
        if (got < 0) {
            error_context(err, "standard input");
            return (int)got;
        }
        more = got != 0;
        length += (size_t)got;
        if (length > XENTOP_TEXT_MAX) {
            return fail_input(err, "standard input has more than %u bytes", XENTOP_TEXT_MAX);
        }
    }
    text[length] = '\0';
    *ret = steal_pointer(&text);
    *ret_length = length;
    return 0;
}

// Reads xentop's output from `file` (NULL, "-": standard input), or runs xentop over whole seconds.
static int read_xentop(const char *file, double seconds, char **ret, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    bool named = file != NULL && !text_equal(file, "-");
    int rc = named ? file_read(file, XENTOP_TEXT_MAX, &text, &length, err)
                   : read_input(file != NULL, &text, &length, err);
    if (rc < 0) {
        return rc;
    }
    if (text == NULL || strlen(text) != length) {
        return fail_input(err, "%s is not text", named ? file : "standard input");
    }
    if (file != NULL || length > 0) {
        *ret = steal_pointer(&text);
        return 0;
    }
    if (seconds < 1.0 || seconds != (double)(unsigned)seconds) {
        return fail_input(err, "--delay: xentop accepts whole seconds only");
    }
    return xentop_run((unsigned)seconds, ret, err);
}

static int measure_by_xentop(const char *file, double seconds, struct xen_stats *ret,
                             struct error *err)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_xentop_ struct xentop xentop = {0};
    int rc = read_xentop(file, seconds, &text, err);
    if (rc == 0) {
        rc = xentop_text_parse(text, &xentop, err);
    }
    return rc < 0 ? rc : xentop_stats(&xentop, ret, err);
}

static int print_all(const char *text, struct error *err)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0
               ? fail(err, 0, "standard output can't be written")
               : 0;
}

static int xen_stats_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct xen_stats_values *asked = values;
    double seconds = SECONDS_USUAL;
    if (operands->count > (asked->from_xentop ? 1U : 0U)) {
        return fail_input(err, asked->from_xentop ? "--from-xentop takes one FILE"
                                                  : "xen-stats takes no operands");
    }
    if (asked->from_xentop && (asked->testbed != NULL || asked->platform != NULL)) {
        return fail_input(err, "--from-xentop reads all domains of xentop and excludes %s",
                          asked->testbed != NULL ? "--testbed" : "--platform");
    }
    int rc = asked->seconds == NULL
                 ? 0
                 : parse_number(asked->seconds, SECONDS_MIN, SECONDS_MAX, &seconds, err);
    if (rc < 0) {
        error_context(err, "--delay");
        return rc;
    }
    if (asked->platform != NULL && asked->testbed != NULL) {
        return fail_input(err,
                          "--platform reads machines outside of testbeds and excludes --testbed");
    }
    _cleanup_xen_stats_ struct xen_stats stats = {0};
    uint64_t over_ns = (uint64_t)(seconds * (double)NS_PER_S);
    if (asked->from_xentop) {
        rc = measure_by_xentop(operands->count > 0 ? operands->items[0] : NULL, seconds, &stats,
                               err);
    } else if (asked->platform != NULL) {
        rc = measure_machines(asked->platform, over_ns, &stats, err);
    } else {
        rc = rights_check(err);
        rc = rc < 0 ? rc : measure(asked->testbed, over_ns, &stats, err);
    }
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *text = xen_stats_text(&stats);
    return asked->output != NULL ? file_output(asked->output, text, strlen(text), err)
                                 : print_all(text, err);
}

const struct command command_xen_stats = {
    .name = "xen-stats",
    .operands = "[FILE]",
    .summary = "Print CPU and traffic figures as text for SNMP",
    .details = "Prints a record for the host (as Domain-0) and for each running router: CPU\n"
               "seconds, CPU usage in percent of one CPU between two readings, KiB sent and\n"
               "received. For net-snmp's extend; docs/study-method.md lists the lines of\n"
               "snmpd.conf. --platform xen prints the records of all domains; --from-xentop\n"
               "prints xentop's own figures.",
    .examples = COMMAND_EXAMPLES({"xen-stats -d 5", "CPU over 5 s"}),
    .options = xen_stats_options,
    .values_size = sizeof(struct xen_stats_values),
    .run = xen_stats_run,
};
