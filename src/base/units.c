// SPDX-License-Identifier: GPL-3.0-or-later
// base/units — see units.h. Called by the scenario reader and the option parser.
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define PACKET_RATE_MAX 1e12

struct unit {
    const char *name;
    double factor;
};

static const struct unit duration_units[] = {
    {"ns", 1.0}, {"us", 1e3},   {"µs", 1e3},   {"ms", 1e6},
    {"s", 1e9},  {"min", 60e9}, {"h", 3600e9}, {NULL, 0.0},
};
static const struct unit bit_rate_units[] = {
    {"bit/s", 1.0}, {"kbit/s", 1e3}, {"Mbit/s", 1e6}, {"Gbit/s", 1e9}, {NULL, 0.0},
};
static const struct unit size_units[] = {
    {"B", 1.0},      {"kB", 1e3},        {"MB", 1e6},           {"GB", 1e9},
    {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {NULL, 0.0},
};

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

// Length of a plain decimal number (digits, at most one point with digits around it) at `text`.
static size_t decimal_length(const char *text, bool with_fraction)
{
    size_t whole = strspn(text, "0123456789");
    if (whole == 0) {
        return 0;
    }
    if (with_fraction && text[whole] == '.') {
        size_t fraction = strspn(text + whole + 1, "0123456789");
        return fraction == 0 ? 0 : whole + 1 + fraction;
    }
    return whole;
}

// strtod() with "." as the decimal point in every locale.
static double decimal_value(const char *text)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double value = strtod_l(text, NULL, plain);
    freelocale(plain);
    return value;
}

int parse_integer(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct error *err)
{
    const char *start = skip_blanks(text);
    size_t length = decimal_length(start, false);
    uint64_t value = 0;
    errno = 0;
    if (length > 0) {
        value = strtoull(start, NULL, 10);
    }
    if (length == 0 || *skip_blanks(start + length) != '\0' || errno == ERANGE || value < min ||
        value > max) {
        return fail_input(err, "expected a whole number from %llu to %llu, not \"%.60s\"",
                          (unsigned long long)min, (unsigned long long)max, text);
    }
    *ret = value;
    return 0;
}

int parse_number(const char *text, double min, double max, double *ret, struct error *err)
{
    const char *start = skip_blanks(text);
    size_t length = decimal_length(start, true);
    double value = length > 0 ? decimal_value(start) : 0.0;
    if (length == 0 || *skip_blanks(start + length) != '\0' || !isfinite(value) || value < min ||
        value > max) {
        return fail_input(err, "expected a number from %g to %g, not \"%.60s\"", min, max, text);
    }
    *ret = value;
    return 0;
}

int parse_packet_rate(const char *text, double *ret, struct error *err)
{
    const size_t length = strlen(text);
    const char last = length > 0 ? text[length - 1] : '\0';
    const double factor = last == 'k' ? 1e3 : last == 'M' ? 1e6 : 1.0;
    _cleanup_free_ char *digits = text_copy_bytes(text, length - (factor > 1.0));
    double value = 0.0;
    if (parse_number(digits, 0.0, PACKET_RATE_MAX / factor, &value, NULL) < 0) {
        return fail_input(err, "expected packets/s such as 250, 100k or 1.5M, not \"%.60s\"", text);
    }
    *ret = value * factor;
    return 0;
}

int parse_ratio(const char *text, double *ret, struct error *err)
{
    const size_t length = strlen(text);
    const bool percent = length > 0 && text[length - 1] == '%';
    _cleanup_free_ char *digits = text_copy_bytes(text, length - percent);
    double value = 0.0;
    if (parse_number(digits, 0.0, percent ? 99.0 : 0.99, &value, NULL) < 0) {
        return fail_input(err, "expected a ratio such as 0.5 %% or 0.005, not \"%.60s\"", text);
    }
    *ret = percent ? value / 100.0 : value;
    return 0;
}

static void list_units(const struct unit *units, char *ret, size_t room)
{
    size_t used = 0;
    ret[0] = '\0';
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        const char *comma = unit == units ? "" : ", ";
        int put = snprintf(ret + used, room - used, "%s%s", comma, unit->name);
        if (put < 0 || (size_t)put >= room - used) {
            break;
        }
        used += (size_t)put;
    }
}

static int parse_with_unit(const char *text, const struct unit *units, const char *kind,
                           const char *example, double min, double max, double *ret,
                           struct error *err)
{
    const char *start = skip_blanks(text);
    size_t length = decimal_length(start, true);
    char names[96];
    list_units(units, names, sizeof names);
    if (length == 0) {
        return fail_input(err, "expected %s such as \"%s\", not \"%.60s\"", kind, example, text);
    }
    double value = decimal_value(start);
    const char *suffix = skip_blanks(start + length);
    size_t suffix_length = strlen(suffix);
    while (suffix_length > 0 && isspace((unsigned char)suffix[suffix_length - 1])) {
        suffix_length--;
    }
    if (suffix_length == 0) {
        return fail_input(err, "expected %s with its unit (%s), not the bare \"%.60s\"", kind,
                          names, text);
    }
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (strlen(unit->name) != suffix_length ||
            strncmp(unit->name, suffix, suffix_length) != 0) {
            continue;
        }
        value *= unit->factor;
        if (!isfinite(value) || value < min || value > max) {
            return fail_input(err, "%s out of range: \"%.60s\"", kind, text);
        }
        *ret = value;
        return 0;
    }
    return fail_input(err, "expected %s in one of %s, not \"%.60s\"", kind, names, text);
}

