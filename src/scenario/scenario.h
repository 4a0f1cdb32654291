// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/scenario — what the user asked for, as plain structs.
 *
 * Filled by scenario_read() from a YAML file through the schema table in schema.c; read by the
 * testbed, the traffic engines and the measuring. Nothing here knows how any of it is done.
 * Rates are packets/s or bit/s of the layer that `traffic.length_layer` names; lengths are bytes
 * of that layer. CPU is percent of one CPU.
 */
#ifndef VRBENCH_SCENARIO_SCENARIO_H
#define VRBENCH_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "scenario/catalogue.h"
#include "scenario/problem.h"

#define SCENARIO_NAME_MAX     64 // bytes of a scenario's name: a safe file name
#define SCENARIO_ROUTER_MAX   32 // bytes of a router's or network's name
#define SCENARIO_ROUTERS      1024
#define SCENARIO_NETWORKS     1024
#define SCENARIO_LENGTH_MIN   28   // an IPv4 and a UDP header
#define SCENARIO_LENGTH_MAX   9000 // the usual jumbo frame's MTU
#define SCENARIO_WEIGHT_MAX   65535
#define SCENARIO_CAP_MAX      409600  // 100 percent for each of 4096 CPUs
#define SCENARIO_WEIGHT       256     // default, as in Xen's credit scheduler
#define SCENARIO_CONFIG_MAX   1048576 // bytes of a routing daemon's configuration
#define SCENARIO_STAMP_LENGTH 28      // bytes of UDP payload that every test packet carries

enum topology { TOPOLOGY_DIRECT, TOPOLOGY_BRIDGED, TOPOLOGY_DEDICATED, TOPOLOGY_COUNT };
enum length_layer { LENGTH_IP, LENGTH_PAYLOAD, LENGTH_FRAME }; // frame: Ethernet with FCS
enum on_crash { ON_CRASH_RESTART, ON_CRASH_DESTROY };          // of a router that died
enum routing_daemon { DAEMON_NONE, DAEMON_FRR, DAEMON_BIRD };  // what a router learns routes by
enum rate_kind { RATES_RANGE, RATES_PPS, RATES_AUTO };

// Weight and cap of the host or of a router.
struct allocation {
    unsigned weight; // 1–65535, proportional share under contention
    unsigned cap;    // percent of one CPU, 0 = none
};

struct scenario_host {
    unsigned cpus; // CPUs that the host and all its routers share; at least 1
    struct allocation allocation;
};

struct scenario_router {
    char *name;
    struct allocation allocation;
    uint64_t memory_bytes; // 0 = not given
    enum on_crash on_crash;
    enum on_crash on_poweroff, on_reboot; // where that can be told apart from a crash
    // A machine with a system of its own: a disk image, and how it is told what the router is to be
    // (at most one of the two). Paths as the scenario names them (scenario_path()); NULL = none.
    char *image;
    struct scenario_setup {
        char *cloud_init; // "true", or a file of user data
        char *serial;     // a script for its serial console
    } setup;
    uint64_t ready_within_ns; // for such a machine to forward
    enum routing_daemon daemon;
    // A configuration file as the scenario names it: the daemon's; without a daemon, the router's
    // own, if its platform has such. NULL = none.
    char *config;
    char *config_text; // what is in that file: UTF-8; NULL if the scenario was read from memory
    struct router_file *file;    // the same, read, if it is the router's own; else NULL
    uint64_t converge_within_ns; // for it to learn its routes
    // What the scenario itself says. What it doesn't is as the router's own file says, if that
    // does: the members above have what holds.
    struct {
        bool weight, cap, memory, on_crash, on_poweroff, on_reboot;
    } given;
};

// An interface address: host byte order, prefix length 8–30.
struct ipv4_interface {
    uint32_t address;
    unsigned prefix;
};

// One source→router→sink path. `ingress` is the router's interface facing the source, `egress` the
// one facing the sink; source and ingress share a subnet, egress and sink another.
struct scenario_network {
    char *name;
    size_t router; // index into scenario.routers
    struct ipv4_interface source, ingress, egress, sink;
    // Where the router has a daemon: traffic goes from a host in a subnet behind the source to one
    // in a subnet behind the sink, to which the router has no route but what it learns. Else
    // prefix 0.
    struct ipv4_interface behind_source, behind_sink;
    // Existing interfaces of this machine used in place of made cable ends; NULL = made.
    // source and ingress are given together, or neither; so are egress and sink.
    char *source_nic, *ingress_nic, *egress_nic, *sink_nic;
};

struct rate_plan {
    enum rate_kind kind;
    double from_bps, to_bps, step_bps; // RATES_RANGE: bit/s of the length layer, both ends included
    double *pps;                       // RATES_PPS: each offered load, packets/s a network
    size_t pps_count;
    unsigned auto_points; // RATES_AUTO: number of points, the last just past saturation
};

struct scenario_traffic {
    char *engine; // name of a traffic engine: one of scenario_engine()'s
    unsigned *lengths;
    size_t length_count;
    enum length_layer length_layer;
    struct rate_plan rates;
    uint64_t duration_ns; // of each trial's sending
    unsigned repeats;     // trials a point, at least 1
};

