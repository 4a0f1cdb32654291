// SPDX-License-Identifier: GPL-3.0-or-later
// tests of owner/wire and sampler/sample_json — what an owner and a client say to each other.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "owner/wire.h"
#include "sampler/sample_json.h"

// Last: it defines fail() as a macro.
#include <cmocka.h>

static void make_pair(struct wire *one, struct wire *other)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    *one = (struct wire){.fd = ends[0]};
    *other = (struct wire){.fd = ends[1]};
}

static void a_message_arrives_whole_however_it_is_cut(void **state)
{
    (void)state;
    struct wire from;
    struct wire to;
    static const char line[] = "{\"do\": \"list\"}\n{\"do\": \"cpu\"}\n";
    make_pair(&from, &to);
    json_t *message = NULL;
    size_t taken = 0;
    for (size_t i = 0; i < sizeof line - 1; i++) {
        assert_int_equal(write(from.fd, &line[i], 1), 1);
        assert_int_equal(wire_receive(&to), 1);
        int rc = wire_take(&to, &message);
        assert_true(rc == 0 || line[i] == '\n');
        if (rc == 1) {
            static const char *const wanted[] = {"list", "cpu"};
            assert_string_equal(json_string_value(json_object_get(message, "do")), wanted[taken++]);
            json_decref(message);
        }
    }
    assert_int_equal(taken, 2);
    wire_clear(&from);
    assert_int_equal(wire_receive(&to), -EPIPE);
    wire_clear(&to);
}

static void a_line_that_is_no_object_is_an_error(void **state)
{
    (void)state;
    static const char *const lines[] = {"nonsense\n", "[1]\n", "\n", "{\"do\":\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct wire from;
        struct wire to;
        json_t *message = NULL;
        make_pair(&from, &to);
        assert_true(write(from.fd, lines[i], strlen(lines[i])) > 0);
        assert_int_equal(wire_receive(&to), 1);
        assert_int_equal(wire_take(&to, &message), -EPROTO);
        wire_clear(&from);
        wire_clear(&to);
    }
}

static void more_than_a_socket_takes_is_sent_bit_by_bit(void **state)
{
    (void)state;
    struct wire from;
    struct wire to;
    json_t *got = NULL;
    char *long_text = memory_new(3000001, 1);
    memset(long_text, 'x', 3000000);
    make_pair(&from, &to);
    json_t *message = json_object();
    json_object_set_new(message, "say", json_string(long_text));
    wire_put(&from, message);
    json_decref(message);
    while (wire_has_output(&from)) {
        assert_int_equal(wire_send(&from), 0);
        assert_true(wire_receive(&to) >= 0);
    }
    while (wire_take(&to, &got) == 0) {
        assert_true(wire_receive(&to) >= 0);
    }
    assert_string_equal(json_string_value(json_object_get(got, "say")), long_text);
    json_decref(got);
    free(long_text);
    wire_clear(&from);
    wire_clear(&to);
}

static void a_failure_comes_back_as_it_was(void **state)
{
    (void)state;
    struct error there = ERROR_INIT;
    struct error here = ERROR_INIT;
    int rc = fail_lacking(&there, "no \"caps\" here: \xff");
    json_t *answer = wire_answer(rc, &there);
    assert_int_equal(wire_failure(answer, &here), rc);
    assert_int_equal(here.exit_status, EXIT_LACKING);
    assert_string_equal(here.text, "no \"caps\" here: ?");
    json_decref(answer);
    answer = wire_answer(0, NULL);
    assert_int_equal(wire_failure(answer, &here), 0);
    json_decref(answer);
    error_clear(&there);
    error_clear(&here);
}

