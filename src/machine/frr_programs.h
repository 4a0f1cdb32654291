// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/frr_programs — which of FRR's programs a configuration is for, line by line.
 *
 * vtysh accepts the commands of all programs and sends each to those that run: what is for one that
 * doesn't run is dropped without a word. So the programs that a configuration needs are started,
 * and a line for one that can't be is an error. Pure text. Called by machine/daemon and
 * machine/guest_daemon.
 */
#ifndef VRBENCH_MACHINE_FRR_PROGRAMS_H
#define VRBENCH_MACHINE_FRR_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

// Programs that vrbench starts, in this order.
enum frr_program {
    FRR_ZEBRA,
    FRR_OSPFD,
    FRR_STATICD,
    FRR_BFDD,
    FRR_BGPD,
    FRR_RIPD,
    FRR_RIPNGD,
    FRR_OSPF6D,
    FRR_ISISD,
    FRR_FABRICD,
    FRR_EIGRPD,
    FRR_BABELD,
    FRR_PIMD,
    FRR_PBRD,
    FRR_VRRPD,
    FRR_PROGRAMS
};
const char *frr_program_name(enum frr_program program); // "zebra"

// The programs that a configuration needs, zebra and ospfd always.
void frr_programs_needed(const char *config, bool ret_needed[FRR_PROGRAMS]);
// Refuses a configuration with lines for programs other than those `allowed`: exit status 2, each
// line as "path:line:column: text", a limited number of them. `where` says what lacks the program.
int frr_programs_check(const char *config, const char *path, const bool allowed[FRR_PROGRAMS],
                       const char *where, struct error *err);

// Lines of a configuration that are neither empty nor remarks.
size_t frr_command_lines(const char *config);

// Whether a configuration of any daemon has something to do with IPv6: the word at the start of a
// line of FRR's, anywhere in BIRD's; comments and "no ipv6 …" do not count.
bool frr_needs_ipv6(const char *config);
bool bird_needs_ipv6(const char *config);

#endif