// How figures are taken: with the kernel's own counters over the whole trial, or CPU as the study
// read it, over SNMP from an agent's script, once and in the middle.
enum method { METHOD_PRECISE, METHOD_STUDY };
const char *method_name(enum method method); // "precise", "study"

struct scenario {
    char *name;
    enum method method;
    char *file; // path it was read from, NULL if from memory
    char *text; // the YAML text itself
    char *platform;
    enum topology topologies[TOPOLOGY_COUNT]; // in order of measuring: direct first
    size_t topology_count;
    struct scenario_host host;
    struct scenario_router *routers;
    size_t router_count;
    struct scenario_network *networks;
    size_t network_count;
    struct scenario_traffic traffic;
};

enum engine_can {
    ENGINE_FRAGMENTS = 1 << 0, // payloads that do not fit MTU 1500 leave in IP fragments
    ENGINE_COMPANY = 1 << 1,   // hand-shakes and reports of its own take the same path, uncounted
};

// What a traffic engine can be asked for: its row of engines.h.
struct engine_traits {
    const char *name;
    enum length_layer length_layer; // what lengths count where the scenario doesn't say
    unsigned payload_min;           // bytes of UDP payload that it needs for itself
    const char *payload_use;        // what for
    uint64_t duration_step_ns;      // trials last a multiple of this
    unsigned
        slack;    // packets by which a count may miss the request although the source did its work
    unsigned can; // enum engine_can
};

// Reads and checks a scenario file. `cpus_online` is the number of CPUs this process may use.
// Returns 0 and a new scenario that the caller frees, or a negative errno. Then err->text holds
// every problem, one a line, each as "file:line:column: text", and exit status 2.
int scenario_read(const char *path, unsigned cpus_online, struct scenario **ret, struct error *err);
// The same with another traffic engine in place of the file's (NULL = the file's): whatever depends
// on the engine is read and checked as if the file named it. Fails with exit status 2 also if
// there is no such engine.
int scenario_read_for(const char *path, const char *engine, unsigned cpus_online,
                      struct scenario **ret, struct error *err);
// The same from text in memory, for tests and fuzzers; problems are given as a list.
// Returns 0, or -EINVAL with at least one problem; ret_problems is always filled in and is to be
// freed with scenario_problems_clear().
int scenario_parse(const char *text, size_t length, unsigned cpus_online, struct scenario **ret,
                   struct scenario_problems *ret_problems);
void scenario_free(struct scenario *scenario);

const char *topology_name(enum topology topology); // "direct", "bridged", "dedicated"
// 0 and the topology of that name, or -EINVAL.
int topology_from_name(const char *name, enum topology *ret);
// A path that the scenario names, from where the scenario's file is. The caller frees it.
char *scenario_path(const struct scenario *scenario, const char *named);
const char *on_crash_name(enum on_crash on_crash);           // "restart", "destroy"
const char *routing_daemon_name(enum routing_daemon daemon); // "none", "frr", "bird"
const char *length_layer_name(enum length_layer layer);      // "ip", "payload", "frame"

// The traits of the engine of that name, or NULL; a scenario that was read has a known one.
const struct engine_traits *scenario_engine(const char *name);

// Addresses that traffic of a network goes from and to.
struct ipv4_interface scenario_from(const struct scenario_network *network);
struct ipv4_interface scenario_to(const struct scenario_network *network);
// Where a router's configuration file is: from the scenario's folder. The caller frees it; NULL
// without.
char *scenario_config_path(const struct scenario *scenario, size_t router);
// Gives a router of a scenario read from memory what is in its configuration file (NULL = none), as
// scenario_read() found it; scenario->file says where the scenario is. -EINVAL if that can't be
// read.
int scenario_recall_config(struct scenario *scenario, size_t router, const char *text);
// What the name of a router is taken for already ("the tester"); NULL = the name is free. Nodes of
// a testbed, parties whose CPU is metered, and domains in the output of xen-stats have one name
// each.
const char *scenario_reserved(const char *name);
// Whether any router has a routing daemon.
bool scenario_is_routed(const struct scenario *scenario);

// Whether the host or any router has a cap.
bool scenario_is_capped(const struct scenario *scenario);

// Bytes of the IP packet (one packet, no fragments) for a length of the given layer.
unsigned scenario_ip_length(unsigned length, enum length_layer layer);
// Packets/s that a bit rate of the length layer amounts to.
double scenario_pps(double bps, unsigned length);
// Offered loads (packets/s a network, ascending as given) for a length, from a range or a list, in
// a new array that the caller frees; 0 loads for RATES_AUTO, which only measuring can find.
size_t scenario_rates(const struct scenario_traffic *traffic, unsigned length, double **ret_pps);

#define _cleanup_scenario_ __attribute__((cleanup(scenario_free_slot)))
static inline void scenario_free_slot(struct scenario **slot)
{
    scenario_free(*slot);
}

#endif
