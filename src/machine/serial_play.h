// SPDX-License-Identifier: GPL-3.0-or-later
// machine/serial_play — runs a script on the serial console of a machine. Used by machine/qemu.
#ifndef VRBENCH_MACHINE_SERIAL_PLAY_H
#define VRBENCH_MACHINE_SERIAL_PLAY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "image/serial_script.h"

// A console. receive() waits for output (returns its length) until `until_ns` of CLOCK_MONOTONIC
// (-ETIMEDOUT, `err` unchanged); send() types all bytes.
struct serial_port {
    ssize_t (*receive)(void *context, char *bytes, size_t room, uint64_t until_ns,
                       struct error *err);
    int (*send)(void *context, const char *bytes, size_t length, uint64_t until_ns,
                struct error *err);
    void *context;
};
// Makes a port of a descriptor (unix socket, pty), which must outlive it and is made non-blocking.
int serial_port_of(const int *fd, struct serial_port *ret, struct error *err);

// Runs the script. If an expected text does not arrive, the error contains the console's output
// instead. -EINTR when the user interrupts.
int serial_script_play(const struct serial_script *script, const struct serial_port *port,
                       struct error *err);

#endif
