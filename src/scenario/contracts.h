// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/contracts — contracts of networks, and the hosts that are there to keep them, as plain
 * structs.
 *
 * Filled by contracts_read() from a YAML file through the table in schema_contracts.c; read by the
 * planner of advice/. Lengths are bytes of the IP packet, bit rates those of the IP layer.
 */
#ifndef VRBENCH_SCENARIO_CONTRACTS_H
#define VRBENCH_SCENARIO_CONTRACTS_H

#include "scenario/scenario.h"

#define CONTRACTS_MAX      2000
#define CONTRACTS_NAME_MAX 29 // longest name in bytes; its router is called "r-NAME"
#define CONTRACTS_HOSTS    1000

// What a plan maximises or minimises (docs/indexes.md).
enum contract_goal {
    GOAL_CONTRACTS,
    GOAL_REVENUE,
    GOAL_CPUS,
    GOAL_HOSTS,
    GOAL_HEADROOM,
    GOAL_FAIRNESS,
    GOAL_COUNT
};
const char *contract_goal_name(enum contract_goal goal); // "contracts", "revenue", …
// 0 and the goal of that name, or -EINVAL.
int contract_goal_from_name(const char *name, enum contract_goal *ret);

struct contract {
    char *name;
    struct profile_rate rate; // as written
    unsigned length;          // of its packets; of a mix: the mean, rounded
    struct length_mix mix;    // part_count 0 = all packets have that length
    double loss;              // greatest loss ratio
    double price;
    unsigned priority;     // a contract of a higher priority goes first
    uint64_t memory_bytes; // of its router; 0 = not set
    double pps;            // its rate, packets/s
};

struct contracts_host {
    unsigned cpus;         // CPUs of each host that it shares with its routers
    unsigned nics;         // of each host
    unsigned count;        // number of hosts
    uint64_t memory_bytes; // of each host, for routers; 0 = unlimited
    double margin;         // part of a host's CPUs that a plan leaves unused
};

struct contracts {
    char *name;
    char *platform;
    enum contract_goal goal;
    struct contracts_host host;
    struct contract *items;
    size_t count;
};

// Reads and checks a contracts file, as scenario_read() does: for an invalid file err->text
// contains every problem, one a line, with exit status 2.
int contracts_read(const char *path, struct contracts **ret, struct error *err);
// The same from text in memory, for tests and fuzzers, as scenario_parse().
int contracts_parse(const char *text, size_t length, struct contracts **ret,
                    struct scenario_problems *ret_problems);
void contracts_free(struct contracts *contracts);

#define _cleanup_contracts_ __attribute__((cleanup(contracts_free_slot)))
static inline void contracts_free_slot(struct contracts **slot)
{
    contracts_free(*slot);
}

#endif
