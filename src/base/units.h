// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/units — parsers of values with units, for scenario files and command lines.
 *
 * Each parse_* takes the whole text (blanks around it allowed) and returns 0, or -EINVAL with an
 * error that names what was expected. The result is written on success only. Numbers are decimal,
 * finite, not negative; nothing may follow the unit. Scenario keys and options both use these
 * parsers, and no others.
 */
#ifndef VRBENCH_BASE_UNITS_H
#define VRBENCH_BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"

// A whole number from `min` to `max`, no unit, no sign, no exponent.
int parse_integer(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct error *err);
// A decimal number from `min` to `max`, no unit.
int parse_number(const char *text, double min, double max, double *ret, struct error *err);
// Packets/s, at most 1e12: "250", "100k", "1.5M" (1,000 and 1,000,000 times).
int parse_packet_rate(const char *text, double *ret, struct error *err);
// A ratio below 1: "0.005", "0.5%" or "0.5 %"; at most 0.99.
int parse_ratio(const char *text, double *ret, struct error *err);
// "15 s", "500 ms", "20 us", "5 ns", "2 min", "1 h" → ns, at least 1 ns, at most 30 days.
int parse_duration(const char *text, uint64_t *ret_ns, struct error *err);
// A duration for people, at least 0: "45 s", "12 min", "5 h 10 min", "2 d 4 h". The caller frees
// it.
char *duration_text(double seconds);
// "5 Mbit/s", "64 kbit/s", "1 Gbit/s", "100 bit/s" (factors of 1000) → bit/s, 1 to 1e12.
int parse_bit_rate(const char *text, double *ret_bps, struct error *err);
// "64 MiB", "512 KiB", "1 GiB", "100 B" (factors of 1024; kB, MB, GB: of 1000) → bytes.
int parse_size(const char *text, uint64_t *ret_bytes, struct error *err);
// "true" / "false".
int parse_truth(const char *text, bool *ret, struct error *err);
// "198.18.0.1/24" or "2001:2::1/64" → address and prefix length, 8 to 30 or 16 to 126. The subnet's
// own address and its broadcast address are refused.
int parse_ip_prefix(const char *text, struct ip_interface *ret, struct error *err);

#endif
