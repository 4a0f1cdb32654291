// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/schema — every key of a scenario file but those of its traffic (schema_traffic.c), one
 * row each. Contains tables only.
 *
 * Walked by schema_read(). Rules between several keys are in check.c.
 */
#include "scenario/schema.h"

#include "scenario/draft.h"
#include "scenario/parts.h"
#include "scenario/path.h"

#define WEIGHT_ROW(object)                                                                         \
    {                                                                                              \
        .key = "weight", .type = &type_whole_number,                                               \
        .offset = offsetof(object, allocation.weight), .min = "1",                                 \
        .max = DIGITS(SCENARIO_WEIGHT_MAX), .fallback = DIGITS(SCENARIO_WEIGHT),                   \
        .help = "proportional share of the CPU under contention with the other weights",           \
    }
#define CAP_ROW(object)                                                                            \
    {                                                                                              \
        .key = "cap", .type = &type_whole_number, .offset = offsetof(object, allocation.cap),      \
        .min = "0", .max = DIGITS(SCENARIO_CAP_MAX), .fallback = "0",                              \
        .help = "CPU limit in percent of one CPU, 0 for none",                                     \
    }

static const struct schema_row host_rows[] = {
    {.key = "cpus",
     .type = &type_whole_number,
     .offset = offsetof(struct scenario_host, cpus),
     .min = "1",
     .max = "4096",
     .fallback = "1",
     .help = "CPUs that the host and all its routers share"},
    WEIGHT_ROW(struct scenario_host),
    CAP_ROW(struct scenario_host),
    {.key = NULL},
};

#define SETUP(member)   offsetof(struct scenario_router, setup.member)
#define STARTUP(member) offsetof(struct scenario_router, startup.member)

static const struct schema_row setup_rows[] = {
    {.key = "cloud_init",
     .type = &type_path,
     .offset = SETUP(cloud_init),
     .limit = 1000,
     .help = "true, or a user-data file in the scenario's folder: cloud-init in the image "
             "reads it, with the router's interfaces, from a separate disk"},
    {.key = "serial",
     .type = &type_path,
     .offset = SETUP(serial),
     .limit = 1000,
     .help = "a script in the scenario's folder of the dialogue on the serial console"},
    {.key = NULL},
};

static const struct schema_row router_rows[] = {
    WEIGHT_ROW(struct scenario_router),
    CAP_ROW(struct scenario_router),
    {.key = "memory",
     .type = &type_size,
     .offset = offsetof(struct scenario_router, memory_bytes),
     .min = "1 MiB",
     .max = "1024 GiB",
     .help = "memory of the router, for platforms that allocate it"},
    {.key = "on_crash",
     .type = &type_choice,
     .offset = offsetof(struct scenario_router, on_crash),
     .choices = on_crash_names,
     .fallback = "restart",
     .help = "what happens if the router dies while its testbed stands: restart or destroy"},
    {.key = "on_poweroff",
     .type = &type_choice,
     .offset = offsetof(struct scenario_router, on_poweroff),
     .choices = on_crash_names,
     .fallback = "destroy",
     .help = "the same if its own system powers it off, on platform xen; on other platforms that "
             "counts as a death"},
    {.key = "on_reboot",
     .type = &type_choice,
     .offset = offsetof(struct scenario_router, on_reboot),
     .choices = on_crash_names,
     .fallback = "restart",
     .help = "the same if its own system reboots"},
    {.key = "daemon",
     .type = &type_choice,
     .offset = offsetof(struct scenario_router, daemon),
     .choices = routing_daemon_names,
     .fallback = "none",
     .help = "routing daemon that runs in the router and learns its routes: frr, bird or none"},
    {.key = "config",
     .type = &type_path,
     .offset = offsetof(struct scenario_router, config),
     .limit = 1000,
     .help = "the daemon's configuration file in the scenario's folder; without a daemon, on "
             "platform xen, an xm-style file of the domain"},
    {.key = "files",
     .kind = SCHEMA_PAIRS,
     .type = &type_path,
     .offset = STARTUP(files),
     .count_offset = STARTUP(file_count),
     .size = sizeof(struct scenario_file),
     .limit = SCENARIO_FILES,
     .help = "files that it gets whenever it starts, path in the router: file in the scenario's "
             "folder"},
    {.key = "sysctl",
     .kind = SCHEMA_PAIRS,
     .type = &type_phrase,
     .offset = STARTUP(sysctls),
     .count_offset = STARTUP(sysctl_count),
     .size = sizeof(struct scenario_sysctl),
     .limit = SCENARIO_COMMANDS,
     .help = "settings of its kernel, name: value, whenever it starts"},
    {.key = "nft",
     .type = &type_path,
     .offset = STARTUP(nft),
     .limit = 1000,
     .help = "a file of nftables rules in the scenario's folder, loaded whenever it starts"},
    {.key = "run",
     .kind = SCHEMA_LIST,
     .type = &type_command,
     .offset = STARTUP(commands),
     .count_offset = STARTUP(command_count),
     .size = sizeof(char *),
     .limit = SCENARIO_COMMANDS,
     .help = "commands that run inside it, one after the other, whenever it starts"},
    {.key = "converge_within",
     .type = &type_duration,
     .offset = offsetof(struct scenario_router, converge_within_ns),
     .min = "1 s",
     .max = "1 h",
     .fallback = "60 s",
     .help = "time limit for the daemon to learn the routes that the traffic requires"},
    {.key = "image",
     .type = &type_path,
     .offset = offsetof(struct scenario_router, image),
     .limit = 1000,
     .help = "a qcow2 disk image in the scenario's folder, which the machine boots "
             "instead of the tiny router guest"},
    {.key = "setup",
     .kind = SCHEMA_GROUP,
     .rows = setup_rows,
     .help = "how the system of the image is configured: cloud_init or serial"},
    {.key = "ready_within",
     .type = &type_duration,
     .offset = offsetof(struct scenario_router, ready_within_ns),
     .min = "1 s",
     .max = "1 h",
     .fallback = "10 min",
     .help = "time limit for the system of the image to forward, counted from the end of its "
             "serial script"},
    {.key = NULL},
};

