// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/connection — see connection.h.
#include "machine/libvirt/connection.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <libxml/uri.h>
#include <libxml/xmlerror.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"

#define REOPEN_WITHIN_NS (10 * NS_PER_S)
#define REOPEN_EVERY_NS  (100 * NS_PER_MS)
#define KEEPALIVE_S      5 // seconds between keepalive messages
#define KEEPALIVE_COUNT  3 // unanswered messages after which the peer counts as dead

struct connection {
    char *uri;
    char *driver;
    enum connection_right right;
    bool local, remote, needs_loop;
    virConnectPtr handle;
    unsigned reopened;
};

// ---- errors

static int status_of(int code)
{
    switch (code) {
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_OPERATION_UNSUPPORTED:
    case VIR_ERR_OPERATION_DENIED:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_AUTH_CANCELLED:
        return EXIT_LACKING;
    case VIR_ERR_NO_DOMAIN:
        return EXIT_INPUT;
    default:
        return EXIT_FAILED;
    }
}

int fail_libvirt(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *what = text_format_args(format, arguments);
    va_end(arguments);
    virErrorPtr said = virGetLastError();
    int status = said == NULL ? EXIT_FAILED : status_of(said->code);
    // A message may have several lines (from ssh); one is enough.
    const char *text = said == NULL || said->message == NULL ? "libvirt failed" : said->message;
    int length = (int)strcspn(text, "\n");
    int rc = -EIO;
    switch (status) {
    case EXIT_LACKING:
        rc = fail_lacking(err, "%s: %.*s", what, length, text);
        break;
    case EXIT_INPUT:
        (void)fail_input(err, "%s: %.*s", what, length, text);
        rc = -ENOENT;
        break;
    default:
        rc = fail(err, 0, "%s: %.*s", what, length, text);
        break;
    }
    free(what);
    return rc;
}

