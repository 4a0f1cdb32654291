// SPDX-License-Identifier: GPL-3.0-or-later
// base/output — the standard streams of the program.
#ifndef VRBENCH_BASE_OUTPUT_H
#define VRBENCH_BASE_OUTPUT_H

// Opens /dev/null for each of the descriptors 0 to 2 that the caller closed, so that no file or
// socket of the program gets the number of a standard stream. Reading from and writing to them
// fails with EBADF. To be called before anything is opened.
void output_reserve(void);

// Redirects stdout and stderr through stop_write(): after a request to stop, a reader that takes no
// data (a full pipe, a stopped terminal) delays the exit by one second at most. From then on
// fileno(3) of these streams is -1; STDOUT_FILENO and STDERR_FILENO remain valid.
void output_install(void);

#endif
