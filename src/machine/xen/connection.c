// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/connection — see connection.h.
#include "machine/xen/connection.h"

#include <errno.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xentoollog.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define HYPERVISOR_TYPE "/sys/hypervisor/type"
#define CAPABILITIES    "/proc/xen/capabilities"
#define MESSAGE_MAX     256

// libxl stores the addresses of the logger and of the hooks.
struct logger {
    xentoollog_logger vtable;      // first member: libxl passes its address
    char message[2 * MESSAGE_MAX]; // first error message; "" = none
};

struct xen_connection {
    struct logger logger;
    libxl_ctx *handle;
    struct xs_handle *store;
    pid_t process; // process that opened it
};

// ---- libxl's messages

__attribute__((format(printf, 5, 0))) static void
take_message(xentoollog_logger *vtable, xentoollog_level level, int errnum, const char *context,
             const char *format, va_list arguments)
{
    struct logger *logger = (struct logger *)vtable;
    char text[MESSAGE_MAX];
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_detail("xen", "%s: %s", context == NULL ? "libxl" : context, text);
    if (level < XTL_ERROR || logger->message[0] != '\0') {
        return;
    }
    // Removes the position in libxl's source: "libxl_device.c:1234:function: Domain 7:text".
    const char *from = text;
    const char *source = strstr(text, ".c:");
    const char *function = source == NULL ? NULL : strchr(source + 3, ':');
    const char *after = function == NULL ? NULL : strchr(function + 1, ':');
    if (after != NULL && strcspn(text, " ") > (size_t)(source - text)) {
        from = after + 1;
        from += strspn(from, " ");
    }
    if (errnum > 0) {
        snprintf(logger->message, sizeof logger->message, "%s: %s", from, strerror(errnum));
    } else {
        snprintf(logger->message, sizeof logger->message, "%s", from);
    }
}

static void take_progress(xentoollog_logger *vtable, const char *context, const char *doing,
                          int percent, unsigned long done, unsigned long total)
{
    (void)vtable, (void)context, (void)doing, (void)percent, (void)done, (void)total;
}

static void logger_init(struct logger *logger)
{
    *logger = (struct logger){.vtable = {.vmessage = take_message, .progress = take_progress}};
}

void xen_quiet(struct xen_connection *xen)
{
    xen->logger.message[0] = '\0';
}

int fail_xen(struct xen_connection *xen, struct error *err, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *what = text_format_args(format, arguments);
    va_end(arguments);
    const char *name = libxl_error_to_string(code);
    const char *why = xen->logger.message[0] != '\0' ? xen->logger.message
                      : name == NULL                 ? "libxl failed"
                                                     : name;
    int rc;
    switch (code) {
    case ERROR_DOMAIN_NOTFOUND:
    case ERROR_DOMAIN_DESTROYED:
        (void)fail_input(err, "%s: %s", what, why);
        rc = -ESRCH;
        break;
    case ERROR_NI:
    case ERROR_VERSION:
    case ERROR_NOPARAVIRT:
    case ERROR_FEATURE_REMOVED:
        rc = fail_lacking(err, "%s: %s", what, why);
        break;
    default:
        rc = fail(err, 0, "%s: %s", what, why);
        break;
    }
    xen_quiet(xen);
    free(what);
    return rc;
}

// ---- opening

static bool file_says(const char *path, const char *word)
{
    _cleanup_free_ char *text = NULL;
    return file_read(path, 256, &text, NULL, NULL) >= 0 && strstr(text, word) != NULL;
}

int xen_check(struct error *err)
{
    if (!file_says(HYPERVISOR_TYPE, "xen")) {
        return fail_lacking(err, "this system doesn't run on Xen: install xen-system-amd64 and "
                                 "boot its entry");
    }
    if (geteuid() != 0) {
        return fail_lacking(err, "Xen's control interface is root's");
    }
    if (!file_says(CAPABILITIES, "control_d")) {
        return fail_lacking(err, access(CAPABILITIES, F_OK) < 0
                                     ? "xenfs isn't mounted on /proc/xen (package "
                                       "xen-utils-common: service xen start)"
                                     : "this domain may not control Xen: vrbench has to run in "
                                       "Domain-0");
    }
    struct xs_handle *store = xs_open(0);
    if (store == NULL) {
        return fail_lacking(err, "xenstored doesn't answer (package xen-utils-common: service xen "
                                 "start)");
    }
    xs_close(store);
    return 0;
}

static int open_handle(struct logger *logger, libxl_ctx **ret, struct error *err)
{
    libxl_ctx *handle = NULL;
    int code = libxl_ctx_alloc(&handle, LIBXL_VERSION, 0, &logger->vtable);
    if (code != 0) {
        return fail_lacking(err,
                            "libxl: %s (is the hypervisor of the version that this vrbench "
                            "was built with?)",
                            logger->message[0] != '\0' ? logger->message
                                                       : libxl_error_to_string(code));
    }
    *ret = handle;
    return 0;
}

int xen_open(struct xen_connection **ret, struct error *err)
{
    int rc = xen_check(err);
    if (rc < 0) {
        return rc;
    }
    struct xen_connection *xen = memory_new(1, sizeof *xen);
    logger_init(&xen->logger);
    xen->process = getpid();
    rc = open_handle(&xen->logger, &xen->handle, err);
    if (rc < 0) {
        xen_close(xen);
        return rc;
    }
    *ret = xen;
    return 0;
}

void xen_close(struct xen_connection *xen)
{
    if (xen == NULL) {
        return;
    }
    // What another process opened is closed by that process.
    if (xen->process == getpid()) {
        if (xen->store != NULL) {
            xs_close(xen->store);
        }
        if (xen->handle != NULL) {
            (void)libxl_ctx_free(xen->handle);
        }
    }
    free(xen);
}

void xen_cleanup(struct xen_connection **xen)
{
    xen_close(*xen);
}

libxl_ctx *xen_handle(struct xen_connection *xen)
{
    return xen->handle;
}

struct xs_handle *xen_store(struct xen_connection *xen)
{
    if (xen->store == NULL) {
        xen->store = xs_open(0);
    }
    return xen->store;
}

// ---- calls

int xen_act(struct xen_connection *xen, xen_work work, void *data, struct error *err)
{
    // While this context is open libxl handles SIGCHLD, and restores the handler afterwards; it
    // waits for its own children only.
    static const libxl_childproc_hooks hooks = {
        .chldowner = libxl_sigchld_owner_libxl_always_selective_reap};
    libxl_ctx *handle = NULL;
    xen_quiet(xen);
    int rc = open_handle(&xen->logger, &handle, err);
    if (rc < 0) {
        return rc;
    }
    libxl_childproc_setmode(handle, &hooks, NULL);
    rc = work(handle, data, err);
    (void)libxl_ctx_free(handle);
    return rc;
}

char *xen_hypervisor(struct xen_connection *xen)
{
    const libxl_version_info *info = libxl_get_version_info(xen->handle);
    return info == NULL
               ? text_copy("Xen")
               : text_format("Xen %d.%d%s", info->xen_version_major, info->xen_version_minor,
                             info->xen_version_extra == NULL ? "" : info->xen_version_extra);
}
