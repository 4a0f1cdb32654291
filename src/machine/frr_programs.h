// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/frr_programs — finds for which of FRR's programs a configuration is, line by line.
 *
 * vtysh accepts the commands of all programs and sends each to the running ones; a command for a
 * program that does not run is dropped silently. Therefore all programs that a configuration
 * requires are started, and a line for one that cannot be started is an error. Pure text. Called by
 * machine/daemon and machine/guest_daemon.
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

// The programs that a configuration requires, always including zebra and ospfd.
void frr_programs_needed(const char *config, bool ret_needed[FRR_PROGRAMS]);
// Refuses a configuration with lines for programs other than those `allowed`: exit status 2, each
// line as "path:line:column: text", up to a limit. `where` names the system that lacks the program.
int frr_programs_check(const char *config, const char *path, const bool allowed[FRR_PROGRAMS],
                       const char *where, struct error *err);

// Number of lines of a configuration that are neither empty nor comments.
size_t frr_command_lines(const char *config);

// Whether the configuration of a daemon uses IPv6: as the first word of a line for FRR, anywhere
// for BIRD; comments and "no ipv6 …" do not count.
bool frr_needs_ipv6(const char *config);
bool bird_needs_ipv6(const char *config);

#endif