int parse_duration(const char *text, uint64_t *ret_ns, struct error *err)
{
    double ns = 0.0;
    int rc =
        parse_with_unit(text, duration_units, "a duration", "15 s", 1.0, 30.0 * 86400e9, &ns, err);
    if (rc == 0) {
        *ret_ns = (uint64_t)llround(ns);
    }
    return rc;
}

int parse_bit_rate(const char *text, double *ret_bps, struct error *err)
{
    return parse_with_unit(text, bit_rate_units, "a bit rate", "5 Mbit/s", 1.0, 1e12, ret_bps, err);
}

int parse_size(const char *text, uint64_t *ret_bytes, struct error *err)
{
    double bytes = 0.0;
    int rc = parse_with_unit(text, size_units, "a size", "64 MiB", 0.0, 1e15, &bytes, err);
    if (rc == 0) {
        *ret_bytes = (uint64_t)llround(bytes);
    }
    return rc;
}

int parse_truth(const char *text, bool *ret, struct error *err)
{
    const char *start = skip_blanks(text);
    for (int truth = 0; truth <= 1; truth++) {
        const char *word = truth ? "true" : "false";
        if (strncmp(start, word, strlen(word)) == 0 && *skip_blanks(start + strlen(word)) == '\0') {
            *ret = truth == 1;
            return 0;
        }
    }
    return fail_input(err, "expected true or false, not \"%.60s\"", text);
}

// Whether traffic to and from an address can be forwarded: unicast, neither loopback nor
// link-local.
static bool is_forwarded(const struct ip_address *address)
{
    const uint8_t *bytes = address->bytes;
    if (address->version == 4) {
        return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
    }
    bool mapped = ip_agree(address, &(struct ip_address){.version = 6}, 64); // ::1, ::ffff:0:0/96 …
    return !mapped && bytes[0] != 0xff && !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

// Whether an address is the one of its subnet, or IPv4's broadcast address.
static bool is_of_subnet(const struct ip_address *address, unsigned prefix)
{
    struct ip_address subnet = ip_subnet(address, prefix);
    uint32_t hosts = address->version == 4 ? 0xffffffffU >> prefix : 0;
    return ip_equal(address, &subnet) ||
           (address->version == 4 && (ip_v4_number(address) & hosts) == hosts);
}

int parse_ip_prefix(const char *text, struct ip_interface *ret, struct error *err)
{
    const char *start = skip_blanks(text);
    const char *slash = strchr(start, '/');
    char address_text[IP_TEXT_SIZE];
    struct ip_address address;
    uint64_t prefix = 0;
    if (slash == NULL || (size_t)(slash - start) >= sizeof address_text) {
        return fail_input(err,
                          "expected an address with its prefix length such as "
                          "\"198.18.0.1/24\" or \"2001:2::1/64\", not \"%.60s\"",
                          text);
    }
    memcpy(address_text, start, (size_t)(slash - start));
    address_text[slash - start] = '\0';
    if (!ip_parse(address_text, &address)) {
        return fail_input(err, "expected an IPv4 or IPv6 address before the \"/\", not \"%.60s\"",
                          text);
    }
    unsigned least = address.version == 4 ? 8 : 16;
    unsigned most = address.version == 4 ? 30 : 126;
    if (!isdigit((unsigned char)slash[1]) ||
        parse_integer(slash + 1, least, most, &prefix, NULL) < 0) {
        return fail_input(err,
                          "expected a prefix length from %u to %u after the \"/\", not \"%.60s\"",
                          least, most, text);
    }
    if (is_of_subnet(&address, (unsigned)prefix)) {
        return fail_input(err,
                          "\"%.60s\" is the network's own or its broadcast address; "
                          "expected a host's",
                          text);
    }
    if (!is_forwarded(&address)) {
        return fail_input(err, "\"%.60s\" is not a unicast address that a router forwards", text);
    }
    *ret = (struct ip_interface){.address = address, .prefix = (unsigned)prefix};
    return 0;
}

char *duration_text(double seconds)
{
    unsigned long minutes = (unsigned long)(seconds / 60.0 + 0.5);
    unsigned long hours = minutes / 60;
    if (seconds < 120.0) {
        return text_format("%.0f s", seconds);
    }
    if (minutes < 120) {
        return text_format("%lu min", minutes);
    }
    return hours < 48 ? text_format("%lu h %lu min", hours, minutes % 60)
                      : text_format("%lu d %lu h", hours / 24, hours % 24);
}
