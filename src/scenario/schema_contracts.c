// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/schema_contracts — every key of a contracts file, one row each. Contains tables only.
 *
 * Walked by schema_read(). Rules between several keys are in contracts.c.
 */
#include "scenario/schema.h"

#include "scenario/contracts_draft.h"

#define CONTRACT(member) offsetof(struct contract_draft, contract.member)
#define HOST(member)     offsetof(struct contracts_draft, contracts.host.member)
#define FILE_OF(member)  offsetof(struct contracts_draft, contracts.member)

static const struct schema_row contract_rows[] = {
    {.key = "rate",
     .type = &type_rate,
     .required = true,
     .offset = CONTRACT(rate),
     .help = "load that the network may offer, packets/s or bit/s of the IP layer"},
    {.key = "length",
     .type = &type_length,
     .required = true,
     .offset = offsetof(struct contract_draft, length),
     .min = "56",
     .max = "9000",
     .help = "length of its packets in bytes of the IP packet, or a mix: imix, 7x64+4x570"},
    {.key = "loss",
     .type = &type_ratio,
     .offset = CONTRACT(loss),
     .fallback = "0.5 %",
     .help = "greatest part of its packets that may be lost"},
    {.key = "price",
     .type = &type_number,
     .offset = CONTRACT(price),
     .min = "0",
     .max = "1000000000",
     .fallback = "1",
     .help = "what the contract brings in if it is kept, in any unit"},
    {.key = "priority",
     .type = &type_whole_number,
     .offset = CONTRACT(priority),
     .min = "0",
     .max = "1000",
     .fallback = "0",
     .help = "contracts of a higher priority are placed first"},
    {.key = "memory",
     .type = &type_size,
     .offset = CONTRACT(memory_bytes),
     .min = "1 MiB",
     .max = "1024 GiB",
     .help = "memory of its router, for platforms that allocate it"},
    {.key = NULL},
};

static const struct schema_row host_rows[] = {
    {.key = "cpus",
     .type = &type_whole_number,
     .offset = HOST(cpus),
     .min = "1",
     .max = "4096",
     .fallback = "1",
     .help = "CPUs of each host that the host and its routers share"},
    {.key = "nics",
     .type = &type_whole_number,
     .offset = HOST(nics),
     .min = "0",
     .max = "4096",
     .fallback = "2",
     .help = "network interfaces of each host: a dedicated router takes two, bridged routers share "
             "two"},
    {.key = "count",
     .type = &type_whole_number,
     .offset = HOST(count),
     .min = "1",
     .max = "1000",
     .fallback = "1",
     .help = "number of such hosts"},
    {.key = "memory",
     .type = &type_size,
     .offset = HOST(memory_bytes),
     .min = "1 MiB",
     .max = "1024 GiB",
     .help = "memory of each host for its routers; by default it is no limit"},
    {.key = "margin",
     .type = &type_ratio,
     .offset = HOST(margin),
     .max = "50 %",
     .fallback = "2 %",
     .help = "part of each host's CPUs that the plan leaves unused"},
    {.key = NULL},
};

const struct schema_row schema_contracts[] = {
    {.key = "name",
     .type = &type_name,
     .required = true,
     .offset = FILE_OF(name),
     .limit = SCENARIO_NAME_MAX - 8,
     .help = "name of the contracts, for files and tables"},
    {.key = "platform",
     .type = &type_platform,
     .offset = FILE_OF(platform),
     .fallback = "netns",
     .help = "platform of the routers, as in a scenario"},
    {.key = "contracts",
     .kind = SCHEMA_NAMED,
     .required = true,
     .offset = offsetof(struct contracts_draft, items),
     .count_offset = offsetof(struct contracts_draft, count),
     .size = sizeof(struct contract_draft),
     .limit = CONTRACTS_MAX,
     .name_max = CONTRACTS_NAME_MAX,
     .rows = contract_rows,
     .help = "contracts by the name of their network"},
    {.key = "host", .kind = SCHEMA_GROUP, .rows = host_rows, .help = "the hosts, which are alike"},
    {.key = "goal",
     .type = &type_choice,
     .offset = FILE_OF(goal),
     .choices = contract_goal_names,
     .fallback = "contracts",
     .help = "what the plan is the best of: contracts (most kept), revenue (highest), cpus, hosts "
             "(fewest), headroom (most) or fairness"},
    {.key = NULL},
};

_Static_assert(sizeof(enum contract_goal) == sizeof(unsigned), "type_choice writes an unsigned");
_Static_assert(offsetof(struct contract_draft, contract.name) == 0, "SCHEMA_NAMED: name first");
