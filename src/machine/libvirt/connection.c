// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/connection — see connection.h.
#include "machine/libvirt/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <libvirt/virterror.h>
#include <libxml/uri.h>
#include <libxml/xmlerror.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"

#define REOPEN_WITHIN_NS (10 * NS_PER_S)
#define REOPEN_EVERY_NS  (100 * NS_PER_MS)
#define OPEN_LOCAL_S     20             // time limit for the answer of a daemon on this machine
#define OPEN_REMOTE_S    60             // of another machine, by way of ssh
#define OPEN_AGAIN_S     1              // for an answer that did not come within the limit before
#define OPEN_STOPPED_NS  (2 * NS_PER_S) // the same once a stop is requested
#define KEEPALIVE_S      5              // seconds between keepalive messages
#define KEEPALIVE_COUNT  3              // unanswered messages after which the peer counts as dead

struct connection {
    char *uri;
    char *driver;
    enum connection_right right;
    bool local, remote;
    struct opening *opening; // not answered in time; NULL = none
    virConnectPtr handle;
    virErrorPtr why; // the handle could not be opened; NULL = it could
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

static int fail_reported(struct error *err, const virError *reported, const char *what)
{
    int status = reported == NULL ? EXIT_FAILED : status_of(reported->code);
    // A message may have several lines (from ssh); one is enough.
    const char *text =
        reported == NULL || reported->message == NULL ? "libvirt failed" : reported->message;
    int length = (int)strcspn(text, "\n");
    switch (status) {
    case EXIT_LACKING:
        return fail_lacking(err, "%s: %.*s", what, length, text);
    case EXIT_INPUT:
        (void)fail_input(err, "%s: %.*s", what, length, text);
        return -ENOENT;
    default:
        return fail(err, 0, "%s: %.*s", what, length, text);
    }
}

int fail_libvirt(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *what = text_format_args(format, arguments);
    va_end(arguments);
    return fail_reported(err, virGetLastError(), what);
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
    const char *transport = strchr(uri->scheme, '+');
    connection->remote = uri->server != NULL && *uri->server != '\0';
    // Simulated machines count as remote: no part of them is in this kernel.
    bool here = connection->remote ? transport != NULL && is_loopback(uri->server)
                                   : transport == NULL || strcmp(transport, "+unix") == 0;
    connection->local = here && !text_starts(uri->scheme, "test");
    xmlFreeURI(uri);
    return 0;
}

// virConnectOpen() has no time limit. A thread calls it, and is left to itself if it has no answer
// in time; a later attempt waits for the same thread, but not for the whole limit once more: orders
// of several calls would be answered after minutes. The last user frees the object.
struct opening {
    _Atomic unsigned users;
    uint64_t began_ns;
    bool late; // an attempt has waited for it in vain; of the connection's thread only
    char *uri;
    enum connection_right right;
    int done; // eventfd: readable once there is a handle or an error
    virConnectPtr handle;
    virErrorPtr why;
};

static void opening_unref(struct opening *opening)
{
    if (opening == NULL || atomic_fetch_sub(&opening->users, 1) > 1) {
        return;
    }
    if (opening->handle != NULL) {
        (void)virConnectClose(opening->handle);
    }
    virFreeError(opening->why);
    cleanup_close(&opening->done);
    free(opening->uri);
    free(opening);
}

static void *opening_run(void *data)
{
    struct opening *opening = data;
    xmlSetGenericErrorFunc(NULL, say_nothing_either); // libxml2 has one for each thread
    opening->handle = opening->right == CONNECTION_LOOK ? virConnectOpenReadOnly(opening->uri)
                                                        : virConnectOpen(opening->uri);
    opening->why = opening->handle == NULL ? virSaveLastError() : NULL;
    (void)eventfd_write(opening->done, 1);
    opening_unref(opening);
    return NULL;
}

static struct opening *opening_start(const struct connection *connection, struct error *err)
{
    struct opening *opening = memory_new(1, sizeof *opening);
    *opening = (struct opening){.users = 2,
                                .uri = text_copy(connection->uri),
                                .right = connection->right,
                                .began_ns = clock_monotonic_ns(),
                                .done = eventfd(0, EFD_CLOEXEC)};
    pthread_t thread = 0;
    int why = opening->done < 0 ? errno : thread_start(&thread, opening_run, opening);
    if (why == 0) {
        (void)pthread_detach(thread);
        return opening;
    }
    (void)fail(err, why, "%s: a thread for the connection", connection->uri);
    opening->users = 1;
    opening_unref(opening);
    return NULL;
}

// Returns 1 once the opening has ended, 0 after its time limit, or -EINTR.
static int opening_await(const struct opening *opening, unsigned within_s, struct error *err)
{
    uint64_t deadline_ns = clock_monotonic_ns() + within_s * NS_PER_S;
    int events = stop_wait(opening->done, POLLIN, deadline_ns, err);
    if (events >= 0) {
        return events > 0;
    }
    // Also what removes a testbed after a stop opens connections.
    struct pollfd done = {.fd = opening->done, .events = POLLIN};
    if (poll(&done, 1, OPEN_STOPPED_NS / NS_PER_MS) <= 0) {
        return events;
    }
    error_clear(err);
    return 1;
}

static int fail_unanswered(const struct connection *connection, struct error *err)
{
    uint64_t waited_s = (clock_monotonic_ns() - connection->opening->began_ns) / NS_PER_S;
    if (connection->remote) {
        return fail(err, ETIMEDOUT, "%s: no answer within %" PRIu64 " s", connection->uri,
                    waited_s);
    }
    (void)fail_lacking(err,
                       "%s: its daemon has not answered for %" PRIu64 " s: restart it (systemctl "
                       "restart libvirtd; machines keep running)",
                       connection->uri, waited_s);
    return -ETIMEDOUT;
}

// Opens the handle, which stays NULL if libvirt reports an error. Fails if there is no answer.
static int open_handle(struct connection *connection, struct error *err)
{
    unsigned within_s = connection->remote ? OPEN_REMOTE_S : OPEN_LOCAL_S;
    if (connection->opening == NULL) {
        connection->opening = opening_start(connection, err);
    }
    if (connection->opening == NULL) {
        return -EAGAIN;
    }
    within_s = connection->opening->late ? OPEN_AGAIN_S : within_s;
    int ended = opening_await(connection->opening, within_s, err);
    if (ended <= 0) {
        connection->opening->late = connection->opening->late || ended == 0;
        return ended < 0 ? ended : fail_unanswered(connection, err);
    }
    struct opening *opening = steal_pointer(&connection->opening);
    connection->handle = steal_pointer(&opening->handle);
    virFreeError(connection->why);
    connection->why = steal_pointer(&opening->why);
    opening_unref(opening);
    if (connection->handle != NULL) {
        // Not supported by drivers without a daemon. It can't be turned off between calls: libvirt
        // refuses to turn it on again.
        (void)virConnectSetKeepAlive(connection->handle, KEEPALIVE_S, KEEPALIVE_COUNT);
    }
    return 0;
}

static void close_handle(struct connection *connection)
{
    if (connection->handle != NULL) {
        (void)virConnectClose(steal_pointer(&connection->handle));
    }
}

static int fail_opening(const struct connection *connection, struct error *err)
{
    const virError *why = connection->why;
    int code = why == NULL ? VIR_ERR_OK : why->code;
    const char *text = why == NULL ? NULL : why->message;
    // The file of libvirt's test driver: XML_DETAIL in libvirt 9, a failed system call in 11.
    bool no_file = code == VIR_ERR_SYSTEM_ERROR && why->int1 == ENOENT &&
                   text_starts(connection->uri, "test:");
    if (code == VIR_ERR_INVALID_ARG || code == VIR_ERR_XML_ERROR || code == VIR_ERR_XML_DETAIL ||
        no_file) {
        return fail_input(err, "%s: %s", connection->uri, text);
    }
    if (code == VIR_ERR_NO_CONNECT) {
        return fail_lacking(err, "%s: libvirt has no such driver here: %s", connection->uri, text);
    }
    if (connection->local && !connection->remote && code == VIR_ERR_SYSTEM_ERROR) {
        return fail_lacking(err, "%s: no libvirtd answers (package libvirt-daemon): %s",
                            connection->uri, text);
    }
    return fail_reported(err, why, connection->uri);
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
    (void)pthread_once(&loop_once, start_loop);
    rc = open_handle(connection, err);
    if (rc < 0) {
        connection_close(connection);
        return rc;
    }
    const char *driver = connection->handle == NULL ? NULL : virConnectGetType(connection->handle);
    if (driver == NULL) {
        connection->why = connection->why == NULL ? virSaveLastError() : connection->why;
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
    close_handle(connection);
    opening_unref(connection->opening);
    virFreeError(connection->why);
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

// ---- calls

static int reopen(struct connection *connection, struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + REOPEN_WITHIN_NS;
    close_handle(connection);
    int rc = open_handle(connection, err);
    while (rc == 0 && connection->handle == NULL && clock_monotonic_ns() < until_ns) {
        rc = stop_sleep(REOPEN_EVERY_NS, err);
        rc = rc < 0 ? rc : open_handle(connection, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (connection->handle == NULL) {
        (void)fail_opening(connection, err);
        error_context(err, "the connection broke and can't be opened again");
        return -ENOTCONN;
    }
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
