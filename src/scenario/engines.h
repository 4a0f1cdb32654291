// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/engines — the traffic engines: the only list of them, one row each. scenario/ uses the
 * traits; traffic/ has the code, `const struct engine_ops engine_NAME` in a file each.
 */
#ifndef VRBENCH_SCENARIO_ENGINES_H
#define VRBENCH_SCENARIO_ENGINES_H

/*
 * ROW(NAME, members of struct engine_traits)
 *
 * The smallest payloads of the programs are measured (iperf 2.1.8, iperf3 3.12): iperf3 refuses
 * less than 16 bytes; iperf accepts less, but its 16 bytes of numbers and times are then truncated
 * and read as garbage. iperf's -t is in hundredths of a second, iperf3's in whole seconds. Either
 * program counts the last datagram, and sends up to three more before it notices the end of its
 * time. Linux accepts no TCP_MAXSEG below 88 bytes (TCP_MIN_MSS): with TCP's header of 20 bytes in
 * place of UDP's of 8, an IP packet has at least 100 bytes more than the headers of UDP and IP.
 */
#define ENGINES(ROW)                                                                               \
    ROW(packet, .length_layer = LENGTH_IP, .payload_min = SCENARIO_STAMP_LENGTH,                   \
        .payload_use = "vrbench's stamp", .duration_step_ns = 1,                                   \
        .can = ENGINE_FORMS | ENGINE_BOTH | ENGINE_MIXES | ENGINE_TAGS)                            \
    ROW(xdp, .length_layer = LENGTH_IP, .payload_min = SCENARIO_STAMP_LENGTH,                      \
        .payload_use = "vrbench's stamp", .duration_step_ns = 1, .ip_max = SCENARIO_XDP_MAX,       \
        .can = ENGINE_FORMS | ENGINE_BOTH | ENGINE_MIXES | ENGINE_TAGS)                            \
    ROW(iperf, .length_layer = LENGTH_PAYLOAD, .payload_min = 16,                                  \
        .payload_use = "iperf's numbers and times", .duration_step_ns = 10000000, .slack = 5,      \
        .can = ENGINE_FRAGMENTS | ENGINE_COMPANY)                                                  \
    ROW(iperf3, .length_layer = LENGTH_PAYLOAD, .payload_min = 16,                                 \
        .payload_use = "iperf3's numbers and times", .duration_step_ns = 1000000000, .slack = 5,   \
        .can = ENGINE_FRAGMENTS | ENGINE_COMPANY)                                                  \
    ROW(tcp, .length_layer = LENGTH_IP, .payload_min = 100,                                        \
        .payload_use = "the smallest segment that Linux sends", .duration_step_ns = 1000000000,    \
        .slack = 5, .can = ENGINE_ADAPTS)

// Instead of an engine: the one of the two own engines that suits the scenario and the machine.
// What a scenario may contain is what either of them can do.
#define ENGINE_AUTO "auto"
#define ENGINE_AUTO_TRAITS                                                                         \
    .length_layer = LENGTH_IP, .payload_min = SCENARIO_STAMP_LENGTH,                               \
    .payload_use = "vrbench's stamp", .duration_step_ns = 1,                                       \
    .can = ENGINE_FORMS | ENGINE_BOTH | ENGINE_MIXES | ENGINE_TAGS

// " auto packet xdp …", for messages and help
#define ENGINES_WORD(name, ...) " " #name
#define ENGINES_WORDS           " " ENGINE_AUTO ENGINES(ENGINES_WORD)

#endif
