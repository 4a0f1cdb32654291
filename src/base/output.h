// SPDX-License-Identifier: GPL-3.0-or-later
// base/output — the standard streams of the program.
#ifndef VRBENCH_BASE_OUTPUT_H
#define VRBENCH_BASE_OUTPUT_H

// Redirects stdout and stderr through stop_write(): after a request to stop, a reader that takes no
// data (a full pipe, a stopped terminal) delays the exit by one second at most. From then on
// fileno(3) of these streams is -1; STDOUT_FILENO and STDERR_FILENO remain valid.
void output_install(void);

#endif
