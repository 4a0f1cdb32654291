// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/foreign_act — see foreign_parts.h: stopping, rebooting and consoles. Only a
// machine that is named is changed.
#include "linux/terminal.h"
#include "machine/libvirt/foreign_parts.h"
#include "machine/libvirt/listener.h"

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

struct opening {
    const char *called;
    struct listener *listener; // filled in
};

static int open_console(virConnectPtr handle, void *data, struct error *err)
{
    struct opening *opening = data;
    _cleanup_domain_ virDomainPtr domain = NULL;
    int rc = foreign_lookup(handle, opening->called, &domain, err);
    return rc < 0 ? rc : listener_start(domain, opening->called, &opening->listener, err);
}

static bool say(struct terminal_line *line, const char *bytes, size_t length)
{
    return listener_say(line->data, bytes, length);
}

int foreign_libvirt_console(struct foreign *foreign, const char *called, struct error *err)
{
    struct opening opening = {.called = called};
    int rc = connection_call(foreign_connection(foreign), open_console, &opening, err);
    if (rc < 0) {
        return rc;
    }
    struct terminal_line line = {.fd = opening.listener->fd, .say = say, .data = opening.listener};
    rc = terminal_talk(&line, called, err);
    listener_stop(opening.listener);
    return rc;
}
