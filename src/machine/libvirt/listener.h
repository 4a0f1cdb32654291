// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/listener — reads the console of a machine into a pipe, because libvirt's streams
// cannot be waited for with a deadline. Called by foreign_act.c and machine/qemu/own.
#ifndef VRBENCH_MACHINE_LIBVIRT_LISTENER_H
#define VRBENCH_MACHINE_LIBVIRT_LISTENER_H

#include <pthread.h>
#include <stddef.h>

#include "machine/libvirt/connection.h"

struct listener {
    int fd; // the console's output; end of file once the machine has closed the console
    virStreamPtr stream;
    pthread_t thread;
    int write_end; // of the pipe; the thread closes it
};

// Opens the console of a machine, and starts to read it. `called` is the machine in messages.
int listener_start(virDomainPtr domain, const char *called, struct listener **ret,
                   struct error *err);
// Sends bytes to the console; false if it no longer takes them: libvirt's last error says why.
bool listener_say(const struct listener *listener, const char *bytes, size_t length);
// Closes the console; returns within 5 s. NULL is fine.
void listener_stop(struct listener *listener);

#endif
