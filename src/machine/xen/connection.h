// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/connection — libxl's context, as xl uses it: opened, silent, and its errors as struct
 * error. vrbench must run in Domain-0 (or another privileged domain).
 *
 * libxl prints nothing: its first error message of a call becomes the error's text. A connection
 * may be used by one thread at a time and not after fork(2): a child opens its own.
 * xenbits.xen.org/docs/4.17-testing; libxl.h and libxl_event.h have most of the documentation. Used
 * by all of machine/xen/.
 */
#ifndef VRBENCH_MACHINE_XEN_CONNECTION_H
#define VRBENCH_MACHINE_XEN_CONNECTION_H

#include <libxl.h>
#include <stdbool.h>
#include <xenstore.h>

#include "base/error.h"

struct xen_connection;

// Checks that this system runs on Xen and may control it, with its toolstack started. If not, exit
// status 3, and the message names what is lacking and what provides it.
int xen_check(struct error *err);

// Opens the context for calls that read or set. Fails as xen_check() does.
int xen_open(struct xen_connection **ret, struct error *err);
void xen_close(struct xen_connection *xen); // NULL is fine

// The present context; must not be kept across calls of xen_act() or a fork.
libxl_ctx *xen_handle(struct xen_connection *xen);
// The handle of xenstored in the same connection; NULL if it cannot be reached.
struct xs_handle *xen_store(struct xen_connection *xen);

// Runs `work` with a separate context in which libxl may start programs (hotplug scripts, device
// models) and waits for them itself, independent of other children of this process. Required only
// for making and ending domains and devices. fail_xen() with the same connection reports libxl's
// errors.
typedef int (*xen_work)(libxl_ctx *handle, void *data, struct error *err);
int xen_act(struct xen_connection *xen, xen_work work, void *data, struct error *err);

// Returns "Xen 4.17.5" in a new string.
char *xen_hypervisor(struct xen_connection *xen);

// Fails with the text, followed by libxl's first error message since the last xen_quiet() or
// failure, or by the name of `code` (ERROR_…). Exit status 3 if libxl does not support it
// (ERROR_NI, …), 2 (-ESRCH) if the domain does not exist, otherwise 1.
int fail_xen(struct xen_connection *xen, struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// Clears libxl's stored error message.
void xen_quiet(struct xen_connection *xen);

#define _cleanup_xen_ __attribute__((cleanup(xen_cleanup)))
void xen_cleanup(struct xen_connection **xen);

#endif
