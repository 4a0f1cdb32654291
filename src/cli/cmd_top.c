// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_top — `vrbench top`: shows figures of hosts and routers, or of the machines of Xen or of
// a libvirt URI, in xentop's columns: on the whole terminal or as tables.
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "cli/top_screen.h"
#include "linux/rights.h"
#include "report/top_text.h"

#define SECONDS_USUAL 3.0 // xentop's
#define SECONDS_MIN   0.1
#define SECONDS_MAX   3600.0
#define WIDTH_USUAL   80

struct top_values {
    bool batch, json, networks, vcpus;
    uint64_t count; // 0 = endless
    const char *seconds, *platform, *order;
};

static const struct option_row top_options[] = {
    {.name = "batch",
     .letter = 'b',
     .type = OPTION_FLAG,
     .offset = offsetof(struct top_values, batch),
     .help = "print tables instead of using the whole screen"},
    {.name = "count",
     .letter = 'n',
     .type = OPTION_INTEGER,
     .offset = offsetof(struct top_values, count),
     .argument = "N",
     .help = "exit after N iterations (default: no limit)",
     .min = 1,
     .max = UINT32_MAX},
    {.name = "delay",
     .letter = 'd',
     .type = OPTION_TEXT,
     .offset = offsetof(struct top_values, seconds),
     .argument = "SECONDS",
     .help = "interval, over which CPU usage is measured (3)"},
    {.name = "networks",
     .letter = 'x',
     .type = OPTION_FLAG,
     .offset = offsetof(struct top_values, networks),
     .help = "add a line for each interface"},
    {.name = "vcpus",
     .letter = 'v',
     .type = OPTION_FLAG,
     .offset = offsetof(struct top_values, vcpus),
     .help = "add a line for vCPUs or parts of the CPU time"},
    {.name = "sort",
     .letter = 's',
     .type = OPTION_TEXT,
     .offset = offsetof(struct top_values, order),
     .argument = "BY",
     .help = "name, cpu, seconds, memory, nettx or netrx",
     .words = "name cpu seconds memory nettx netrx"},
    PLATFORM_OPTION(top_values),
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct top_values, json),
     .help = "print one line of JSON per iteration"},
    OPTIONS_END,
};

// Width of a table: the terminal's, or unlimited in a pipe.
static unsigned table_width(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 0) {
        return 0;
    }
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                           : WIDTH_USUAL;
}

static int print(const struct top_values *asked, unsigned details, const struct top *top,
                 struct error *err)
{
    if (asked->json) {
        _cleanup_free_ char *text = top_json(top, details);
        puts(text);
    } else {
        _cleanup_top_lines_ struct top_lines lines = {0};
        top_lines_make(top, table_width(), details, &lines);
        for (size_t i = 0; i < lines.count; i++) {
            puts(lines.items[i]);
        }
    }
    // A reader of a pipe receives each iteration at once.
    return fflush(stdout) != 0 ? fail(err, 0, "standard output can't be written") : 0;
}

static int run_batch(const struct top_values *asked, const struct top_view *view,
                     struct top_source *source, struct error *err)
{
    uint64_t every_ns = (uint64_t)(view->delay_s * (double)NS_PER_S);
    uint64_t deadline_ns = clock_monotonic_ns();
    int rc = 0;
    for (uint64_t done = 0; rc == 0 && (view->count == 0 || done < view->count); done++) {
        _cleanup_top_ struct top top = {0};
        deadline_ns += every_ns;
        rc = stop_sleep_until(deadline_ns, err);
        if (rc == 0) {
            rc = top_next(source, &top, err);
        }
        if (rc == 0) {
            top_sort(&top, view->order);
            rc = print(asked, view->details, &top, err);
        }
    }
    return rc;
}

static int read_view(const struct top_values *asked, struct top_view *ret, struct error *err)
{
    struct top_view view = {.delay_s = SECONDS_USUAL,
                            .details = (asked->networks ? TOP_NETWORKS : 0U) |
                                       (asked->vcpus ? TOP_VCPUS : 0U),
                            .count = asked->count};
    int rc = asked->seconds == NULL
                 ? 0
                 : parse_number(asked->seconds, SECONDS_MIN, SECONDS_MAX, &view.delay_s, err);
    if (rc < 0) {
        error_context(err, "--delay");
        return rc;
    }
    view.order = asked->order == NULL ? TOP_AS_FOUND : top_order_by_name(asked->order);
    if (view.order == TOP_ORDERS) {
        return fail_input(err,
                          "--sort: unknown key \"%s\"; expected name, cpu, seconds, memory, nettx "
                          "or netrx",
                          asked->order);
    }
    *ret = view;
    return 0;
}

static int top_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct top_values *asked = values;
    struct top_view view = {0};
    if (operands->count > 0) {
        return fail_input(err, "top takes no operands");
    }
    int rc = read_view(asked, &view, err);
    if (rc < 0) {
        return rc;
    }
    bool batch = asked->batch || asked->json;
    if (!batch && (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)) {
        return fail_input(err, "standard output is not a terminal; use -b to print tables");
    }
    struct top_source *source = NULL;
    rc = asked->platform == NULL ? rights_check_look(err) : 0;
    if (rc == 0) {
        rc = top_open(asked->platform, &source, err);
    }
    if (rc == 0) {
        rc = batch ? run_batch(asked, &view, source, err) : top_screen_run(source, &view, err);
    }
    top_close(source);
    return rc;
}

const struct command command_top = {
    .name = "top",
    .operands = "",
    .summary = "Watch CPU, memory and traffic of hosts and routers",
    .details = "Shows xentop's columns on the whole screen (q quits), or with -b as a table per\n"
               "iteration. CPU(%) is the usage since the previous reading, in percent of one\n"
               "CPU. NETTX and NETRX count units of 1024 bytes from the machine's view: TX is\n"
               "what it sent. A terminal shows the columns that fit its width.",
    .examples = COMMAND_EXAMPLES({"top -b -n 1", "one table, as xentop -b"}),
    .options = top_options,
    .values_size = sizeof(struct top_values),
    .run = top_run,
};
