// SPDX-License-Identifier: GPL-3.0-or-later
// base/output — the standard streams of the program.
#ifndef VRBENCH_BASE_OUTPUT_H
#define VRBENCH_BASE_OUTPUT_H

// Has what is printed to stdout and stderr written by stop_write(): a reader that takes nothing (a
// full pipe, a terminal that is held) delays the end by a second at most after a stop is requested.
// fileno(3) of these streams is -1 from then on; STDOUT_FILENO and STDERR_FILENO remain.
void output_install(void);

#endif
