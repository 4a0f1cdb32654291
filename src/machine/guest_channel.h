// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/guest_channel — talks to the first process of a tiny guest over its virtio-serial port
 * "org.vrbench.0": is it ready, what do its counters say, run this. The port's other end is a unix
 * socket here (`<channel type='unix'>`), or any stream that the caller has.
 *
 * One host at a time: QEMU serves one connection and the next waits. Called by machine/.
 */
#ifndef VRBENCH_MACHINE_GUEST_CHANNEL_H
#define VRBENCH_MACHINE_GUEST_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "machine/guest_counters.h"

#define GUEST_CHANNEL_PORT "org.vrbench.0"

struct guest_channel;

// Connects to the socket, which may not be there yet, until CLOCK_MONOTONIC reads `until_ns`.
int guest_connect(const char *socket_path, uint64_t until_ns, struct guest_channel **ret,
                  struct error *err);
// The same with a connection of the caller's, which becomes the channel's (and is made
// non-blocking).
int guest_adopt(int fd, struct guest_channel **ret, struct error *err);
void guest_close(struct guest_channel *channel);

// Each waits for the answer until CLOCK_MONOTONIC reads `until_ns` (then -ETIMEDOUT), the machine
// is gone (-ECONNRESET) or the user interrupts (-EINTR). A channel that failed is only to be
// closed.

// Waits until the guest forwards; `ret_boot_ms` (may be NULL): milliseconds that it took, since its
// kernel started. If it can't be what its configuration says, the error is the guest's reason.
int guest_await_ready(struct guest_channel *channel, uint64_t until_ns, uint64_t *ret_boot_ms,
                      struct error *err);
// As guest_parse_counters().
int guest_counters(struct guest_channel *channel, const struct guest_link *links, size_t link_count,
                   uint64_t until_ns, struct namespace_counters *ret, struct error *err);
// Runs a program in the guest, found by PATH, without a terminal; `ret_output` is what it printed
// to standard output and error (at most 1 MiB), which the caller frees, and `ret_status` its exit
// status, 128 + N if signal N ended it. argv is ended by NULL; empty words can't be sent.
int guest_exec(struct guest_channel *channel, const char *const *argv, uint64_t until_ns,
               int *ret_status, char **ret_output, size_t *ret_length, struct error *err);

// Starts the services that the guest's configuration holds back, and waits until all are up. If one
// ends instead, the error says which and what it last said.
int guest_start(struct guest_channel *channel, uint64_t until_ns, struct error *err);
// The interface by which packets to an address (host order) would leave, "" if there is no route.
int guest_leads_to(struct guest_channel *channel, uint32_t address, uint64_t until_ns,
                   char ret_nic[GUEST_NIC_MAX], struct error *err);
// The last line that one of the services printed, printable and cut to `room`; "" = none.
int guest_last_words(struct guest_channel *channel, uint64_t until_ns, char *ret, size_t room,
                     struct error *err);

static inline void cleanup_guest_close(struct guest_channel **channel)
{
    guest_close(*channel);
}
#define _cleanup_guest_ __attribute__((cleanup(cleanup_guest_close)))

#endif
