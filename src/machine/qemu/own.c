// SPDX-License-Identifier: GPL-3.0-or-later
// machine/qemu/own — see own.h.
#include "machine/qemu/own.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "image/overlay.h"
#include "image/router_config.h"
#include "image/seed.h"
#include "linux/link.h"
#include "machine/serial_play.h"

#define LISTENER_ENDS_NS (5 * NS_PER_S) // after its stream is aborted
#define HEARD_BYTES      (1 << 20)      // buffer for a console's output before it is read

struct own {
    char *image, *user_data, *serial; // as in the spec
    bool cloud_init;
    char *disk, *seed; // made for this machine
    struct serial_script script;
    struct listener *listener; // NULL = the console is not read
    int read_end;              // of the listener's pipe
};

// Reads the console: its thread moves the output to a pipe, because libvirt's streams cannot be
// waited for with a deadline. An object of its own, as a thread may outlive the machine.
struct listener {
    virStreamPtr stream;
    pthread_t thread;
    int write_end; // which the thread closes
};

// ---- what it boots

struct own *own_new(const struct router_spec *spec, const char *files)
{
    struct own *own = memory_new(1, sizeof *own);
    own->image = text_copy(spec->image);
    own->user_data = spec->user_data == NULL ? NULL : text_copy(spec->user_data);
    own->serial = spec->serial == NULL ? NULL : text_copy(spec->serial);
    own->cloud_init = spec->cloud_init;
    own->disk = text_format("%s.qcow2", files);
    own->seed = text_format("%s.iso", files);
    own->read_end = -1;
    return own;
}

// Ends the thread. libvirt may miss that a stream is aborted if a receiver is about to wait (its
// client checks the state of the stream, then queues a call that nobody answers). Such a thread is
// left behind, since nothing but the end of the connection wakes it up.
static void stop_listening(struct own *own)
{
    struct listener *listener = steal_pointer(&own->listener);
    if (listener == NULL) {
        return;
    }
    // First the pipe, which may be full, then the stream.
    close(own->read_end);
    own->read_end = -1;
    (void)virStreamAbort(listener->stream);
    const uint64_t until_ns = clock_monotonic_ns() + LISTENER_ENDS_NS;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                                   .tv_nsec = (long)(until_ns % NS_PER_S)};
    if (pthread_clockjoin_np(listener->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        log_warning("libvirt", "a thread that read a console does not end");
        (void)pthread_detach(listener->thread);
        return;
    }
    (void)virStreamFree(listener->stream);
    free(listener);
}

void own_free(struct own *own)
{
    if (own == NULL) {
        return;
    }
    stop_listening(own);
    serial_script_clear(&own->script);
    free(own->image);
    free(own->user_data);
    free(own->serial);
    free(own->disk);
    free(own->seed);
    free(own);
}

static int read_script(const char *path, const struct router_config *config,
                       struct serial_script *ret, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    _cleanup_error_ struct error why = ERROR_INIT;
    if (file_read(path, SERIAL_SCRIPT_MAX, &text, &length, &why) < 0) {
        return fail_input(err, "setup: serial: %s", why.text);
    }
    return serial_script_parse(path, text, length, config, ret, err);
}

int own_check(const struct router_spec *spec, struct error *err)
{
    int rc = overlay_check_base(spec->image, err);
    if (rc == 0 && spec->user_data != NULL && access(spec->user_data, R_OK) < 0) {
        rc = fail_input(err, "setup: cloud_init: %s: %s", spec->user_data, strerror(errno));
    }
    if (rc == 0 && spec->serial != NULL) {
        _cleanup_serial_script_ struct serial_script script = {0};
        struct router_config config;
        guest_machine_config(spec, &config);
        rc = read_script(spec->serial, &config, &script, err);
        guest_machine_config_clear(&config);
    }
    return rc;
}

int own_boot_make(struct qemu_machine *router, const struct router_spec *spec,
                  struct qemu_boot *ret, struct error *err)
{
    struct own *own = router->own;
    struct router_config config;
    guest_machine_config(spec, &config);
    int rc = overlay_check_base(own->image, err);
    if (rc == 0 && own->serial != NULL) {
        rc = read_script(own->serial, &config, &own->script, err);
    }
    if (rc == 0) {
        rc = overlay_make(own->image, own->disk, err);
    }
    if (rc == 0 && own->cloud_init) {
        rc = seed_write(&config, own->user_data, own->seed, err);
    }
    guest_machine_config_clear(&config);
    if (rc == 0) {
        *ret = (struct qemu_boot){.disk = text_copy(own->disk),
                                  .disk_base = text_copy(own->image),
                                  .seed = own->cloud_init ? text_copy(own->seed) : NULL};
    }
    return rc;
}

