// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/ip — addresses of IPv4 and IPv6 as plain data: comparing, masking, text. Called by every
 * room that handles addresses; base/units parses them.
 */
#ifndef VRBENCH_BASE_IP_H
#define VRBENCH_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP_TEXT_SIZE 46 // of the longest address, with its NUL (INET6_ADDRSTRLEN)

struct ip_address {
    uint8_t version;   // 4 or 6; 0 = no address
    uint8_t bytes[16]; // network byte order; IPv4 uses the first 4
};

// An address of an interface, with the prefix length of its subnet; prefix 0 = none.
struct ip_interface {
    struct ip_address address;
    unsigned prefix;
};

// The IPv4 address of a number in host byte order.
struct ip_address ip_v4(uint32_t address);
// The number of an IPv4 address in host byte order.
uint32_t ip_v4_number(const struct ip_address *address);
// Bytes of an address of that version: 4, 16, or 0 for no address.
size_t ip_size(unsigned version);
// AF_INET, AF_INET6, or AF_UNSPEC for no address.
int ip_family(const struct ip_address *address);

bool ip_equal(const struct ip_address *a, const struct ip_address *b);
// Whether both are of one version and agree in the first `prefix` bits.
bool ip_agree(const struct ip_address *a, const struct ip_address *b, unsigned prefix);
// The address with every bit after the first `prefix` cleared.
struct ip_address ip_subnet(const struct ip_address *address, unsigned prefix);

// "198.18.0.1", "2001:2::1" (RFC 5952); "" for no address. Returns `ret`.
const char *ip_text(const struct ip_address *address, char ret[IP_TEXT_SIZE]);
// Parses the same. False if the text is no address of either version.
bool ip_parse(const char *text, struct ip_address *ret);

struct sockaddr_storage;
// Fills a socket address; returns its length.
unsigned ip_socket_address(const struct ip_address *address, uint16_t port,
                           struct sockaddr_storage *ret);

#endif
