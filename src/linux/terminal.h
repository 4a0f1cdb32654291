// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/terminal — connects the terminal of a command (or pipes, files) to a machine's console.
 * Called by machine/ for each kind of console.
 */
#ifndef VRBENCH_LINUX_TERMINAL_H
#define VRBENCH_LINUX_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

// The machine's console.
struct terminal_line {
    int fd; // its output is read here, up to the end of file or a failure: the console has closed
    // sends typed bytes; false if the console no longer takes them
    bool (*say)(struct terminal_line *line, const char *bytes, size_t length);
    void *data;
};

// Writes all bytes to a descriptor.
bool terminal_write(int fd, const char *bytes, size_t length);
// Passes typed bytes to the console and its output to the terminal, until Ctrl-] or the console's
// end. Without a terminal: until the console has been silent for 2 s after the end of standard
// input. A signal to stop (base/stop.h) ends it with exit status 130. `called` is the machine's
// name.
int terminal_talk(struct terminal_line *line, const char *called, struct error *err);

#endif