static const struct schema_row address_rows[] = {
    {.key = "source",
     .type = &type_address,
     .required = true,
     .offset = offsetof(struct network_draft, network.source),
     .help = "address/prefix length of the traffic source"},
    {.key = "ingress",
     .type = &type_address,
     .required = true,
     .offset = offsetof(struct network_draft, network.ingress),
     .help = "address/prefix length of the router's interface facing the source"},
    {.key = "egress",
     .type = &type_address,
     .required = true,
     .offset = offsetof(struct network_draft, network.egress),
     .help = "address/prefix length of the router's interface facing the sink"},
    {.key = "sink",
     .type = &type_address,
     .required = true,
     .offset = offsetof(struct network_draft, network.sink),
     .help = "address/prefix length of the sink"},
    {.key = NULL},
};

static const struct schema_row behind_rows[] = {
    {.key = "source",
     .type = &type_address,
     .required = true,
     .offset = offsetof(struct network_draft, network.behind_source),
     .help = "address/prefix length of a host behind the traffic source"},
    {.key = "sink",
     .type = &type_address,
     .required = true,
     .offset = offsetof(struct network_draft, network.behind_sink),
     .help = "address/prefix length of a host behind the sink"},
    {.key = NULL},
};

static const struct schema_row network_rows[] = {
    {.key = "router",
     .type = &type_name,
     .offset = offsetof(struct network_draft, router),
     .limit = SCENARIO_ROUTER_MAX,
     .help = PATH_ROUTER_HELP},
    {.key = "routers",
     .kind = SCHEMA_LIST,
     .type = &type_name,
     .offset = offsetof(struct network_draft, routers),
     .count_offset = offsetof(struct network_draft, router_count),
     .size = sizeof(char *),
     .limit = SCENARIO_HOPS,
     .name_max = SCENARIO_ROUTER_MAX,
     .help = "in place of router: the names of all routers that forward for this network, from the "
             "source's to the sink's; a link joins each to the next, which all networks share"},
    {.key = "ip",
     .type = &type_ip_version,
     .offset = offsetof(struct network_draft, network.ip),
     .help = "IP version of the network's addresses and traffic: 4 or 6; by default that of its "
             "addresses, else 4"},
    {.key = "share",
     .type = &type_number,
     .offset = offsetof(struct network_draft, network.share),
     .min = "0.001",
     .max = "1000",
     .fallback = "1",
     .help = "the network's load as a multiple of the offered load"},
    {.key = "rate",
     .type = &type_rate,
     .offset = offsetof(struct network_draft, network.rate),
     .help = "the network's own load, packets/s or bit/s of the length layer, the same at every "
             "offered load; by default it has the offered load"},
    {.key = "length",
     .type = &type_whole_number,
     .offset = offsetof(struct network_draft, network.length),
     .min = "16",
     .max = "9018",
     .help = "the network's own packet length in bytes of the length layer, the same at every one "
             "of traffic.lengths; by default these are its lengths"},
    {.key = "directions",
     .type = &type_choice,
     .offset = offsetof(struct network_draft, network.directions),
     .choices = directions_names,
     .fallback = "one",
     .help = "one: packets go from source to sink; both: as many also go from sink to source at "
             "the same time, through the same router"},
    {.key = "vlan",
     .type = &type_whole_number,
     .offset = offsetof(struct network_draft, network.vlan),
     .min = "1",
     .max = "4094",
     .help = "VLAN of the network's frames between tester and device under test, whose interface "
             "is a port of it; by default they have no tag"},
    {.key = "addresses",
     .kind = SCHEMA_GROUP,
     .rows = address_rows,
     .help = "all four addresses; by default network i (from 0) has 198.18.i.0/24 on the source's "
             "side and 198.19.i.0/24 on the sink's; of more than 256 networks each has a /26; with "
             "ip: 6 it has 2001:2:0:i::/64 and 2001:2:0:8000+i::/64"},
    {.key = "behind",
     .kind = SCHEMA_GROUP,
     .rows = behind_rows,
     .help =
         "source and destination hosts of the traffic, in subnets that the router learns from the "
         "tester; by default 10.18.i.2/24 and 10.19.i.2/24"},
    {.key = NULL},
};

