// SPDX-License-Identifier: GPL-3.0-or-later
// machine/serial_play — plays a script on the serial console of a machine. Used by machine/qemu.
#ifndef VRBENCH_MACHINE_SERIAL_PLAY_H
#define VRBENCH_MACHINE_SERIAL_PLAY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "image/serial_script.h"

// A console. receive() waits until something was said (its length), until `until_ns` of
// CLOCK_MONOTONIC (-ETIMEDOUT, `err` untouched) or fails otherwise; send() types all of it.
struct serial_port {
    ssize_t (*receive)(void *context, char *bytes, size_t room, uint64_t until_ns,
                       struct error *err);
    int (*send)(void *context, const char *bytes, size_t length, uint64_t until_ns,
                struct error *err);
    void *context;
};
// A port of a descriptor (unix socket, pty), which has to live as long and is made non-blocking.
int serial_port_of(const int *fd, struct serial_port *ret, struct error *err);

// Plays the script. What the console said in vain is in the error's text. -EINTR when the user
// interrupts.
int serial_script_play(const struct serial_script *script, const struct serial_port *port,
                       struct error *err);

#endif
