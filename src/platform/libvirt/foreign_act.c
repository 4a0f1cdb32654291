// SPDX-License-Identifier: GPL-3.0-or-later
// platform/libvirt/foreign_act — see foreign_parts.h: what stops a machine or talks to it. Only one
// that was named is ever touched.
#include <errno.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "platform/libvirt/foreign_parts.h"

#define LEAVE    0x1d // Ctrl-], as virsh and telnet have it
#define QUIET_MS 2000 // after the end of what is typed for it, a console that says nothing is left

struct deed {
    const char *called;
    int (*act)(virDomainPtr domain);
    const char *what;
};

static int act(virConnectPtr handle, void *data, struct error *err)
{
    const struct deed *deed = data;
    _cleanup_domain_ virDomainPtr domain = NULL;
    int rc = foreign_lookup(handle, deed->called, &domain, err);
    if (rc == 0 && deed->act(domain) < 0) {
        rc = fail_libvirt(err, "%s %s", deed->what, deed->called);
    }
    return rc;
}

static int do_to(struct foreign *foreign, struct deed *deed, struct error *err)
{
    return connection_call(foreign_connection(foreign), act, deed, err);
}

int foreign_libvirt_destroy(struct foreign *foreign, const char *called, struct error *err)
{
    struct deed deed = {called, virDomainDestroy, "destroying"};
    return do_to(foreign, &deed, err);
}

static int ask_to_reboot(virDomainPtr domain)
{
    return virDomainReboot(domain, VIR_DOMAIN_REBOOT_DEFAULT);
}

int foreign_libvirt_reboot(struct foreign *foreign, const char *called, struct error *err)
{
    struct deed deed = {called, ask_to_reboot, "rebooting"};
    return do_to(foreign, &deed, err);
}

// ---- console

struct console {
    virStreamPtr stream;
    int ended; // eventfd, readable once the machine's side has
    uint64_t heard_ns;
};

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes += written < 0 ? 0 : written;
        length -= written < 0 ? 0 : (size_t)written;
    }
    return true;
}

static void *listen_to(void *data)
{
    struct console *console = data;
    char bytes[4096];
    int length = 0;
    while ((length = virStreamRecv(console->stream, bytes, sizeof bytes)) > 0) {
        __atomic_store_n(&console->heard_ns, clock_monotonic_ns(), __ATOMIC_RELAXED);
        if (!write_all(STDOUT_FILENO, bytes, (size_t)length)) {
            break;
        }
    }
    (void)eventfd_write(console->ended, 1);
    return NULL;
}

static bool send_all(virStreamPtr stream, const char *bytes, size_t length)
{
    while (length > 0) {
        int sent = virStreamSend(stream, bytes, length);
        if (sent < 0) {
            return false;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

// Passes on what is typed until Ctrl-], the end of the machine's side, or a signal.
static void talk(struct console *console, bool terminal)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = console->ended, .events = POLLIN}};
    char bytes[512];
    while (!stop_requested()) {
        int ready = poll(fds, 2, fds[0].fd < 0 ? QUIET_MS : -1);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        uint64_t heard_ns = __atomic_load_n(&console->heard_ns, __ATOMIC_RELAXED);
        bool quiet = ready == 0 && clock_monotonic_ns() - heard_ns >= QUIET_MS * NS_PER_MS;
        if (ready < 0 || fds[1].revents != 0 || quiet) {
            return;
        }
        if (fds[0].fd < 0 || fds[0].revents == 0) {
            continue;
        }
        ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
        if (length <= 0) {
            fds[0].fd = -1; // poll passes it over
            continue;
        }
        const char *leave = terminal ? memchr(bytes, LEAVE, (size_t)length) : NULL;
        size_t passed = leave == NULL ? (size_t)length : (size_t)(leave - bytes);
        if (!send_all(console->stream, bytes, passed) || leave != NULL) {
            return;
        }
    }
}

static int join(virDomainPtr domain, const char *called, struct console *console, struct error *err)
{
    struct termios before;
    pthread_t listener;
    if (virDomainOpenConsole(domain, NULL, console->stream, 0) < 0) {
        return fail_libvirt(err, "the console of %s", called);
    }
    console->heard_ns = clock_monotonic_ns();
    int rc = pthread_create(&listener, NULL, listen_to, console);
    if (rc != 0) {
        (void)virStreamAbort(console->stream);
        return fail(err, rc, "a thread for the console");
    }
    bool terminal = isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        dprintf(STDERR_FILENO, "console of %s; Ctrl-] leaves it\n", called);
        struct termios raw = before;
        cfmakeraw(&raw);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    }
    talk(console, terminal);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    }
    (void)virStreamAbort(console->stream);
    (void)pthread_join(listener, NULL);
    return stop_requested() ? fail_interrupted(err) : 0;
}

static int open_console(virConnectPtr handle, void *data, struct error *err)
{
    const char *called = data;
    _cleanup_domain_ virDomainPtr domain = NULL;
    int rc = foreign_lookup(handle, called, &domain, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_close_ int ended = eventfd(0, EFD_CLOEXEC);
    struct console console = {.stream = virStreamNew(handle, 0), .ended = ended};
    if (ended < 0 || console.stream == NULL) {
        rc =
            ended < 0 ? fail(err, errno, "eventfd") : fail_libvirt(err, "a stream for the console");
    } else {
        rc = join(domain, called, &console, err);
    }
    if (console.stream != NULL) {
        (void)virStreamFree(console.stream);
    }
    return rc;
}

int foreign_libvirt_console(struct foreign *foreign, const char *called, struct error *err)
{
    return connection_call(foreign_connection(foreign), open_console, (void *)called, err);
}
