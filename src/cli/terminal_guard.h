// SPDX-License-Identifier: GPL-3.0-or-later
// cli/terminal_guard — restores the terminal of a whole-screen program when a signal ends the
// process (except SIGKILL). Called by top_screen.c.
#ifndef VRBENCH_CLI_TERMINAL_GUARD_H
#define VRBENCH_CLI_TERMINAL_GUARD_H

#include <stdbool.h>

// Whether the terminal of standard output (by TERM) supports whole-screen output.
bool terminal_is_able(void);
// Saves the settings of standard input's terminal. Call before changing them.
void terminal_remember(void);
// Until terminal_unguard(), deadly signals restore the terminal first. Call after curses has
// initialised the terminal.
void terminal_guard(void);
void terminal_unguard(void);

#endif