void own_remove_files(const struct own *own)
{
    (void)unlink(own->disk);
    (void)unlink(own->seed);
}

// ---- the console

static void *listen_to(void *data)
{
    struct listener *listener = data;
    char bytes[4096];
    int length = 0;
    bool good = true;
    while (good && (length = virStreamRecv(listener->stream, bytes, sizeof bytes)) > 0) {
        for (int at = 0; good && at < length;) {
            ssize_t put = write(listener->write_end, bytes + at, (size_t)(length - at));
            good = put >= 0 || errno == EINTR;
            at += put < 0 ? 0 : (int)put;
        }
    }
    close(listener->write_end);
    return NULL;
}

struct opening {
    const struct qemu_machine *router;
    virStreamPtr stream; // filled in
};

static int open_console(virConnectPtr handle, void *data, struct error *err)
{
    struct opening *opening = data;
    const struct qemu_machine *router = opening->router;
    _cleanup_domain_ virDomainPtr domain = virDomainLookupByUUIDString(handle, router->uuid);
    virStreamPtr stream = domain == NULL ? NULL : virStreamNew(handle, 0);
    if (stream == NULL || virDomainOpenConsole(domain, NULL, stream, 0) < 0) {
        int rc = fail_libvirt(err, "the console of machine %s", router->guest.domain);
        if (stream != NULL) {
            (void)virStreamFree(stream);
        }
        return rc;
    }
    opening->stream = stream;
    return 0;
}

// Starts to read an open console. Takes the stream and, on success, the pipe's ends.
static int start_listening(struct own *own, virStreamPtr stream, const int ends[2],
                           struct error *err)
{
    struct listener *listener = memory_new(1, sizeof *listener);
    listener->stream = stream;
    listener->write_end = ends[1];
    (void)fcntl(ends[0], F_SETPIPE_SZ, HEARD_BYTES); // on failure it holds less
    int why = thread_start(&listener->thread, listen_to, listener);
    if (why != 0) {
        (void)virStreamAbort(stream);
        (void)virStreamFree(stream);
        free(listener);
        return fail(err, why, "a thread for the console");
    }
    own->listener = listener;
    own->read_end = ends[0];
    return 0;
}

int own_listen(struct qemu_machine *router, struct error *err)
{
    struct own *own = router->own;
    int ends[2];
    if (own->serial == NULL) {
        return 0;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail(err, errno, "a pipe");
    }
    struct opening opening = {.router = router};
    int rc = qemu_call(router, open_console, &opening, err);
    if (rc == 0) {
        rc = start_listening(own, opening.stream, ends, err);
    }
    if (rc < 0) {
        close(ends[0]);
        close(ends[1]);
    }
    return rc;
}

struct console {
    struct serial_port pipe;
    virStreamPtr stream;
};

static ssize_t receive(void *context, char *bytes, size_t room, uint64_t until_ns,
                       struct error *err)
{
    const struct console *console = context;
    return console->pipe.receive(console->pipe.context, bytes, room, until_ns, err);
}

static int send_all(void *context, const char *bytes, size_t length, uint64_t until_ns,
                    struct error *err)
{
    const struct console *console = context;
    (void)until_ns; // libvirt accepts it and passes it on
    while (length > 0) {
        int sent = virStreamSend(console->stream, bytes, length);
        if (sent < 0) {
            return fail_libvirt(err, "the console");
        }
        bytes += sent;
        length -= (size_t)sent;
    }
    return 0;
}

int own_await(struct qemu_machine *router, struct error *err)
{
    struct own *own = router->own;
    if (own->listener == NULL) {
        return 0;
    }
    struct console console = {.stream = own->listener->stream};
    const struct serial_port port = {.receive = receive, .send = send_all, .context = &console};
    int rc = serial_port_of(&own->read_end, &console.pipe, err);
    if (rc == 0) {
        rc = serial_script_play(&own->script, &port, err);
    }
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "router %s: %s%s", router->guest.base.name,
                      qemu_has_died(router) ? "its machine ended: " : "", own->serial);
    }
    stop_listening(own);
    return rc;
}