static void say_nothing(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static void say_nothing_either(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

// ---- the library and its event loop

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static pthread_once_t loop_once = PTHREAD_ONCE_INIT;

// Drivers inside this process (test, embed) would print warnings to standard error. Set before
// main(): later another thread might read the environment meanwhile.
__attribute__((constructor)) static void quiet_library(void)
{
    (void)setenv("LIBVIRT_DEBUG", "4", 0);
}

static void start_library(void)
{
    virSetErrorFunc(NULL, say_nothing);
    (void)virInitialize();
    // The XML parser of such drivers must not print either.
    xmlSetGenericErrorFunc(NULL, say_nothing_either);
}

static void *run_loop(void *data)
{
    (void)data;
    while (virEventRunDefaultImpl() == 0) {
    }
    return NULL;
}

static void start_loop(void)
{
    pthread_t thread;
    // Runs until the process ends: libvirt cannot unregister it.
    if (virEventRegisterDefaultImpl() == 0 && thread_start(&thread, run_loop, NULL) == 0) {
        (void)pthread_detach(thread);
    }
}

// ---- opening

// A name for this computer: by ssh(1) another user can be used. If the name leads elsewhere, no
// machine can be made there, because the taps are not found.
static bool is_loopback(const char *server)
{
    return text_equal(server, "localhost") || text_equal(server, "::1") ||
           text_equal(server, "[::1]") || text_starts(server, "127.");
}

// The scheme ("qemu+ssh", "test", …) shows whether the machines may be elsewhere.
static int read_uri(struct connection *connection, struct error *err)
{
    xmlURIPtr uri = xmlParseURI(connection->uri);
    if (uri == NULL || uri->scheme == NULL) {
        xmlFreeURI(uri);
        return fail_input(err, "\"%s\" is no libvirt URI, as qemu:///system is", connection->uri);
    }
    bool embedded = uri->path != NULL && strcmp(uri->path, "/embed") == 0;
    const char *transport = strchr(uri->scheme, '+');
    connection->remote = uri->server != NULL && *uri->server != '\0';
    // Simulated machines count as remote: no part of them is in this kernel.
    bool here = connection->remote ? transport != NULL && is_loopback(uri->server)
                                   : transport == NULL || strcmp(transport, "+unix") == 0;
    connection->local = here && !text_starts(uri->scheme, "test");
    connection->needs_loop = embedded || connection->remote;
    xmlFreeURI(uri);
    return 0;
}

static virConnectPtr open_handle(const struct connection *connection)
{
    virConnectPtr handle = connection->right == CONNECTION_LOOK
                               ? virConnectOpenReadOnly(connection->uri)
                               : virConnectOpen(connection->uri);
    if (handle != NULL && connection->needs_loop) {
        // Not supported by drivers without a daemon.
        (void)virConnectSetKeepAlive(handle, KEEPALIVE_S, KEEPALIVE_COUNT);
    }
    return handle;
}

static int fail_opening(const struct connection *connection, struct error *err)
{
    int code = virGetLastErrorCode();
    if (code == VIR_ERR_INVALID_ARG || code == VIR_ERR_XML_ERROR || code == VIR_ERR_XML_DETAIL) {
        return fail_input(err, "%s: %s", connection->uri, virGetLastErrorMessage());
    }
    if (code == VIR_ERR_NO_CONNECT) {
        return fail_lacking(err, "%s: libvirt has no such driver here: %s", connection->uri,
                            virGetLastErrorMessage());
    }
    if (connection->local && !connection->remote && code == VIR_ERR_SYSTEM_ERROR) {
        return fail_lacking(err, "%s: no libvirtd answers (package libvirt-daemon): %s",
                            connection->uri, virGetLastErrorMessage());
    }
    return fail_libvirt(err, "%s", connection->uri);
}

int connection_open(const char *uri, enum connection_right right, struct connection **ret,
                    struct error *err)
{
    struct connection *connection = memory_new_array(struct connection, 1);
    connection->uri = text_copy(uri);
    connection->right = right;
    int rc = read_uri(connection, err);
    if (rc < 0) {
        connection_close(connection);
        return rc;
    }
    (void)pthread_once(&library_once, start_library);
    if (connection->needs_loop) {
        (void)pthread_once(&loop_once, start_loop);
    }
    connection->handle = open_handle(connection);
    const char *driver = connection->handle == NULL ? NULL : virConnectGetType(connection->handle);
    if (driver == NULL) {
        rc = fail_opening(connection, err);
        connection_close(connection);
        return rc;
    }
    connection->driver = text_copy(driver);
    *ret = connection;
    return 0;
}

void connection_close(struct connection *connection)
{
    if (connection == NULL) {
        return;
    }
    if (connection->handle != NULL) {
        (void)virConnectClose(connection->handle);
    }
    free(connection->driver);
    free(connection->uri);
    free(connection);
}

void connection_cleanup(struct connection **connection)
{
    connection_close(*connection);
}

void connection_unref_domain(virDomainPtr *domain)
{
    if (*domain != NULL) {
        (void)virDomainFree(*domain);
    }
}

const char *connection_uri(const struct connection *connection)
{
    return connection->uri;
}

const char *connection_driver(const struct connection *connection)
{
    return connection->driver;
}

bool connection_is_local(const struct connection *connection)
{
    return connection->local;
}

virConnectPtr connection_handle(const struct connection *connection)
{
    return connection->handle;
}

unsigned connection_reopened(const struct connection *connection)
{
    return connection->reopened;
}

// ---- calls

static int reopen(struct connection *connection, struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + REOPEN_WITHIN_NS;
    if (connection->handle != NULL) {
        (void)virConnectClose(connection->handle);
    }
    connection->handle = open_handle(connection);
    while (connection->handle == NULL && clock_monotonic_ns() < until_ns) {
        int rc = stop_sleep(REOPEN_EVERY_NS, err);
        if (rc < 0) {
            return rc;
        }
        connection->handle = open_handle(connection);
    }
    if (connection->handle == NULL) {
        (void)fail_opening(connection, err);
        error_context(err, "the connection broke and can't be opened again");
        return -ENOTCONN;
    }
    connection->reopened++;
    log_note("libvirt", "the connection to %s broke and was opened again", connection->uri);
    return 0;
}

int connection_call(struct connection *connection, connection_work call, void *data,
                    struct error *err)
{
    if (connection->handle == NULL) { // an earlier reopen() failed
        int rc = reopen(connection, err);
        return rc < 0 ? rc : call(connection->handle, data, err);
    }
    _cleanup_error_ struct error first = ERROR_INIT;
    int rc = call(connection->handle, data, &first);
    if (rc < 0 && virConnectIsAlive(connection->handle) != 1) {
        rc = reopen(connection, err);
        return rc < 0 ? rc : call(connection->handle, data, err);
    }
    if (rc < 0) {
        error_move(err, &first);
    }
    return rc;
}

// libvirt's version numbers are 1,000,000 major + 1,000 minor + release.
static int ask_version(virConnectPtr handle, void *data, struct error *err)
{
    return virConnectGetVersion(handle, data) < 0
               ? fail_libvirt(err, "asking for the hypervisor's version")
               : 0;
}

int connection_hypervisor(struct connection *connection, char **ret, struct error *err)
{
    unsigned long version = 0;
    int rc = connection_call(connection, ask_version, &version, err);
    if (rc == 0) {
        *ret = version == 0 ? text_copy(connection->driver)
                            : text_format("%s %lu.%lu.%lu", connection->driver, version / 1000000,
                                          version / 1000 % 1000, version % 1000);
    }
    return rc;
}
