// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/scenario — a user's scenario as plain structs.
 *
 * Filled by scenario_read() from a YAML file through the schema table in schema.c; read by the
 * testbed, the traffic engines and the measuring. This room does not implement any of it. Rates are
 * packets/s, or bit/s of the layer that `traffic.length_layer` names; lengths are bytes of that
 * layer. CPU is percent of one CPU.
 */
#ifndef VRBENCH_SCENARIO_SCENARIO_H
#define VRBENCH_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"
#include "scenario/catalogue.h"
#include "scenario/problem.h"

#define SCENARIO_NAME_MAX     64 // longest name of a scenario in bytes; the name is a safe file name
#define SCENARIO_ROUTER_MAX   32 // longest name of a router or network in bytes
#define SCENARIO_ROUTERS      1024
#define SCENARIO_NETWORKS     1024
#define SCENARIO_HEADERS_4    28   // bytes of an IPv4 and a UDP header
#define SCENARIO_HEADERS_6    48   // bytes of an IPv6 and a UDP header
#define SCENARIO_LENGTH_MAX   9000 // the usual jumbo frame's MTU
#define SCENARIO_XDP_MAX      3386 // what XDP leaves of a page of 4096 bytes, less 14 of Ethernet
#define SCENARIO_WEIGHT_MAX   65535
#define SCENARIO_CAP_MAX      409600  // 100 percent for each of 4096 CPUs
#define SCENARIO_WEIGHT       256     // default, as in Xen's credit scheduler
#define SCENARIO_CONFIG_MAX   1048576 // longest configuration of a routing daemon in bytes
#define SCENARIO_STAMP_LENGTH 28      // bytes of UDP payload that every test packet contains
#define SCENARIO_FLOWS_MAX    32768   // flows of a network
#define SCENARIO_TAG_BYTES    4       // of a VLAN tag (IEEE 802.1Q)
#define SCENARIO_COMMANDS     1000    // commands, and settings, of a router's startup
#define SCENARIO_FILES        1000    // files of a router's startup
#define SCENARIO_IMPAIRMENTS  1024
#define SCENARIO_HOPS         32   // routers of a path: every engine's packets have a TTL of 64
#define SCENARIO_LINKS        1024 // links between routers

enum topology { TOPOLOGY_DIRECT, TOPOLOGY_BRIDGED, TOPOLOGY_DEDICATED, TOPOLOGY_COUNT };
enum length_layer { LENGTH_IP, LENGTH_PAYLOAD, LENGTH_FRAME }; // frame: Ethernet with FCS
enum on_crash { ON_CRASH_RESTART, ON_CRASH_DESTROY };          // what happens to a router that died
enum routing_daemon {
    DAEMON_NONE,
    DAEMON_FRR,
    DAEMON_BIRD
}; // program by which a router learns routes
// A network's traffic: from source to sink, or from sink to source as well.
enum directions { DIRECTIONS_ONE, DIRECTIONS_BOTH };
enum flows_by { FLOWS_BY_PORTS, FLOWS_BY_ADDRESSES }; // what distinguishes the flows of a network
// How exactly vrbench's own engines must keep a load, else the trial is invalid: within 0.01 % of
// it, or within 0.001 % (RFC 2544 assumes a tester without any error).
enum pacing { PACING_NORMAL, PACING_STRICT };
enum rate_kind { RATES_RANGE, RATES_PPS, RATES_AUTO, RATES_PROFILE };

// Weight and cap of the host or of a router.
struct allocation {
    unsigned weight; // 1–65535, proportional share under contention
    unsigned cap;    // percent of one CPU, 0 = none
};

struct scenario_host {
    unsigned cpus; // CPUs that the host and all its routers share; at least 1
    struct allocation allocation;
};

// What a router gets whenever it starts (startup.h), in this order: files, settings, ruleset,
// commands.
struct scenario_startup {
    struct scenario_file {
        char *path; // in the router, absolute
        char *file; // path as written in the scenario
        char *text; // content of that file, UTF-8; NULL if the scenario was read from memory
    } * files;
    size_t file_count;
    struct scenario_sysctl {
        char *name, *value;
    } * sysctls;
    size_t sysctl_count;
    char *nft;       // a file of nftables rules, path as written in the scenario; NULL = none
    char *nft_text;  // content of that file, UTF-8; NULL if the scenario was read from memory
    char **commands; // each as written; startup_split() gives its words
    size_t command_count;
};

