// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/serial_script — the dialogue on the serial console that configures a machine with its own
 * system (VyOS, OpenWrt …) as a router: a file of lines like
 *
 *     # comments and empty lines are skipped
 *     timeout 90 s                                for each expect from here on; 30 s at first
 *     expect "login: "                            waits until the console has printed this
 *     send "root\r"                               types this
 *     send "ip address add {address.eth0} dev eth0\r"
 *
 * In quotes: \r \n \t \e \\ \" \{ and \xHH; {name} of the router, and of an interface NIC
 * {address.NIC} ("198.18.0.1/24"), {ip.NIC}, {prefix.NIC}, {mask.NIC}, {mac.NIC}, {mtu.NIC},
 * {neighbour.NIC} and {neighbour_mac.NIC} (of the tester's end). Run by machine/serial_play.
 */
#ifndef VRBENCH_IMAGE_SERIAL_SCRIPT_H
#define VRBENCH_IMAGE_SERIAL_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/router_config.h"

#define SERIAL_SCRIPT_MAX (1U << 20) // longest script, in bytes

enum serial_deed { SERIAL_EXPECT, SERIAL_SEND };

struct serial_step {
    enum serial_deed deed;
    unsigned line;
    uint64_t timeout_ns; // time limit of an expect
    char *text;          // with all placeholders replaced
    size_t length;
};

struct serial_script {
    struct serial_step *steps;
    size_t count;
};

// Parses a script for a router. All problems are reported at once, as "file:line:column: text"
// (fail_located()). The caller passes `ret` to serial_script_clear().
int serial_script_parse(const char *file, const char *text, size_t length,
                        const struct router_config *router, struct serial_script *ret,
                        struct error *err);
void serial_script_clear(struct serial_script *script);

#define _cleanup_serial_script_ __attribute__((cleanup(serial_script_clear)))

#endif
