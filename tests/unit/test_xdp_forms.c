// SPDX-License-Identifier: GPL-3.0-or-later
// tests of mixes of lengths and flows in the BPF programs of the traffic engine xdp. Needs root.
#include "traffic/form_make.h"

#include "xdp_programs.h" // last: it includes cmocka.h

// Three lengths and seven flows, of the IP version that is tested.
static struct form made_form(bool vary_addresses)
{
    const bool six = address->source.version == 6;
    const struct ip_interface subnet = {.address = address->source, .prefix = six ? 64 : 24};
    struct ip_address router = address->source;
    router.bytes[six ? 15 : 3] = 1;
    const struct form_lengths lengths = {
        .slot_count = 4, .lengths = {FRAME_IP_MIN(6), 1500, 301}, .slots = {0, 2, 0, 1}};
    const struct traffic_path path = {
        .address = *address, .flows = form_flows_make(7, vary_addresses, &subnet, &router)};
    const struct traffic_request request = {.lengths = &lengths};
    return form_make(&path, &request);
}

// The frame of a packet of a form, as if it had the number `as`.
static size_t make_formed(const struct form *form, const struct frame_stamp *stamp, uint64_t as,
                          uint8_t *bytes)
{
    static struct frame_template frame;
    const uint32_t turn = form_flow(&form->flows, as);
    make_frame(&frame, bytes, form->lengths.lengths[form_part(&form->lengths, as)], stamp);
    frame_set_source(&frame, bytes, form_port(form, turn), form_address(form, turn));
    return frame.length;
}

// ---- source

static void writes_forms_as_the_library_does(bool vary_addresses)
{
    static const unsigned lengths[] = {FRAME_IP_MIN(6), 301, FRAME_IP_MIN(6), 1500};
    static struct frame_template frame;
    static uint8_t out[FRAME_ROOM];
    static uint8_t wanted[FRAME_LENGTH_MAX];
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN};
    const struct form form = made_form(vary_addresses);
    frame_template_init(&frame, address, form_longest(&form));
    begin_stream(&frame, &stamp);
    xdp_source_set_form(&source->bss->hot.streams[0], address, &form);
    for (uint64_t sequence = 0; sequence < 200; sequence++) {
        DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.bytes,
                            .data_size_in = (uint32_t)frame.length, .data_out = out,
                            .data_size_out = sizeof out, .repeat = 1);
        assert_int_equal(
            bpf_prog_test_run_opts(bpf_program__fd(source->progs.send_stamped), &options), 0);
        assert_int_equal(options.retval, XDP_DROP);
        struct frame_stamp got = {0};
        assert_int_equal(frame_parse(out, options.data_size_out, &got), FRAME_GOOD);
        assert_int_equal(got.sequence, sequence);
        unsigned tag = address->vlan == 0 ? 0 : FRAME_VLAN;
        assert_int_equal(options.data_size_out, FRAME_ETHERNET + tag + lengths[sequence % 4]);
        assert_int_equal(got.seen.vlan, address->vlan);
        assert_int_equal(got.seen.ip_length, lengths[sequence % 4]);
        unsigned turn = (unsigned)(sequence % 7);
        assert_int_equal(got.seen.port, FRAME_SOURCE_PORT(NETWORK) + (vary_addresses ? 0 : turn));
        assert_int_equal(got.seen.address & 0xff, 2 + (vary_addresses ? turn : 0));
        assert_int_equal(make_formed(&form, &got, sequence, wanted), options.data_size_out);
        assert_memory_equal(out, wanted, options.data_size_out);
    }
}

static void source_writes_forms_as_the_library_does(void **state)
{
    (void)state;
    need_programs();
    for (size_t i = 0; i < 2 * ADDRESSES; i++) {
        address = addresses[i / 2];
        writes_forms_as_the_library_does(i % 2 == 1);
    }
}

// ---- sink

// Intact packets whose length, source port or source address is not that of their number.
static void counts_wrong_forms_as_corrupt(bool vary_addresses)
{
    static uint8_t bytes[FRAME_LENGTH_MAX];
    const struct form form = made_form(vary_addresses);
    begin_counting();
    flow->form = form;
    memcpy(&sink->bss->hot.form, &form, sizeof form);
    uint64_t right = 0;
    for (uint64_t number = 0; number < 28; number++) {
        const struct frame_stamp stamp = {
            .network = NETWORK, .run = RUN, .sequence = number, .time_ns = number + 1};
        for (uint64_t as = 0; as < 28; as++) {
            size_t length = make_formed(&form, &stamp, as, bytes);
            arrive(bytes, length);
            // Lengths repeat after 4 packets, flows after 7, and number 0 has the length of 2.
            bool same =
                as % 7 == number % 7 && (as % 4 == number % 4 || (as % 2 == 0 && number % 2 == 0));
            right += same;
            assert_int_equal(sink->bss->hot.received + sink->bss->hot.duplicated, right);
        }
    }
    assert_int_equal(sink->bss->hot.received, 28);
    assert_int_equal(sink->bss->hot.corrupt, 28 * 28 - right);
    // Those of another run are strays, whatever they look like.
    const struct frame_stamp other = {.network = NETWORK, .run = RUN + 1, .time_ns = 1};
    arrive(bytes, make_formed(&form, &other, 3, bytes));
    assert_int_equal(sink->bss->hot.strays, 1);
}

static void sink_counts_wrong_forms_as_corrupt(void **state)
{
    (void)state;
    need_programs();
    for (size_t i = 0; i < 4 * ADDRESSES; i++) {
        sink = sinks[i % 2];
        address = addresses[i / 2 % ADDRESSES];
        counts_wrong_forms_as_corrupt(i / 2 >= ADDRESSES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_writes_forms_as_the_library_does),
        cmocka_unit_test(sink_counts_wrong_forms_as_corrupt),
    };
    return cmocka_run_group_tests(tests, load_programs, unload_programs);
}
