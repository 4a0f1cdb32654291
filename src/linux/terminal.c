// SPDX-License-Identifier: GPL-3.0-or-later
// linux/terminal — see terminal.h.
#include "linux/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"

#define LEAVE    0x1d // Ctrl-], as in virsh, xl and telnet
#define QUIET_MS 2000 // after the end of input, a console silent for so long is closed

bool terminal_write(int fd, const char *bytes, size_t length)
{
    return stop_write(fd, bytes, length, NULL) == 0;
}

// Shows what the console puts out; false once it has closed or standard output fails. A terminal
// is hung up when its other side closes.
static bool hear(const struct terminal_line *line)
{
    char bytes[4096];
    ssize_t length = read(line->fd, bytes, sizeof bytes);
    return length < 0 ? errno == EINTR || errno == EAGAIN
                      : length > 0 && terminal_write(STDOUT_FILENO, bytes, (size_t)length);
}

static void talk(struct terminal_line *line, bool terminal)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = line->fd, .events = POLLIN}};
    char bytes[512];
    uint64_t heard_ns = clock_monotonic_ns();
    for (;;) {
        int ready = stop_poll(
            fds, 2, fds[0].fd < 0 ? clock_monotonic_ns() + QUIET_MS * NS_PER_MS : STOP_NO_DEADLINE,
            NULL);
        bool quiet = ready == 0 && clock_monotonic_ns() - heard_ns >= QUIET_MS * NS_PER_MS;
        if (ready < 0 || quiet || (fds[1].revents != 0 && !hear(line))) {
            return;
        }
        heard_ns = fds[1].revents != 0 ? clock_monotonic_ns() : heard_ns;
        if (fds[0].fd < 0 || fds[0].revents == 0) {
            continue;
        }
        ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
        if (length <= 0) {
            fds[0].fd = -1; // poll(2) skips it
            continue;
        }
        const char *leave = terminal ? memchr(bytes, LEAVE, (size_t)length) : NULL;
        size_t passed = leave == NULL ? (size_t)length : (size_t)(leave - bytes);
        if (!line->say(line, bytes, passed) || leave != NULL) {
            return;
        }
    }
}

int terminal_talk(struct terminal_line *line, const char *called, struct error *err)
{
    struct termios before;
    bool terminal = isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        dprintf(STDERR_FILENO, "console of %s; Ctrl-] leaves it\n", called);
        struct termios raw = before;
        cfmakeraw(&raw);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    }
    talk(line, terminal);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    }
    return stop_requested() ? fail_interrupted(err) : 0;
}