struct scenario_router {
    char *name;
    struct allocation allocation;
    uint64_t memory_bytes; // 0 = not set
    enum on_crash on_crash;
    enum on_crash on_poweroff,
        on_reboot; // if a poweroff or reboot can be distinguished from a crash
    // Set for a machine with its own system: the disk image, and at most one way to configure it.
    // Paths as written in the scenario (scenario_path()); NULL = none.
    char *image;
    struct scenario_setup {
        char *cloud_init; // "true", or a file of user data
        char *serial;     // a script for the serial console
    } setup;
    uint64_t ready_within_ns; // time limit until such a machine forwards
    enum routing_daemon daemon;
    // A configuration file, path as written in the scenario: the daemon's, or without a daemon the
    // router's own, if its platform reads such files. NULL = none.
    char *config;
    char *config_text; // content of that file, UTF-8; NULL if the scenario was read from memory
    struct router_file *file;    // parsed content, if it is the router's own file; else NULL
    uint64_t converge_within_ns; // time limit until it has learned its routes
    struct scenario_startup startup;
    // Which settings the scenario itself contains. Others come from the router's own file, if there
    // is one; the members above have the result.
    struct {
        bool weight, cap, memory, on_crash, on_poweroff, on_reboot;
    } given;
};

// A rate as written.
struct profile_rate {
    double value;
    bool given, in_bits; // bit/s of the length layer, else packets/s
};

// One path from a source through one or several routers to a sink. `ingress` is the first router's
// interface to the source, `egress` the last router's to the sink. source and ingress share a
// subnet; egress and sink share another.
struct scenario_network {
    char *name;
    size_t router;   // index in scenario.routers of the first router of the path
    size_t *routers; // the indexes of all routers of the path, from source to sink
    size_t router_count;
    unsigned ip; // IP version of all its addresses and its traffic: 4 or 6
    struct ip_interface source, ingress, egress, sink;
    // If the router has a daemon: traffic goes from a host in a subnet behind the source to a host
    // in a subnet behind the sink. The router must learn the routes to both. Else prefix 0.
    struct ip_interface behind_source, behind_sink;
    double share;               // its load, as a multiple of the offered load
    struct profile_rate rate;   // its load, if given, whatever the offered load is
    unsigned length;            // of all its packets, in bytes of the length layer; 0 = as offered
    enum directions directions; // each direction has the load
    unsigned vlan; // VLAN identifier of its frames' tags between tester and device under test,
                   // 1–4094; 0 = they have none
    // Existing interfaces of this machine that replace the cable ends otherwise made; NULL = made.
    // source and ingress are given together or not at all, and so are egress and sink.
    char *source_nic, *ingress_nic, *egress_nic, *sink_nic;
};

// The link between two routers, one of which follows the other on the path of a network. All
// networks that pass it, in either direction, share it.
struct scenario_link {
    size_t routers[2]; // indexes in scenario.routers, in the order of the first network's path
    // The addresses of both ends, of the versions of the networks that pass; prefix 0 = none.
    struct ip_interface ip4[2], ip6[2];
};

// What a cable does to the packets of one direction, in this order.
struct impairment {
    double loss;        // part of the packets that are dropped at random, below 1
    double rate_bps;    // bit/s of Ethernet frames with FCS; 0 = no limit
    uint64_t queue_ns;  // longest time that a packet may wait for the rate; else it is dropped
    uint64_t delay_ns;  // of each packet
    uint64_t jitter_ns; // the delay varies evenly by as much in both directions; at most delay_ns
};

// A row of `impair`: cables from one node to another. Names of routers, or "source" or "sink".
struct scenario_impairment {
    char *from, *to;
    char *network;              // the tester's cable of this network only; NULL = of every one
    enum directions directions; // both: packets from `to` to `from`, too
    struct impairment what;
};

