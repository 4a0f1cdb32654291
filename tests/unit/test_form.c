// SPDX-License-Identifier: GPL-3.0-or-later
// tests of traffic/form and traffic/form_make: the addresses, ports and lengths of packets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "traffic/engine.h"
#include "traffic/form_make.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define NETWORK 1023 // with the highest source port

static struct ip_interface interface(const char *address, unsigned prefix)
{
    struct ip_interface made = {.prefix = prefix};
    assert_true(ip_parse(address, &made.address));
    return made;
}

static struct form form_of(const char *source, unsigned prefix, const char *router, unsigned flows)
{
    const struct ip_interface from = interface(source, prefix);
    const struct ip_interface ingress = interface(router, prefix);
    const struct traffic_path path = {
        .address = {.source = from.address, .destination = from.address, .network = NETWORK},
        .flows = form_flows_make(flows, true, &from, &ingress.address)};
    const struct traffic_request request = {.ip_length = 100};
    return form_make(&path, &request);
}

// Each flow has an address of its own, within the subnet, which is neither the subnet's own, nor
// the broadcast address, nor the router's. The first has the source's.
static void check_addresses(const char *source, unsigned prefix, const char *router, unsigned flows)
{
    const struct form form = form_of(source, prefix, router, flows);
    const struct ip_interface from = interface(source, prefix);
    const struct ip_interface ingress = interface(router, prefix);
    const size_t size = ip_size(from.address.version);
    const unsigned bits = (unsigned)size * 8 - prefix;
    const uint32_t hosts = bits >= 32 ? UINT32_MAX : (1U << bits) - 1U;
    uint8_t *seen = memory_new_array(uint8_t, 65536);
    for (unsigned flow = 0; flow < flows; flow++) {
        uint32_t end = form_address(&form, flow);
        struct ip_address address = from.address;
        for (size_t i = 0; i < 4; i++) {
            address.bytes[size - 4 + i] = (uint8_t)(end >> (24 - 8 * i));
        }
        assert_true(ip_agree(&address, &from.address, prefix));
        assert_false(ip_equal(&address, &ingress.address));
        assert_true((end & hosts) != 0);
        assert_true((end & hosts) != hosts);
        assert_true(flow > 0 || ip_equal(&address, &from.address));
        assert_int_equal(seen[end & 0xffff], 0);
        seen[end & 0xffff] = 1;
        assert_int_equal(form_port(&form, flow), 22098 + 1 + NETWORK);
    }
    free(seen);
}

static void addresses_of_flows_are_different_hosts_of_the_subnet(void **state)
{
    (void)state;
    check_addresses("198.18.0.2", 24, "198.18.0.1", 253);
    check_addresses("198.18.0.1", 24, "198.18.0.2", 253);
    check_addresses("198.18.0.254", 24, "198.18.0.7", 253);
    check_addresses("198.18.0.9", 24, "198.18.0.254", 253);
    check_addresses("10.0.0.5", 29, "10.0.0.6", 5);
    check_addresses("10.0.0.1", 30, "10.0.0.2", 1);
    check_addresses("10.7.200.2", 8, "10.0.0.1", 32768);
    check_addresses("10.18.0.2", 24, "198.18.0.1", 254); // behind the source: another subnet
    check_addresses("2001:2::2", 64, "2001:2::1", 32768);
    check_addresses("2001:2::ffff:fffe", 64, "2001:2::ffff:fff0", 32768);
    check_addresses("2001:2::2", 126, "2001:2::1", 1);
}

static void ports_of_flows_follow_each_other(void **state)
{
    (void)state;
    struct form form = form_of("198.18.0.2", 24, "198.18.0.1", 1);
    form.flows = (struct form_flows){.count = FORM_FLOWS_MAX};
    assert_int_equal(form_port(&form, 0), 22098 + 1 + NETWORK);
    assert_int_equal(form_port(&form, 5), 22098 + 1 + NETWORK + 5);
    assert_true(form_port(&form, FORM_FLOWS_MAX - 1) < 65536);
    assert_int_equal(form_address(&form, 5), 0xc6120002);
    assert_int_equal(form_flow(&form.flows, 0), 0);
    assert_int_equal(form_flow(&form.flows, FORM_FLOWS_MAX + 3ULL), 3);
}

static void lengths_follow_the_order_of_the_mix(void **state)
{
    (void)state;
    const struct form_lengths mix = {
        .slot_count = 4, .lengths = {100, 1500, 300}, .slots = {0, 2, 0, 1}};
    const struct traffic_request request = {.ip_length = 500, .lengths = &mix};
    const struct traffic_path path = {.address = {.source = ip_v4(1)}, .ip_extra = 20};
    const struct form form = form_make(&path, &request);
    static const unsigned expected[] = {120, 320, 120, 1520};
    for (uint64_t n = 0; n < 1000; n++) {
        uint64_t number = n * 0x123456789ULL;
        const struct form_seen seen = {.ip_length = expected[number % 4]};
        assert_int_equal(form.lengths.lengths[form_part(&form.lengths, number)], seen.ip_length);
        assert_true(form_matches(&form, number, &seen));
        const struct form_seen wrong = {.ip_length = seen.ip_length + 1};
        assert_false(form_matches(&form, number, &wrong));
    }
    assert_int_equal(form_part_count(&form), 3);
    assert_int_equal(form_longest(&form), 1520);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_flows_are_different_hosts_of_the_subnet),
        cmocka_unit_test(ports_of_flows_follow_each_other),
        cmocka_unit_test(lengths_follow_the_order_of_the_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
