// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/contracts — see contracts.h. Called by cli/, tests and the fuzzer.
#include "scenario/contracts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "scenario/contracts_draft.h"
#include "scenario/mix.h"
#include "scenario/schema.h"
#include "scenario/yaml.h"

const char *const contract_goal_names[] = {
    [GOAL_CONTRACTS] = "contracts",
    [GOAL_REVENUE] = "revenue",
    [GOAL_CPUS] = "cpus",
    [GOAL_HOSTS] = "hosts",
    [GOAL_HEADROOM] = "headroom",
    [GOAL_FAIRNESS] = "fairness",
    [GOAL_COUNT] = NULL,
};

const char *contract_goal_name(enum contract_goal goal)
{
    return contract_goal_names[goal];
}

int contract_goal_from_name(const char *name, enum contract_goal *ret)
{
    for (enum contract_goal goal = 0; goal < GOAL_COUNT; goal++) {
        if (text_equal(contract_goal_names[goal], name)) {
            *ret = goal;
            return 0;
        }
    }
    return -EINVAL;
}

// Fills in what follows from several keys.
static void settle_contract(struct contract *contract, const struct length_draft *length)
{
    double mean = length->length;
    contract->length = length->length;
    if (length->mix.name[0] != '\0') {
        contract->mix = length->mix;
        mix_settle(&contract->mix, LENGTH_IP, 4);
        mean = mix_mean(&contract->mix);
        contract->length = (unsigned)lround(mean);
    }
    contract->pps = mean > 0.0 ? scenario_profile_pps(&contract->rate, mean) : 0.0;
}

static void check_contracts(const struct contracts *contracts, const struct yaml_node *root,
                            struct scenario_problems *problems)
{
    const struct yaml_node *nodes = yaml_child(root, "contracts");
    for (size_t i = 0; i < contracts->count; i++) {
        struct yaml_node *rate = yaml_sound(nodes->children[i], "rate");
        bool known = yaml_sound(nodes->children[i], "length") != NULL;
        if (rate != NULL && known && contracts->items[i].pps < 1.0) {
            yaml_problem(
                rate, problems,
                text_format("rate: expected at least one packet/s, not %.60s", rate->text));
        }
        struct yaml_node *memory = yaml_sound(nodes->children[i], "memory");
        if (memory != NULL && contracts->host.memory_bytes > 0 &&
            contracts->items[i].memory_bytes > contracts->host.memory_bytes) {
            yaml_problem(
                memory, problems,
                text_format("memory: expected at most host.memory, not %.60s", memory->text));
        }
    }
}

int contracts_parse(const char *text, size_t length, struct contracts **ret,
                    struct scenario_problems *ret_problems)
{
    struct scenario_problems problems = {NULL, 0};
    _cleanup_yaml_ struct yaml_node *root = NULL;
    if (yaml_read(text, length, &root, &problems) == 0) {
        struct contracts_draft draft = {.items = NULL};
        schema_read(schema_contracts, root, &draft, &problems);
        _cleanup_contracts_ struct contracts *contracts = memory_new(1, sizeof *contracts);
        *contracts = draft.contracts;
        contracts->items = memory_new_array(struct contract, draft.count);
        contracts->count = draft.count;
        for (size_t i = 0; i < draft.count; i++) {
            contracts->items[i] = draft.items[i].contract;
            settle_contract(&contracts->items[i], &draft.items[i].length);
        }
        free(draft.items);
        check_contracts(contracts, root, &problems);
        if (problems.count == 0) {
            *ret = steal_pointer(&contracts);
        }
    }
    problems_sort(&problems);
    *ret_problems = problems;
    return problems.count == 0 ? 0 : -EINVAL;
}

int contracts_read(const char *path, struct contracts **ret, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    int rc = yaml_read_file(path, &text, &length, err);
    if (rc < 0) {
        return rc;
    }
    struct scenario_problems problems = {NULL, 0};
    (void)contracts_parse(text, length, ret, &problems);
    return problems_fail(&problems, path, err);
}

void contracts_free(struct contracts *contracts)
{
    if (contracts == NULL) {
        return;
    }
    for (size_t i = 0; i < contracts->count; i++) {
        free(contracts->items[i].name);
    }
    free(contracts->items);
    free(contracts->platform);
    free(contracts->name);
    free(contracts);
}
