// SPDX-License-Identifier: GPL-3.0-or-later
// base/ip — see ip.h.
#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct ip_address ip_v4(uint32_t address)
{
    struct ip_address made = {.version = 4};
    uint32_t wire = htonl(address);
    memcpy(made.bytes, &wire, sizeof wire);
    return made;
}

uint32_t ip_v4_number(const struct ip_address *address)
{
    uint32_t wire = 0;
    memcpy(&wire, address->bytes, sizeof wire);
    return ntohl(wire);
}

size_t ip_size(unsigned version)
{
    return version == 4 ? 4 : version == 6 ? 16 : 0;
}

int ip_family(const struct ip_address *address)
{
    return address->version == 4 ? AF_INET : address->version == 6 ? AF_INET6 : AF_UNSPEC;
}

bool ip_equal(const struct ip_address *a, const struct ip_address *b)
{
    return a->version == b->version && memcmp(a->bytes, b->bytes, ip_size(a->version)) == 0;
}

struct ip_address ip_subnet(const struct ip_address *address, unsigned prefix)
{
    struct ip_address subnet = {.version = address->version};
    for (size_t i = 0; i < ip_size(address->version); i++) {
        unsigned left = prefix > 8 * i ? prefix - 8 * (unsigned)i : 0;
        uint8_t mask = (uint8_t)(left >= 8 ? 0xffU : 0xff00U >> left);
        subnet.bytes[i] = address->bytes[i] & mask;
    }
    return subnet;
}

bool ip_agree(const struct ip_address *a, const struct ip_address *b, unsigned prefix)
{
    struct ip_address one = ip_subnet(a, prefix);
    struct ip_address other = ip_subnet(b, prefix);
    return ip_equal(&one, &other);
}

const char *ip_text(const struct ip_address *address, char ret[IP_TEXT_SIZE])
{
    if (address->version == 0 ||
        inet_ntop(ip_family(address), address->bytes, ret, IP_TEXT_SIZE) == NULL) {
        *ret = '\0';
    }
    return ret;
}

bool ip_parse(const char *text, struct ip_address *ret)
{
    struct ip_address found = {.version = strchr(text, ':') == NULL ? 4 : 6};
    if (inet_pton(ip_family(&found), text, found.bytes) != 1) {
        return false;
    }
    *ret = found;
    return true;
}

unsigned ip_socket_address(const struct ip_address *address, uint16_t port,
                           struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof *ret);
    if (address->version == 6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)ret;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        memcpy(&six->sin6_addr, address->bytes, sizeof six->sin6_addr);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)ret;
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    memcpy(&four->sin_addr, address->bytes, sizeof four->sin_addr);
    return sizeof *four;
}
