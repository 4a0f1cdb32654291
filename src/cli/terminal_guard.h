// SPDX-License-Identifier: GPL-3.0-or-later
// cli/terminal_guard — a terminal that a whole-screen program has changed is put back by every
// signal that ends the process (but SIGKILL). Called by top_screen.c.
#ifndef VRBENCH_CLI_TERMINAL_GUARD_H
#define VRBENCH_CLI_TERMINAL_GUARD_H

#include <stdbool.h>

// Whether the terminal of standard output (by TERM) can show a whole screen at all.
bool terminal_is_able(void);
// Remembers how standard input's terminal is set. To be called before it is changed.
void terminal_remember(void);
// From now on, and until terminal_unguard(), deadly signals put it back first. To be called once
// curses knows the terminal.
void terminal_guard(void);
void terminal_unguard(void);

#endif