struct rate_plan {
    enum rate_kind kind;
    double from_bps, to_bps,
        step_bps; // RATES_RANGE: bit/s of the length layer; both ends belong to the range
    double *pps;  // RATES_PPS: each offered load, packets/s a network; 0 = as fast as possible
    size_t pps_count;
    unsigned auto_points; // RATES_AUTO: number of points, the last just past saturation
};

// A mix of packet lengths, repeated in a fixed order: packet n has the length
// parts[slots[n % slot_count]]. All bytes of the object are defined, so that objects can be
// compared.
#define LENGTH_MIX_PARTS 16U
#define LENGTH_MIX_SLOTS 256U // largest sum of weights
#define LENGTH_MIX_NAME  64U
struct length_mix {
    char name[LENGTH_MIX_NAME]; // "imix", or the list as written; "" = no mix
    unsigned part_count;        // 0 = no mix
    struct length_part {
        unsigned length, weight; // bytes of the length layer
    } parts[LENGTH_MIX_PARTS];
    unsigned slot_count;
    uint8_t slots[LENGTH_MIX_SLOTS]; // indexes in parts
};

// The rate of a network at a time. Between two knots it changes linearly; two knots at the same
// time are a jump.
struct profile_knot {
    uint64_t at_ns;
    struct profile_rate rate;
};

// A part of a profile, as written.
struct profile_phase {
    uint64_t for_ns;
    struct profile_rate rate, to; // constant, or from one to the other
    struct profile_rate burst;    // for `lasting` at the begin of each `every`
    uint64_t every_ns, lasting_ns;
};

// A load that changes in time.
struct scenario_profile {
    char *file; // path as written; NULL = phases
    char *text; // content of that file; NULL if the scenario was read from memory
    struct profile_phase *phases;
    size_t phase_count;
    uint64_t interval_ns; // length of the intervals of the results; 0 = they are the profile's
    // The result: knots from time 0 to the end. None if the file was not read.
    struct profile_knot *knots;
    size_t knot_count;
};

struct scenario_traffic {
    char *engine; // name of a traffic engine, or "auto", as in scenario_engine()
    // Each length, of the length layer. That of a mix is its mean, rounded; no two are equal.
    unsigned *lengths;
    struct length_mix *mixes; // for each length
    size_t length_count;
    enum length_layer length_layer;
    unsigned flows; // of each network, at least 1
    enum flows_by flows_by;
    enum pacing pacing;
    struct rate_plan rates;
    struct scenario_profile profile; // RATES_PROFILE: the only load
    uint64_t duration_ns;            // time of sending of each trial
    unsigned repeats;                // trials of a point, at least 1
};

// How CPU is measured: by the kernel's counters over the whole trial, or as in the study, by one
// reading in the middle over SNMP from an agent's script.
enum method { METHOD_PRECISE, METHOD_STUDY, METHOD_MONITORED };
const char *method_name(enum method method); // "precise", "study", "monitored"

enum expect_figure {
    EXPECT_THROUGHPUT, // packets/s without loss
    EXPECT_PDR,        // packets/s with a loss of at most 0.5 %
    EXPECT_MAX,        // packets/s: highest forwarding rate
    EXPECT_LOSS,       // percent of the packets
    EXPECT_HOST_CPU,   // percent of one CPU
    EXPECT_ROUTER_CPU, // of the busiest router
};
bool expect_is_rate(enum expect_figure figure);

// A figure that the user expects of each topology and length, or only of those named.
struct expectation {
    char *text; // as written
    enum expect_figure figure;
    bool at_least; // else at most
    double value;  // packets/s for each network, or percent
    double at_pps; // at this load of each network; 0 = at every load
    bool has_topology;
    enum topology topology;
    unsigned length; // 0 = every length
};

struct scenario_changes;

struct scenario {
    char *name;
    enum method method;
    char *file; // path of the scenario's file, NULL if read from memory
    char *text; // the YAML text itself
    char *platform;
    enum topology topologies[TOPOLOGY_COUNT]; // in the order of measurement: direct first
    size_t topology_count;
    struct scenario_host host;
    struct scenario_router *routers;
    size_t router_count;
    struct scenario_network *networks;
    size_t network_count;
    struct scenario_link *links;
    size_t link_count;
    struct scenario_impairment *impairments;
    size_t impairment_count;
    struct scenario_traffic traffic;
    struct expectation *expectations;
    size_t expectation_count;
};

