// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/progress — the progress of a run on a terminal, in a log, and with --quiet.
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/screen.h"
#include "base/text.h"
#include "report/progress.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "golden.h"
#include "made_up_points.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_progress_in_a_log(void **state)
{
    (void)state;
    struct point_list list = make(one_router, COUNT(one_router));
    for (size_t i = 0; i < COUNT(two_routers); i++) {
        add(&list, &two_routers[i]);
    }
    FILE *out = tmpfile();
    progress_start(out, 4);
    progress_add_total(5);
    for (size_t i = 0; i < list.count; i++) {
        progress_label("%s", "not seen here");
        progress_interrupt();
        progress_resume();
        progress_point(&list.items[i]);
    }
    progress_finish();
    progress_point(&list.items[0]); // after the end: nothing
    char text[4096] = "";
    rewind(out);
    size_t got = fread(text, 1, sizeof text - 1, out);
    text[got] = '\0';
    fclose(out);
    assert_golden("progress.txt", text);
    point_list_clear(&list);
}

#define TERMINAL_END "-- end --" // written after what is tested, to know when all has been read

// Reads what a pseudo terminal shows up to TERMINAL_END, which is cut off. The kernel hands it over
// in as many parts as it likes, each some time after it was written. Returns the length.
static size_t read_terminal(int master, char *text, size_t size)
{
    size_t got = 0;
    char *end = NULL;
    while (end == NULL) {
        struct pollfd ready = {.fd = master, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 10000), 1);
        ssize_t more = read(master, text + got, size - 1 - got);
        assert_true(more > 0);
        got += (size_t)more;
        text[got] = '\0';
        end = strstr(text, TERMINAL_END);
    }
    *end = '\0';
    return (size_t)(end - text);
}

static void test_quiet_progress(void **state)
{
    (void)state;
    struct point_list list = make(one_router, 1);
    FILE *out = tmpfile();
    progress_set_quiet(true);
    progress_start(out, 1);
    progress_point(&list.items[0]);
    progress_finish();
    progress_set_quiet(false);
    fseek(out, 0, SEEK_END);
    assert_int_equal(ftell(out), 0);
    fclose(out);
    point_list_clear(&list);
}

static void test_progress_on_a_terminal(void **state)
{
    (void)state;
    struct winsize size = {.ws_row = 24, .ws_col = 40};
    int master;
    int slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    struct termios raw;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    struct point_list list = make(one_router, 1);
    list.items[0].valid = false;
    FILE *out = fdopen(slave, "w");
    progress_start(out, 2);
    progress_label("a label that does not fit into \033[2J forty columns with the bar before it é");
    progress_point(&list.items[0]);
    progress_interrupt();
    progress_resume();
    progress_finish();
    fputs(TERMINAL_END, out);
    fflush(out);
    char text[4096];
    size_t got = read_terminal(master, text, sizeof text);
    fclose(out);
    close(master);
    point_list_clear(&list);
    // A point is a line of its own, dimmed because it is invalid. Each drawing returns to the start
    // of the line and stays on it, the last one is empty.
    char *line = strstr(text, "\r\033[K\033[2m");
    assert_non_null(line);
    char *end = strchr(line, '\n');
    assert_non_null(end);
    assert_memory_equal(end - 4, "\033[0m", 4);
    memmove(line, end + 1, strlen(end + 1) + 1);
    got -= (size_t)(end + 1 - line);
    assert_null(strchr(text, '\n'));
    assert_null(strstr(text, "\033[2J"));
    assert_non_null(strstr(text, "1/2  50 %"));
    assert_string_equal(text + got - 4, "\r\033[K");
    for (char *part = strtok(text, "\r"); part != NULL; part = strtok(NULL, "\r")) {
        assert_in_range(strcspn(part, "\033"), 0, 39);
    }
}

// What a terminal shows of an invalid point, which is dimmed where colours are wanted.
static void show_invalid_point(char *text, size_t size)
{
    int master;
    int slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    struct point_list list = make(one_router, 1);
    list.items[0].valid = false;
    FILE *out = fdopen(slave, "w");
    progress_start(out, 1);
    progress_point(&list.items[0]);
    progress_finish();
    fputs(TERMINAL_END, out);
    fflush(out);
    read_terminal(master, text, size);
    fclose(out);
    close(master);
    point_list_clear(&list);
}

static void test_no_colour(void **state)
{
    (void)state;
    char text[4096];
    setenv("TERM", "xterm", 1);
    // https://no-color.org: any value but the empty one.
    static const struct {
        const char *value;
        bool colour;
    } cases[] = {{NULL, true}, {"", true}, {"1", false}, {"0", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (cases[i].value == NULL) {
            unsetenv("NO_COLOR");
        } else {
            setenv("NO_COLOR", cases[i].value, 1);
        }
        assert_int_equal(screen_wants_colour(), cases[i].colour);
        show_invalid_point(text, sizeof text);
        assert_int_equal(strstr(text, "\033[2m") != NULL, cases[i].colour);
        // The point itself is shown, dimmed or not.
        assert_non_null(strstr(text, "direct 64 B 1,000 pps"));
    }
    unsetenv("NO_COLOR");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_in_a_log),
        cmocka_unit_test(test_quiet_progress),
        cmocka_unit_test(test_progress_on_a_terminal),
        cmocka_unit_test(test_no_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
