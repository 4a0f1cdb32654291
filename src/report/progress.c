// SPDX-License-Identifier: GPL-3.0-or-later
// report/progress — see progress.h. Owns the only progress.
#include "report/progress.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/screen.h"
#include "base/text.h"

#define BAR_WIDTH 20 // characters between the brackets
#define DIM       "\033[2m"
#define PLAIN     "\033[0m"

static struct {
    FILE *out; // NULL = no progress
    bool terminal;
    size_t done, total;
    uint64_t start_ns;
    char *label;
} progress;

// "45 s left", "3 min 20 s left", "2 h 05 min left"; "" while unknown.
static char *time_left(void)
{
    if (progress.done == 0 || progress.done >= progress.total) {
        return text_copy("");
    }
    double elapsed = (double)(clock_monotonic_ns() - progress.start_ns) / (double)NS_PER_S;
    double each = elapsed / (double)progress.done;
    unsigned long left = (unsigned long)(each * (double)(progress.total - progress.done) + 0.5);
    if (left < 60) {
        return text_format("  %lu s left", left);
    }
    if (left < 3600) {
        return text_format("  %lu min %02lu s left", left / 60, left % 60);
    }
    return text_format("  %lu h %02lu min left", left / 3600, left % 3600 / 60);
}

// Fits a text into a line of `width` characters: replaces control characters and cuts the end, not
// within a UTF-8 sequence.
static void fit(char *text, size_t width)
{
    size_t shown = 0;
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) { // U+0080 to U+009F
            c[0] = c[1] = '?';
        }
        bool starts = (*c & 0xc0) != 0x80;
        if (starts && shown++ == width) {
            *c = '\0';
            return;
        }
    }
}

static void draw(void)
{
    size_t total = progress.total > progress.done ? progress.total : progress.done;
    size_t percent = total == 0 ? 100 : progress.done * 100 / total;
    size_t filled = percent * BAR_WIDTH / 100;
    char bar[BAR_WIDTH + 1];
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = '\0';
    _cleanup_free_ char *left = time_left();
    _cleanup_free_ char *line =
        text_format("[%s] %zu/%zu %3zu %%%s  %s", bar, progress.done, total, percent, left,
                    progress.label == NULL ? "" : progress.label);
    fit(line,
        screen_width(progress.out) - 1); // a character in the last column makes some terminals wrap
    fprintf(progress.out, "\r%s\033[K", line);
    fflush(progress.out);
}

static void clear(void)
{
    fputs("\r\033[K", progress.out);
    fflush(progress.out);
}

static bool progress_is_quiet;

void progress_set_quiet(bool quiet)
{
    progress_is_quiet = quiet;
}

void progress_start(FILE *out, size_t total)
{
    progress_finish();
    if (progress_is_quiet) {
        return;
    }
    progress.out = out;
    progress.terminal = screen_moves(out);
    progress.done = 0;
    progress.total = total;
    progress.start_ns = clock_monotonic_ns();
    progress_resume();
}

void progress_label(const char *format, ...)
{
    if (progress.out == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *label = text_format_args(format, args);
    va_end(args);
    free(progress.label);
    progress.label = label;
    progress_resume();
}

// "0", "0.01", "12.34"; a loss below 0.01 is not shown as 0.
static void percent_lost(const struct point *point, char ret[32])
{
    uint64_t tx = point_tx(point);
    double percent = tx == 0 ? 0 : (double)point_lost(point) * 100 / (double)tx;
    if (percent > 0 && percent < 0.005) {
        snprintf(ret, 32, "< 0.01");
    } else {
        snprintf(ret, 32, percent > 0 ? "%.2f" : "%.0f", percent);
    }
}

// "bridged 64 B 23,000 pps: forwarded 22,998 pps, lost 0.01 %, host 12.3 %, r1t3 5.4 %"
static char *describe(const struct point *point)
{
    char requested[48];
    char forwarded[48];
    char lost[32];
    double sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        double one = point->networks[i].forwarded_pps;
        sum += one >= 0 ? one : 0; // NaN: nothing was sent
    }
    if (point->requested_pps > 0.0) {
        text_group_digits(point->requested_pps, 0, requested);
    } else {
        snprintf(requested, sizeof requested, "max");
    }
    text_group_digits(sum, 0, forwarded);
    percent_lost(point, lost);
    _cleanup_free_ char *times =
        point->network_count > 1 ? text_format("%zu x ", point->network_count) : text_copy("");
    _cleanup_free_ char *length = point_length_text(point);
    char *text = text_format("%s %s %s%s pps: forwarded %s pps, lost %s %%", point->topology,
                             length, times, requested, forwarded, lost);
    for (size_t i = 0; i < point->network_count && point->networks[i].tcp.measured; i++) {
        text_append(&text, i == 0 ? ", goodput " : " + ", "%.1f",
                    point->networks[i].tcp.goodput_bps / 1e6);
    }
    if (point->network_count > 0 && point->networks[0].tcp.measured) {
        text_append(&text, " ", "Mbit/s");
    }
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        if (!text_equal(cpu->name, "tester")) {
            _cleanup_free_ char *within =
                cpu->has_within ? text_format(" (±%.1f)", cpu->within) : text_copy("");
            text_append(&text, ", ", "%s %.1f%s %%", cpu->name, cpu->percent, within);
        }
    }
    if (!point->valid) {
        text_append(&text, "; ", "invalid: %s",
                    point->why_invalid == NULL ? "unknown" : point->why_invalid);
    }
    return text;
}

void progress_point(const struct point *point)
{
    if (progress.out == NULL) {
        return;
    }
    progress.done++;
    _cleanup_free_ char *text = describe(point);
    fit(text, strlen(text));
    if (progress.terminal) {
        bool dim = !point->valid && screen_wants_colour();
        fprintf(progress.out, "\r\033[K%s%s%s\n", dim ? DIM : "", text, dim ? PLAIN : "");
        draw();
        return;
    }
    size_t total = progress.total > progress.done ? progress.total : progress.done;
    fprintf(progress.out, "[%zu/%zu] %s\n", progress.done, total, text);
    fflush(progress.out);
}

void progress_add_total(size_t more)
{
    progress.total += more;
    progress_resume();
}

void progress_set_total(size_t total)
{
    if (progress.total != total) {
        progress.total = total;
        progress_resume();
    }
}

void progress_interrupt(void)
{
    if (progress.out != NULL && progress.terminal) {
        clear();
    }
}

void progress_resume(void)
{
    if (progress.out != NULL && progress.terminal) {
        draw();
    }
}

void progress_finish(void)
{
    if (progress.out == NULL) {
        return;
    }
    progress_interrupt();
    free(progress.label);
    memset(&progress, 0, sizeof progress);
}
