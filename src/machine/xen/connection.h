// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/connection — libxl's context, the one that xl itself uses: opened, kept silent, and
 * its errors as ours. vrbench must run in Domain-0 (or another domain that may control the rest).
 *
 * libxl itself prints nothing here: the first thing that it complains of in a call becomes the
 * error's text. A connection is one thread's at a time and doesn't cross fork(2): a child opens
 * its own. xenbits.xen.org/docs/4.17-testing; the headers libxl.h and libxl_event.h tell most. Used
 * by all of machine/xen/.
 */
#ifndef VRBENCH_MACHINE_XEN_CONNECTION_H
#define VRBENCH_MACHINE_XEN_CONNECTION_H

#include <libxl.h>
#include <stdbool.h>
#include <xenstore.h>

#include "base/error.h"

struct xen_connection;

// Whether this system runs on Xen and may control it, with its toolstack started. What is lacking
// (exit status 3) is named with what brings it. Opens nothing that stays.
int xen_check(struct error *err);

// Opens the context for calls that ask or set. Fails as xen_check() does.
int xen_open(struct xen_connection **ret, struct error *err);
void xen_close(struct xen_connection *xen); // NULL is fine

// The context as it is now: not to be kept across calls of xen_act() or a fork.
libxl_ctx *xen_handle(struct xen_connection *xen);
// xenstored, by the same connection's own handle. NULL if it can't be reached.
struct xs_handle *xen_store(struct xen_connection *xen);

// Runs `work` with a context of its own in which libxl may start programs (hotplug scripts, device
// models) and waits for them itself, whatever else this process does with its children: needed to
// make and to end domains and devices, and for nothing else. libxl's answers are told by
// fail_xen() with the same connection.
typedef int (*xen_work)(libxl_ctx *handle, void *data, struct error *err);
int xen_act(struct xen_connection *xen, xen_work work, void *data, struct error *err);

// "Xen 4.17.5" as a new string.
char *xen_hypervisor(struct xen_connection *xen);

// Fails with the text, what libxl first complained of since the last xen_quiet() or failure and, if
// that was nothing, the name of `code` (ERROR_…). What libxl can't do or isn't built for
// (ERROR_NI, …) has exit status 3; a domain that isn't there 2 (-ESRCH); all else 1.
int fail_xen(struct xen_connection *xen, struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// Forgets what libxl has complained of.
void xen_quiet(struct xen_connection *xen);

#define _cleanup_xen_ __attribute__((cleanup(xen_cleanup)))
void xen_cleanup(struct xen_connection **xen);

#endif