enum engine_can {
    ENGINE_FRAGMENTS = 1 << 0, // payloads beyond MTU 1500 are sent in IP fragments
    ENGINE_COMPANY = 1 << 1, // its own handshakes and reports use the same path and are not counted
    ENGINE_FORMS = 1 << 2,   // it can send a load that changes in time, and different shares of it
    ENGINE_BOTH = 1 << 3,    // it can send in both directions at once
    ENGINE_MIXES = 1 << 4,   // it can send mixes of lengths, and several flows
    ENGINE_TAGS = 1 << 6,    // it can send frames with VLAN tags
    ENGINE_ADAPTS = 1 << 5,  // TCP: it sends no more than the path carries, and repeats what is
                             // lost; its packets are those that the tester's interfaces count
};

// The traits of a traffic engine: its row of engines.h.
struct engine_traits {
    const char *name;
    enum length_layer length_layer; // default layer of lengths
    unsigned payload_min;           // smallest UDP payload in bytes
    const char *payload_use;        // what the payload is used for
    unsigned ip_max;                // longest IP packet in bytes; 0 = SCENARIO_LENGTH_MAX
    uint64_t duration_step_ns;      // the duration of a trial is a multiple of this
    unsigned slack; // packets by which a count may differ from the request without a failure of the
                    // source
    unsigned can;   // enum engine_can
};

// Reads and checks a scenario file. `cpus_online` is the number of CPUs that this process may use.
// Returns 0 and a new scenario that the caller frees, or a negative errno. For an invalid file
// err->text contains every problem, one a line, each as "file:line:column: text", with exit status
// 2.
int scenario_read(const char *path, unsigned cpus_online, struct scenario **ret, struct error *err);
// The same with another traffic engine in place of the file's (NULL = the file's): all keys are
// read and checked as if the file named that engine. Fails with exit status 2 if the engine does
// not exist.
int scenario_read_for(const char *path, const char *engine, unsigned cpus_online,
                      struct scenario **ret, struct error *err);
// Where a scenario comes from, and what is changed in it.
struct scenario_source {
    const char *path;                       // of its file; NULL = it has none
    const char *title;                      // names it in messages; NULL = the path
    const char *text;                       // its text; NULL = that of the file
    const char *engine;                     // as in scenario_read_for()
    const struct scenario_changes *changes; // change.h; NULL = none
};
int scenario_read_source(const struct scenario_source *source, unsigned cpus_online,
                         struct scenario **ret, struct error *err);
// The same from text in memory, for tests and fuzzers; problems are returned as a list. Returns 0,
// or -EINVAL with at least one problem. ret_problems is always filled; free it with
// scenario_problems_clear().
int scenario_parse(const char *text, size_t length, unsigned cpus_online, struct scenario **ret,
                   struct scenario_problems *ret_problems);
void scenario_free(struct scenario *scenario);

// What happens to the packets of a cable in one direction; NULL = nothing. Of a network's cable at
// its source or sink, to the router or from it; of a link between routers, from routers[end].
const struct impairment *scenario_end_impairment(const struct scenario *scenario, size_t network,
                                                 bool sink, bool to_tester);
const struct impairment *scenario_link_impairment(const struct scenario *scenario, size_t link,
                                                  unsigned end);
// As in "loss 1 %, rate 10 Mbit/s, delay 5 ms +- 1 ms". The caller frees it.
char *impairment_text(const struct impairment *what);

const char *topology_name(enum topology topology); // "direct", "bridged", "dedicated"
// 0 and the topology of that name, or -EINVAL.
int topology_from_name(const char *name, enum topology *ret);
// Resolves a path written in the scenario against the folder of its file. The caller frees the
// result.
char *scenario_path(const struct scenario *scenario, const char *named);
const char *routing_daemon_name(enum routing_daemon daemon); // "none", "frr", "bird"
const char *length_layer_name(enum length_layer layer);      // "ip", "payload", "frame"
const char *flows_by_name(enum flows_by by);                 // "ports", "addresses"

