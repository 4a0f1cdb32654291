// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/foreign_act — see foreign_parts.h: stopping, rebooting and consoles. Only a
// machine that is named is changed.
#include <errno.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "base/cleanup.h"
#include "base/thread.h"
#include "linux/terminal.h"
#include "machine/libvirt/foreign_parts.h"

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
    struct terminal_line
        line; // its descriptor is an eventfd, readable once the machine has closed the console
    virStreamPtr stream;
};

static void *listen_to(void *data)
{
    struct console *console = data;
    char bytes[4096];
    int length = 0;
    while ((length = virStreamRecv(console->stream, bytes, sizeof bytes)) > 0) {
        if (!terminal_show(&console->line, bytes, (size_t)length)) {
            break;
        }
    }
    (void)eventfd_write(console->line.fd, 1);
    return NULL;
}

static bool hear_end(struct terminal_line *line)
{
    (void)line;
    return false;
}

static bool send_all(struct terminal_line *line, const char *bytes, size_t length)
{
    const struct console *console = (const struct console *)line;
    while (length > 0) {
        int sent = virStreamSend(console->stream, bytes, length);
        if (sent < 0) {
            return false;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static int join(virDomainPtr domain, const char *called, struct console *console, struct error *err)
{
    pthread_t listener;
    if (virDomainOpenConsole(domain, NULL, console->stream, 0) < 0) {
        return fail_libvirt(err, "the console of %s", called);
    }
    int why = thread_start(&listener, listen_to, console);
    if (why != 0) {
        (void)virStreamAbort(console->stream);
        return fail(err, why, "a thread for the console");
    }
    int rc = terminal_talk(&console->line, called, err);
    (void)virStreamAbort(console->stream);
    (void)pthread_join(listener, NULL);
    return rc;
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
    struct console console = {.line = {.fd = ended, .hear = hear_end, .say = send_all},
                              .stream = virStreamNew(handle, 0)};
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
