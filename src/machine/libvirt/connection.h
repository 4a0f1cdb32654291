// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/connection — a connection to a libvirt URI: its errors as struct error, and
 * reconnection after the daemon was restarted.
 *
 * libvirt itself prints nothing. A thread of this process runs libvirt's event loop. A peer that
 * does not answer fails a call within 20 s (keepalive), and opening within 20 s (a daemon of this
 * machine) or 60 s (another machine); further calls then fail within 1 s until it answers. A
 * connection must not be used after fork(2).
 * https://libvirt.org/uri.html. Used by machine/libvirt, machine/lxc and machine/qemu.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_CONNECTION_H
#define VRBENCH_MACHINE_LIBVIRT_CONNECTION_H

#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "base/error.h"

struct connection;

// Purpose of a connection: CONNECTION_LOOK suffices for listing and reading, and requires no rights
// if the daemon lets all users read.
enum connection_right { CONNECTION_LOOK, CONNECTION_CHANGE };

// Opens a URI ("qemu:///system", "lxc:///", "qemu+ssh://host/system", "test:///FILE", …). Exit
// status 2 if it is not a URI; 3 if this machine lacks a driver, daemon or right; 1 if a remote
// machine cannot be reached.
int connection_open(const char *uri, enum connection_right right, struct connection **ret,
                    struct error *err);
void connection_close(struct connection *connection); // NULL is fine

const char *connection_uri(const struct connection *connection);
// libvirt's name of the driver: "QEMU", "LXC", "Xen", "TEST", "ESX", …
const char *connection_driver(const struct connection *connection);
// The same with the hypervisor's version, as a new string: "QEMU 7.2.9", "LXC 6.18.5".
int connection_hypervisor(struct connection *connection, char **ret, struct error *err);
// Whether the machines run on this computer: their processes in this /proc, their taps in this
// kernel. A URI with a host name counts if the name is a loopback one
// (qemu+ssh://root@localhost/system).
bool connection_is_local(const struct connection *connection);

// The present handle. connection_call() may replace it, so neither it nor domains obtained through
// it may be kept across calls.
virConnectPtr connection_handle(const struct connection *connection);

// Runs `call` with the handle. If it fails and the connection is broken (the daemon was restarted),
// waits at most 10 s for the daemon, reconnects and runs `call` once more; `call` must allow that.
typedef int (*connection_work)(virConnectPtr handle, void *data, struct error *err);
int connection_call(struct connection *connection, connection_work call, void *data,
                    struct error *err);

// Fails with libvirt's last error of this thread behind the text (any call of libvirt clears that
// error: none may be among the arguments). Exit status 3 if the driver lacks the ability or the
// daemon refuses for lack of rights, 2 (-ENOENT) if the machine does not exist, otherwise 1.
int fail_libvirt(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Cleanup attributes for objects of libvirt.
void connection_unref_domain(virDomainPtr *domain);
#define _cleanup_connection_ __attribute__((cleanup(connection_cleanup)))
#define _cleanup_domain_     __attribute__((cleanup(connection_unref_domain)))
void connection_cleanup(struct connection **connection);

#endif