// Returns the traits of an engine or of "auto", or NULL if the name is unknown. A scenario that was
// read has a known engine.
const struct engine_traits *scenario_engine(const char *name);

// Whether a router is on the path of a network.
bool scenario_passes(const struct scenario_network *network, size_t router);
// The number of the link between two routers; SIZE_MAX = there is none. ret_end, if not NULL, gets
// which of its ends is the first router's.
size_t scenario_link(const struct scenario *scenario, size_t router, size_t other,
                     unsigned *ret_end);
// Number of streams of packets: a network has one for each direction.
size_t scenario_stream_count(const struct scenario *scenario);
// Bytes of the tags of frames: SCENARIO_TAG_BYTES if any network has a VLAN, else 0.
unsigned scenario_tag_bytes(const struct scenario *scenario);
// Source and destination address of a network's traffic from source to sink.
struct ip_interface scenario_from(const struct scenario_network *network);
struct ip_interface scenario_to(const struct scenario_network *network);
// Number of source addresses that a network's flows may have in both directions of its traffic:
// those of the senders' subnets except the router's; 0 if the network has no addresses.
unsigned scenario_flow_addresses(const struct scenario_network *network);
// The path of a router's configuration file, resolved against the scenario's folder. The caller
// frees it; NULL = no such file.
char *scenario_config_path(const struct scenario *scenario, size_t router);
// Sets the content of a router's configuration file (NULL = none) in a scenario read from memory,
// as if scenario_read() had read the file; scenario->file is the scenario's path. -EINVAL if the
// content is invalid.
int scenario_recall_config(struct scenario *scenario, size_t router, const char *text);
// Returns what already uses the name ("the tester"), or NULL if a router may use it. Nodes of a
// testbed, parties whose CPU is metered, and domains in the output of xen-stats have unique names.
const char *scenario_reserved(const char *name);
// Whether any router has a routing daemon.
bool scenario_is_routed(const struct scenario *scenario);

// Whether interfaces of this machine replace cables (links).
bool scenario_lends(const struct scenario *scenario);
// Whether the host or any router has a cap.
bool scenario_is_capped(const struct scenario *scenario);

// Length in bytes of the IP packet (unfragmented) of an IP version for a length of the given layer.
unsigned scenario_ip_length(unsigned length, enum length_layer layer, unsigned ip);
// Bytes of the IP and UDP headers of an IP version.
unsigned scenario_headers(unsigned ip);
// The length of a network's packets in a trial of `length`, in bytes of the length layer.
unsigned scenario_network_length(const struct scenario_network *network, unsigned length);
// The mix that a length of the traffic stands for; NULL = all packets have that length.
const struct length_mix *scenario_mix(const struct scenario_traffic *traffic, unsigned length);
// The exact mean of the packets' lengths, in bytes of the length layer.
double scenario_mean_length(const struct scenario_traffic *traffic, unsigned length);
// The same of a network's packets.
double scenario_network_mean(const struct scenario *scenario,
                             const struct scenario_network *network, unsigned length);
// The largest scenario_ip_length() of any network, and of any part of a mix.
unsigned scenario_longest_ip(const struct scenario *scenario, unsigned length);
// Packets/s of a rate of a profile, if the packets' mean length is `length`.
double scenario_profile_pps(const struct profile_rate *rate, double length);
// Mean rate of a profile in packets/s.
double scenario_profile_mean(const struct scenario_profile *profile, double length);
// Number of the intervals of a profile's results; `ret_ns` gets their boundaries, one more than
// intervals, in a new array that the caller frees.
size_t scenario_profile_intervals(const struct scenario_profile *profile, uint64_t **ret_ns);
// Packets/s of a bit rate of the length layer.
double scenario_pps(double bps, double length);
// Returns the number of offered loads for a length; `ret` gets them (packets/s for each network, in
// the order given) in a new array that the caller frees. 0 for RATES_AUTO, whose loads are chosen
// while measuring. A profile has one load, its mean.
size_t scenario_rates(const struct scenario_traffic *traffic, unsigned length, double **ret_pps);

#define _cleanup_scenario_ __attribute__((cleanup(scenario_free_slot)))
static inline void scenario_free_slot(struct scenario **slot)
{
    scenario_free(*slot);
}

#endif
