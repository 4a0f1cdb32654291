// SPDX-License-Identifier: GPL-3.0-or-later
// machine/qemu/own — see own.h.
#include "machine/qemu/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/overlay.h"
#include "image/router_config.h"
#include "image/seed.h"
#include "machine/libvirt/listener.h"
#include "machine/serial_play.h"

struct own {
    char *image, *user_data, *serial; // as in the spec
    bool cloud_init;
    char *disk, *seed; // made for this machine
    struct serial_script script;
    struct listener *listener; // NULL = the console is not read
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
    return own;
}

void own_free(struct own *own)
{
    if (own == NULL) {
        return;
    }
    listener_stop(own->listener);
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

static int open_console(virConnectPtr handle, void *data, struct error *err)
{
    const struct qemu_machine *router = data;
    _cleanup_domain_ virDomainPtr domain = virDomainLookupByUUIDString(handle, router->uuid);
    _cleanup_free_ char *called = text_format("machine %s", router->guest.domain);
    return domain == NULL ? fail_libvirt(err, "the console of %s", called)
                          : listener_start(domain, called, &router->own->listener, err);
}

int own_listen(struct qemu_machine *router, struct error *err)
{
    return router->own->serial == NULL ? 0 : qemu_call(router, open_console, router, err);
}

struct console {
    struct serial_port pipe;
    const struct listener *listener;
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
    return listener_say(console->listener, bytes, length) ? 0 : fail_libvirt(err, "the console");
}

int own_await(struct qemu_machine *router, struct error *err)
{
    struct own *own = router->own;
    if (own->listener == NULL) {
        return 0;
    }
    struct console console = {.listener = own->listener};
    const struct serial_port port = {.receive = receive, .send = send_all, .context = &console};
    int rc = serial_port_of(&own->listener->fd, &console.pipe, err);
    if (rc == 0) {
        rc = serial_script_play(&own->script, &port, err);
    }
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "router %s: %s%s", router->guest.base.name,
                      qemu_has_died(router) ? "its machine ended: " : "", own->serial);
    }
    listener_stop(steal_pointer(&own->listener));
    return rc;
}