static void assert_same_party(const struct sample_party *got, const struct sample_party *wanted)
{
    assert_string_equal(got->testbed_id, wanted->testbed_id);
    assert_string_equal(got->name, wanted->name);
    assert_string_equal(got->platform, wanted->platform);
    assert_int_equal(got->kind, wanted->kind);
    assert_int_equal(got->state, wanted->state);
    assert_int_equal(got->id, wanted->id);
    assert_true(got->cpu_ns == wanted->cpu_ns && got->read_ns == wanted->read_ns);
    assert_int_equal(got->allocation.weight, wanted->allocation.weight);
    assert_int_equal(got->allocation.cap, wanted->allocation.cap);
    assert_true(text_equal(got->cap_way, wanted->cap_way));
    assert_int_equal(got->part_count, wanted->part_count);
    for (size_t i = 0; i < wanted->part_count; i++) {
        assert_string_equal(got->parts[i].name, wanted->parts[i].name);
        assert_true(got->parts[i].ns == wanted->parts[i].ns);
    }
    assert_int_equal(got->network_count, wanted->network_count);
    for (size_t i = 0; i < wanted->network_count; i++) {
        assert_string_equal(got->networks[i].name, wanted->networks[i].name);
        assert_memory_equal(&got->networks[i].counters, &wanted->networks[i].counters,
                            sizeof wanted->networks[i].counters);
    }
}

static void a_sample_comes_back_as_it_was(void **state)
{
    (void)state;
    struct cpu_part parts[] = {{.name = "vcpu0", .ns = 1},
                               {.name = "emulator", .ns = UINT64_MAX / 2}};
    struct named_counters networks[] = {
        {(char *)"eth0", {.index = 7, .rx_packets = 1, .tx_bytes = 1ULL << 62}},
        {(char *)"a\"b\\c\n", {.index = 8, .rx_errors = 3}}};
    const struct sample_party parties[] = {
        {.testbed_id = (char *)"1-0",
         .testbed = (char *)"two",
         .topology = (char *)"bridged",
         .cpus_text = (char *)"0-3",
         .cpus = 4,
         .kept = true,
         .kind = PARTY_HOST,
         .name = (char *)"host",
         .platform = (char *)"qemu:///system?a=\"b\"",
         .cpu_ns = 5},
        {.testbed_id = (char *)"1-0",
         .testbed = (char *)"two",
         .topology = (char *)"bridged",
         .cpus_text = (char *)"0-3",
         .kind = PARTY_ROUTER,
         .name = (char *)"r1",
         .id = 41,
         .platform = (char *)"netns",
         .state = ROUTER_CRASHED,
         .read_ns = 1ULL << 60,
         .has_allocation = true,
         .allocation = {.weight = 512, .cap = 40},
         .cap_way = (char *)"deadline",
         .parts = parts,
         .part_count = 2,
         .networks = networks,
         .network_count = 2},
    };
    struct sample_text text;
    struct sample sample = {0};
    sample_text_begin(&text);
    sample_text_add(&text, &parties[0]);
    sample_text_add(&text, &parties[1]);
    sample_text_end(&text, 123456789, "one can't be \"read\"", true);
    assert_int_equal(text.bytes[text.length - 1], '\n');
    json_t *answer = json_loadb(text.bytes, text.length, 0, NULL);
    assert_non_null(answer);
    assert_true(json_is_true(json_object_get(answer, "found")));
    sample_from_json(json_object_get(answer, "sample"), &sample);
    assert_int_equal(sample.count, 2);
    assert_same_party(&sample.parties[0], &parties[0]);
    assert_same_party(&sample.parties[1], &parties[1]);
    assert_true(sample.began_ns == 123456789);
    assert_string_equal(sample.left_out, "one can't be \"read\"");
    sample_clear(&sample);
    json_decref(answer);
    free(text.bytes);
}

static void an_empty_sample_is_one_too(void **state)
{
    (void)state;
    struct sample_text text;
    struct sample sample = {0};
    sample_text_begin(&text);
    sample_text_end(&text, 0, NULL, false);
    json_t *answer = json_loadb(text.bytes, text.length, 0, NULL);
    assert_non_null(answer);
    sample_from_json(json_object_get(answer, "sample"), &sample);
    assert_int_equal(sample.count, 0);
    assert_null(sample.left_out);
    json_decref(answer);
    free(text.bytes);
    sample_clear(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_arrives_whole_however_it_is_cut),
        cmocka_unit_test(a_line_that_is_no_object_is_an_error),
        cmocka_unit_test(more_than_a_socket_takes_is_sent_bit_by_bit),
        cmocka_unit_test(a_failure_comes_back_as_it_was),
        cmocka_unit_test(a_sample_comes_back_as_it_was),
        cmocka_unit_test(an_empty_sample_is_one_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
