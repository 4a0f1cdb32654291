// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/connection — a connection to a libvirt URI, its errors as ours, and its being
 * opened anew when the daemon has restarted.
 *
 * libvirt itself prints nothing: all that it has to say comes back as struct error. Local daemons
 * are spoken to without an event loop; for remote ones (keepalive: a peer that has vanished is
 * noticed within 15 s) and embedded drivers a thread of this process runs libvirt's. A connection
 * doesn't cross fork(2). https://libvirt.org/uri.html. Used by machine/libvirt, machine/lxc and
 * machine/qemu.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_CONNECTION_H
#define VRBENCH_MACHINE_LIBVIRT_CONNECTION_H

#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "base/error.h"

struct connection;

// What is to be done through a connection: CONNECTION_LOOK is enough to list and to read, and
// needs no rights where the daemon lets everybody look.
enum connection_right { CONNECTION_LOOK, CONNECTION_CHANGE };

// Opens a URI ("qemu:///system", "lxc:///", "qemu+ssh://host/system", "test:///FILE", …). A URI
// that is none is bad input (2); a driver, daemon or right that this machine lacks exit status 3; a
// remote machine that can't be reached 1.
int connection_open(const char *uri, enum connection_right right, struct connection **ret,
                    struct error *err);
void connection_close(struct connection *connection); // NULL is fine

const char *connection_uri(const struct connection *connection);
// What libvirt calls the driver: "QEMU", "LXC", "Xen", "TEST", "ESX", …
const char *connection_driver(const struct connection *connection);
// The same with the version of what it drives, as a new string: "QEMU 7.2.9", "LXC 6.18.5".
int connection_hypervisor(struct connection *connection, char **ret, struct error *err);
// Whether the machines are this computer's: their processes in this /proc, their taps in this
// kernel. Of URIs that name a host, those of loopback are (qemu+ssh://root@localhost/system).
bool connection_is_local(const struct connection *connection);

// The handle as it is now. It is another one after connection_call() has opened it anew: don't keep
// it, nor domains that came through it, across calls.
virConnectPtr connection_handle(const struct connection *connection);

// Runs `call` with the handle. If it fails and the connection turns out to be broken (the daemon
// has been restarted), waits at most 10 s for the daemon to be back, opens the connection anew and
// runs `call` once more: so it must be fit to be run twice.
typedef int (*connection_work)(virConnectPtr handle, void *data, struct error *err);
int connection_call(struct connection *connection, connection_work call, void *data,
                    struct error *err);
// How often it was opened anew.
unsigned connection_reopened(const struct connection *connection);

// Fails with what libvirt last said in this thread behind the text (any call of libvirt's clears
// that: none may be among the arguments). What the driver can't do and
// what the daemon refuses for lack of rights have exit status 3, a machine that isn't there 2
// (-ENOENT), all else 1.
int fail_libvirt(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Cleanup attributes for what libvirt hands out.
void connection_unref_domain(virDomainPtr *domain);
#define _cleanup_connection_ __attribute__((cleanup(connection_cleanup)))
#define _cleanup_domain_     __attribute__((cleanup(connection_unref_domain)))
void connection_cleanup(struct connection **connection);

#endif
