// SPDX-License-Identifier: GPL-3.0-or-later
// cli/top_screen — see top_screen.h. Called by cmd_top.c.
#include "cli/top_screen.h"

#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "cli/terminal_guard.h"
#include "report/top_text.h"

#define FIRST_S   0.5 // longest interval of the first figures, so that they appear soon
#define DELAY_MIN 0.1
#define DELAY_MAX 3600.0
#define HEAD      3 // lines above the first machine
#define KEY_NS    (200U * NS_PER_MS)

// ---- drawing

struct screen {
    struct top_source *source;
    struct top_view *view;
    struct top top;
    bool measured; // top is of two readings
    size_t first;  // line shown at the top
    bool leave;
};

static void count_states(const struct top *top, char *ret, size_t room)
{
    size_t running = 0;
    for (size_t i = 0; i < top->count; i++) {
        running += strchr(top->items[i].letters, 'r') != NULL;
    }
    snprintf(ret, room, "%zu shown, %zu running", top->count, running);
}

static void draw_head(const struct screen *screen)
{
    char states[64];
    char time[32];
    clock_format_utc(screen->top.realtime_ns, time);
    _cleanup_free_ char *platform = text_printable(screen->top.platform);
    mvprintw(0, 0, "vrbench top - %s   %s", time, platform);
    count_states(&screen->top, states, sizeof states);
    _cleanup_free_ char *used =
        screen->top.has_total ? text_format(", %.1f %% of one used", screen->top.total_percent)
                              : text_copy("");
    _cleanup_free_ char *own =
        screen->top.hypervisor_bytes > 0
            ? text_format(", the hypervisor's %lluk",
                          (unsigned long long)(screen->top.hypervisor_bytes / 1024))
            : text_copy("");
    mvprintw(1, 0, "%s   Mem: %lluk total%s   CPUs: %u%s   over %.1f s", states,
             (unsigned long long)(screen->top.host_memory_bytes / 1024), own, screen->top.host_cpus,
             used, (double)screen->top.over_ns / (double)NS_PER_S);
}

static void draw(struct screen *screen)
{
    int width = getmaxx(stdscr);
    int height = getmaxy(stdscr);
    erase();
    if (!screen->measured) {
        mvaddstr(0, 0, "vrbench top: measuring");
        refresh();
        return;
    }
    _cleanup_top_lines_ struct top_lines lines = {0};
    top_sort(&screen->top, screen->view->order);
    top_lines_make(&screen->top, (unsigned)(width > 0 ? width : 1), screen->view->details, &lines);
    size_t room = height > HEAD + 1 ? (size_t)(height - HEAD - 1) : 1;
    size_t most = lines.count - 1 > room ? lines.count - 1 - room : 0;
    screen->first = screen->first > most ? most : screen->first;
    draw_head(screen);
    attron(A_REVERSE);
    mvprintw(2, 0, "%-*s", width, lines.items[0]);
    attroff(A_REVERSE);
    for (size_t i = 0; i < room && screen->first + i + 1 < lines.count; i++) {
        mvaddstr(HEAD + (int)i, 0, lines.items[screen->first + i + 1]);
    }
    if (height > HEAD + 1) {
        mvprintw(height - 1, 0,
                 "Q quit  S sort by: %s  N networks  V vCPUs  +/- every %g s  up, down",
                 top_order_name(screen->view->order), screen->view->delay_s);
    }
    refresh();
}

// ---- keys

static void change_delay(struct top_view *view, double factor)
{
    double delay = view->delay_s * factor;
    delay = delay < DELAY_MIN ? DELAY_MIN : delay;
    view->delay_s = delay > DELAY_MAX ? DELAY_MAX : delay;
}

static void obey(struct screen *screen, int key)
{
    struct top_view *view = screen->view;
    switch (key) {
    case 'q':
    case 'Q':
        screen->leave = true;
        break;
    case 's':
    case 'S':
        view->order = (enum top_order)((view->order + 1) % TOP_ORDERS);
        break;
    case 'n':
    case 'N':
        view->details ^= TOP_NETWORKS;
        break;
    case 'v':
    case 'V':
        view->details ^= TOP_VCPUS;
        break;
    case '+':
        change_delay(view, 2.0);
        break;
    case '-':
        change_delay(view, 0.5);
        break;
    case KEY_DOWN:
        screen->first++;
        break;
    case KEY_UP:
        screen->first -= screen->first > 0;
        break;
    default: // KEY_RESIZE too: everything is redrawn
        break;
    }
    draw(screen);
}

// Obeys keys until it is time for the next reading.
static int wait_until(struct screen *screen, uint64_t deadline_ns, struct error *err)
{
    uint64_t now_ns = clock_monotonic_ns();
    while (now_ns < deadline_ns && !screen->leave) {
        // In steps: getch() notices the signal of a resized terminal.
        uint64_t step_ns = now_ns + KEY_NS < deadline_ns ? now_ns + KEY_NS : deadline_ns;
        int rc = stop_wait(STDIN_FILENO, POLLIN, step_ns, err);
        if (rc < 0) {
            return rc;
        }
        timeout(0);
        int key = getch();
        if (key != ERR) {
            obey(screen, key);
        } else if (isatty(STDIN_FILENO) == 0) {
            return fail(err, 0, "the terminal is gone");
        }
        now_ns = clock_monotonic_ns();
    }
    return 0;
}

static int show(struct screen *screen, struct error *err)
{
    double first_s = screen->view->delay_s < FIRST_S ? screen->view->delay_s : FIRST_S;
    uint64_t wait_ns = (uint64_t)(first_s * (double)NS_PER_S);
    uint64_t shown = 0;
    draw(screen);
    while (!screen->leave) {
        int rc = wait_until(screen, clock_monotonic_ns() + wait_ns, err);
        if (rc < 0 || screen->leave) {
            return rc;
        }
        struct top next = {0};
        rc = top_next(screen->source, &next, err);
        if (rc < 0) {
            return rc;
        }
        top_clear(&screen->top);
        screen->top = next;
        screen->measured = true;
        draw(screen);
        shown++;
        screen->leave = screen->view->count != 0 && shown >= screen->view->count;
        wait_ns = (uint64_t)(screen->view->delay_s * (double)NS_PER_S);
    }
    return 0;
}

int top_screen_run(struct top_source *source, struct top_view *view, struct error *err)
{
    struct screen screen = {.source = source, .view = view};
    (void)setlocale(LC_CTYPE, ""); // names may be UTF-8; numbers stay as they are
    terminal_remember();
    _cleanup_fclose_ FILE *out = fdopen(dup(STDOUT_FILENO), "w"); // curses asks for its descriptor
    SCREEN *terminal = out != NULL && terminal_is_able() ? newterm(NULL, out, stdin) : NULL;
    if (terminal == NULL) {
        const char *name = getenv("TERM");
        return fail_lacking(err,
                            "the terminal (TERM=%s) does not support whole-screen output; use -b "
                            "to print tables",
                            name == NULL ? "" : name);
    }
    terminal_guard();
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)curs_set(0);
    int rc = show(&screen, err);
    (void)endwin();
    terminal_unguard();
    delscreen(terminal);
    top_clear(&screen.top);
    return rc;
}