#define NIC_ROW(name, what)                                                                        \
    {                                                                                              \
        .key = #name, .type = &type_nic, .offset = offsetof(struct link_draft, name), .limit = 15, \
        .help = "existing interface that serves as " what,                                         \
    }

static const struct schema_row link_rows[] = {
    NIC_ROW(source, "the traffic source's; given together with ingress"),
    NIC_ROW(ingress, "the router's facing the source"),
    NIC_ROW(egress, "the router's facing the sink; given together with sink"),
    NIC_ROW(sink, "the sink's"),
    {.key = NULL},
};

#define IMPAIR(member) offsetof(struct scenario_impairment, member)

static const struct schema_row impair_rows[] = {
    {.key = "from",
     .type = &type_name,
     .required = true,
     .offset = IMPAIR(from),
     .limit = SCENARIO_ROUTER_MAX,
     .help = "where the packets come from: source, sink or the name of a router"},
    {.key = "to",
     .type = &type_name,
     .required = true,
     .offset = IMPAIR(to),
     .limit = SCENARIO_ROUTER_MAX,
     .help = "where they go: source, sink or the name of a router"},
    {.key = "network",
     .type = &type_name,
     .offset = IMPAIR(network),
     .limit = SCENARIO_ROUTER_MAX,
     .help = "the cable of this network at source or sink; by default those of all networks"},
    {.key = "directions",
     .type = &type_choice,
     .offset = IMPAIR(directions),
     .choices = directions_names,
     .fallback = "one",
     .help = "one: packets in the direction of from and to; both: also the opposite ones"},
    {.key = "loss",
     .type = &type_ratio,
     .offset = IMPAIR(what.loss),
     .max = "99 %",
     .help = "part of the packets that are dropped at random, as in 0.1 %"},
    {.key = "rate",
     .type = &type_bit_rate,
     .offset = IMPAIR(what.rate_bps),
     .min = "1 kbit/s",
     .max = "1000 Gbit/s",
     .help = "rate of the cable, bit/s of Ethernet frames with FCS"},
    {.key = "queue",
     .type = &type_duration,
     .offset = IMPAIR(what.queue_ns),
     .min = "1 us",
     .max = "10 s",
     .fallback = "10 ms",
     .help = "with rate: packets that would have to wait longer for the cable are dropped"},
    {.key = "delay",
     .type = &type_duration,
     .offset = IMPAIR(what.delay_ns),
     .min = "100 us",
     .max = "1 s",
     .help = "time by which each packet is delayed"},
    {.key = "jitter",
     .type = &type_duration,
     .offset = IMPAIR(what.jitter_ns),
     .min = "1 us",
     .max = "1 s",
     .help = "variation of each delay, evenly in both directions; packets may overtake others"},
    {.key = NULL},
};

#define SCENARIO(member) offsetof(struct draft, scenario.member)

