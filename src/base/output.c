// SPDX-License-Identifier: GPL-3.0-or-later
// base/output — see output.h. Called by cli/.
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/stop.h"

void output_reserve(void)
{
    // open(2) returns the lowest free number, here that of the closed stream.
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

// The write function of fopencookie(3), for which 0 means failure.
static ssize_t write_stream(void *cookie, const char *bytes, size_t length)
{
    int rc = stop_write(*(const int *)cookie, bytes, length, NULL);
    if (rc < 0) {
        errno = -rc;
        return 0;
    }
    return (ssize_t)length;
}

static void replace_stream(FILE **stream, int *fd, int buffering)
{
    FILE *made = fopencookie(fd, "w", (cookie_io_functions_t){.write = write_stream});
    if (made != NULL) {
        (void)setvbuf(made, NULL, buffering, buffering == _IONBF ? 0 : BUFSIZ);
        *stream = made;
    }
}

void output_install(void)
{
    static int out = STDOUT_FILENO;
    static int err = STDERR_FILENO;
    replace_stream(&stdout, &out, isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF);
    replace_stream(&stderr, &err, _IONBF);
}
