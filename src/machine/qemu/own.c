// SPDX-License-Identifier: GPL-3.0-or-later
// machine/qemu/own — see own.h.
#include "machine/qemu/own.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "image/overlay.h"
#include "image/router_config.h"
#include "image/seed.h"
#include "linux/link.h"
#include "machine/serial_play.h"

#define HEARD_BYTES (1 << 20) // buffer for a console's output before it is read

struct own {
    char *image, *user_data, *serial; // as in the spec
    bool cloud_init;
    char *disk, *seed; // made for this machine
    struct serial_script script;
    // The console while it is read: a thread moves its output to a pipe, because libvirt's streams
    // cannot be waited for with a deadline.
    virStreamPtr stream; // NULL = not open
    pthread_t listener;
    int read_end, write_end; // the pipe's ends: this object's, and the reader's, which closes it
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
    own->read_end = own->write_end = -1;
    return own;
}

static void stop_listening(struct own *own)
{
    if (own->stream == NULL) {
        return;
    }
    // First the pipe, which may be full, then the stream.
    close(own->read_end);
    (void)virStreamAbort(own->stream);
    (void)pthread_join(own->listener, NULL);
    (void)virStreamFree(steal_pointer(&own->stream));
    own->read_end = -1;
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
    struct own *own = data;
    char bytes[4096];
    int length = 0;
    bool good = true;
    while (good && (length = virStreamRecv(own->stream, bytes, sizeof bytes)) > 0) {
        for (int at = 0; good && at < length;) {
            ssize_t put = write(own->write_end, bytes + at, (size_t)(length - at));
            good = put >= 0 || errno == EINTR;
            at += put < 0 ? 0 : (int)put;
        }
    }
    close(own->write_end);
    return NULL;
}

static int open_console(virConnectPtr handle, void *data, struct error *err)
{
    const struct qemu_machine *router = data;
    _cleanup_domain_ virDomainPtr domain = virDomainLookupByUUIDString(handle, router->uuid);
    virStreamPtr stream = domain == NULL ? NULL : virStreamNew(handle, 0);
    if (stream == NULL || virDomainOpenConsole(domain, NULL, stream, 0) < 0) {
        int rc = fail_libvirt(err, "the console of machine %s", router->guest.domain);
        if (stream != NULL) {
            (void)virStreamFree(stream);
        }
        return rc;
    }
    router->own->stream = stream;
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
    int rc = qemu_call(router, open_console, router, err);
    if (rc == 0) {
        (void)fcntl(ends[0], F_SETPIPE_SZ, HEARD_BYTES); // on failure it holds less
        own->write_end = ends[1];
        int why = thread_start(&own->listener, listen_to, own);
        if (why != 0) {
            rc = fail(err, why, "a thread for the console");
            (void)virStreamAbort(own->stream);
            (void)virStreamFree(steal_pointer(&own->stream));
        }
    }
    if (rc < 0) {
        close(ends[0]);
        close(ends[1]);
        return rc;
    }
    own->read_end = ends[0];
    return 0;
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
    struct console console = {.stream = own->stream};
    const struct serial_port port = {.receive = receive, .send = send_all, .context = &console};
    if (own->stream == NULL) {
        return 0;
    }
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