const struct schema_row schema_scenario[] = {
    {.key = "name",
     .type = &type_name,
     .required = true,
     .offset = SCENARIO(name),
     .limit = SCENARIO_NAME_MAX,
     .help = "name of the scenario, for files and tables"},
    {.key = "method",
     .type = &type_choice,
     .offset = SCENARIO(method),
     .choices = method_names,
     .fallback = "precise",
     .help = "how CPU is measured: precise (counters around each trial), study (over SNMP at two "
             "thirds of each trial; makes engine iperf the default), or monitored (precise, and "
             "beside it what SNMP said)"},
    {.key = "platform",
     .type = &type_platform,
     .offset = SCENARIO(platform),
     .fallback = "netns",
     .help = "platform of the routers: netns (namespaces of this kernel), xen (domains, run in "
             "Domain-0), or a libvirt URI (qemu:///system: virtual machines)"},
    {.key = "topologies",
     .kind = SCHEMA_LIST,
     .type = &type_choice,
     .offset = offsetof(struct draft, topologies),
     .count_offset = offsetof(struct draft, topology_count),
     .size = sizeof(enum topology),
     .limit = TOPOLOGY_COUNT,
     .choices = topology_names,
     .fallback = "direct, bridged, dedicated",
     .help = "topologies to measure"},
    {.key = "host",
     .kind = SCHEMA_GROUP,
     .offset = SCENARIO(host),
     .rows = host_rows,
     .help = "the machine that carries the routers"},
    {.key = "routers",
     .kind = SCHEMA_NAMED,
     .required = true,
     .offset = SCENARIO(routers),
     .count_offset = SCENARIO(router_count),
     .size = sizeof(struct scenario_router),
     .limit = SCENARIO_ROUTERS,
     .name_max = SCENARIO_ROUTER_MAX,
     .rows = router_rows,
     .help = "virtual routers by name"},
    {.key = "networks",
     .kind = SCHEMA_NAMED,
     .required = true,
     .offset = offsetof(struct draft, networks),
     .count_offset = offsetof(struct draft, network_count),
     .size = sizeof(struct network_draft),
     .limit = SCENARIO_NETWORKS,
     .name_max = SCENARIO_ROUTER_MAX,
     .rows = network_rows,
     .help = "paths from a source through routers to a sink, by name"},
    {.key = "links",
     .kind = SCHEMA_NAMED,
     .offset = offsetof(struct draft, links),
     .count_offset = offsetof(struct draft, link_count),
     .size = sizeof(struct link_draft),
     .limit = SCENARIO_NETWORKS,
     .name_max = SCENARIO_ROUTER_MAX,
     .rows = link_rows,
     .help = "existing interfaces of this machine that replace made cables, by network"},
    {.key = "traffic",
     .kind = SCHEMA_GROUP,
     .required = true,
     .rows = schema_traffic,
     .help = "packets to send, and their rates"},
    {.key = "impair",
     .kind = SCHEMA_ROWS,
     .offset = SCENARIO(impairments),
     .count_offset = SCENARIO(impairment_count),
     .size = sizeof(struct scenario_impairment),
     .limit = SCENARIO_IMPAIRMENTS,
     .rows = impair_rows,
     .help = "what cables do to packets: loss, rate and delay, by the nodes that they join"},
    {.key = "expect",
     .kind = SCHEMA_LIST,
     .type = &type_phrase,
     .offset = SCENARIO(expectations),
     .count_offset = SCENARIO(expectation_count),
     .size = sizeof(struct expectation),
     .limit = 100,
     .help = "figures that the scenario must reach: [throughput >= 300 kpps, host cpu <= 40 % at "
             "100 kpps]; the exit status is 1 if one certainly does not hold"},
    {.key = NULL},
};

_Static_assert(sizeof(enum method) == sizeof(unsigned), "type_choice writes an unsigned");
_Static_assert(sizeof(enum directions) == sizeof(unsigned), "type_choice writes an unsigned");
_Static_assert(sizeof(enum topology) == sizeof(unsigned), "type_choice writes an unsigned");
_Static_assert(sizeof(enum on_crash) == sizeof(unsigned), "type_choice writes an unsigned");
_Static_assert(sizeof(enum routing_daemon) == sizeof(unsigned), "type_choice writes an unsigned");
_Static_assert(offsetof(struct expectation, text) == 0, "type_phrase writes the text");
_Static_assert(offsetof(struct scenario_router, name) == 0, "SCHEMA_NAMED: name first");
_Static_assert(offsetof(struct network_draft, network.name) == 0, "SCHEMA_NAMED: name first");
_Static_assert(offsetof(struct link_draft, network) == 0, "SCHEMA_NAMED: name first");
