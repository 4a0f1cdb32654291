// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/guest_channel — sends requests to the first process of a tiny guest over its
 * virtio-serial port "org.vrbench.0": readiness, counters, commands. On the host the port is a unix
 * socket (`<channel type='unix'>`), or any stream given by the caller.
 *
 * One host at a time: QEMU serves one connection, and the next one waits. Called by machine/.
 */
#ifndef VRBENCH_MACHINE_GUEST_CHANNEL_H
#define VRBENCH_MACHINE_GUEST_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"
#include "machine/guest_counters.h"

#define GUEST_CHANNEL_PORT "org.vrbench.0"

struct guest_channel;

// Connects to the socket, which may not exist yet, until CLOCK_MONOTONIC reads `until_ns`.
int guest_connect(const char *socket_path, uint64_t until_ns, struct guest_channel **ret,
                  struct error *err);
// The same with a connection of the caller, which the channel then owns (and makes non-blocking).
int guest_adopt(int fd, struct guest_channel **ret, struct error *err);
void guest_close(struct guest_channel *channel);

// Each of these functions waits for the answer until CLOCK_MONOTONIC reads `until_ns` (-ETIMEDOUT),
// the machine is gone (-ECONNRESET) or the user interrupts (-EINTR). After a failure a channel can
// only be closed.

// Waits until the guest forwards; `ret_boot_ms` (may be NULL) gets the milliseconds since its
// kernel started. If the guest cannot apply its configuration, the error has the guest's reason.
int guest_await_ready(struct guest_channel *channel, uint64_t until_ns, uint64_t *ret_boot_ms,
                      struct error *err);
// As guest_parse_counters().
int guest_counters(struct guest_channel *channel, const struct guest_link *links, size_t link_count,
                   uint64_t until_ns, struct namespace_counters *ret, struct error *err);
// Runs a program in the guest, found by PATH, without a terminal. `ret_output` gets its standard
// output and error (at most 1 MiB), which the caller frees, `ret_status` its exit status, or 128 +
// N after signal N. argv ends with NULL. Exit status 2, and nothing is run, if a word is empty, or
// the command is longer than a request to a guest may be (1024 words, 65,514 bytes). A command that
// is not awaited to its end (-ETIMEDOUT, -EINTR) is killed.
int guest_exec(struct guest_channel *channel, const char *const *argv, uint64_t until_ns,
               int *ret_status, char **ret_output, size_t *ret_length, struct error *err);

// Starts the services that the guest's configuration holds back, and waits until all are up. If one
// ends instead, the error has its name and its last output.
int guest_start(struct guest_channel *channel, uint64_t until_ns, struct error *err);
// Returns the interface by which packets to an address would leave, "" if there is no
// route.
int guest_leads_to(struct guest_channel *channel, const struct ip_address *address,
                   uint64_t until_ns, char ret_nic[GUEST_NIC_MAX], struct error *err);
// Returns the last line that a service printed, without control characters and cut to `room`; "" =
// none.
int guest_last_words(struct guest_channel *channel, uint64_t until_ns, char *ret, size_t room,
                     struct error *err);

static inline void cleanup_guest_close(struct guest_channel **channel)
{
    guest_close(*channel);
}
#define _cleanup_guest_ __attribute__((cleanup(cleanup_guest_close)))

#endif
