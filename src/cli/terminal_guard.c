// SPDX-License-Identifier: GPL-3.0-or-later
// cli/terminal_guard — see terminal_guard.h.
#include "cli/terminal_guard.h"

#include <curses.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

static struct termios terminal_before;
static char terminal_bytes[256];
static size_t terminal_length;

static void put_back_and_die(int signal)
{
    ssize_t written = write(STDOUT_FILENO, terminal_bytes, terminal_length);
    (void)written;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    (void)raise(signal); // SA_RESETHAND has restored the default action
}

static const int deadly[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#define DEADLY (sizeof deadly / sizeof deadly[0])
static struct sigaction before[DEADLY];

// A string of the terminal's description, or NULL.
static const char *string_of(const char *capability)
{
    const char *bytes = tigetstr((char *)capability);
    return (intptr_t)bytes == -1 ? NULL : bytes;
}

static void remember(const char *capability)
{
    const char *bytes = string_of(capability);
    if (bytes != NULL && terminal_length + strlen(bytes) < sizeof terminal_bytes) {
        terminal_length += (size_t)snprintf(terminal_bytes + terminal_length,
                                            sizeof terminal_bytes - terminal_length, "%s", bytes);
    }
}

bool terminal_is_able(void)
{
    int found = 0;
    if (setupterm(NULL, STDOUT_FILENO, &found) == ERR || found != 1) {
        return false;
    }
    bool able = string_of("cup") != NULL;
    (void)del_curterm(cur_term);
    return able;
}

void terminal_remember(void)
{
    (void)tcgetattr(STDIN_FILENO, &terminal_before);
}

void terminal_guard(void)
{
    terminal_length = 0;
    remember("sgr0");
    remember("cnorm");
    remember("rmkx");
    remember("rmcup");
    struct sigaction action = {.sa_handler = put_back_and_die,
                               .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    for (size_t i = 0; i < DEADLY; i++) {
        (void)sigaction(deadly[i], &action, &before[i]);
    }
}

void terminal_unguard(void)
{
    for (size_t i = 0; i < DEADLY; i++) {
        (void)sigaction(deadly[i], &before[i], NULL);
    }
}
