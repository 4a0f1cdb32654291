// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fuzzer of the contracts reader: any text gives contracts or problems.
 *
 * Seeds are in corpus/contracts/.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/contracts.h"

#define ENSURE(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ensure_contract(const struct contract *contract)
{
    ENSURE(text_is_safe_name(contract->name, CONTRACTS_NAME_MAX));
    ENSURE(contract->pps >= 1.0 && isfinite(contract->pps));
    ENSURE(contract->length >= 56 && contract->length <= SCENARIO_LENGTH_MAX);
    ENSURE(contract->loss >= 0.0 && contract->loss < 1.0);
    ENSURE(contract->price >= 0.0 && isfinite(contract->price));
    for (unsigned i = 0; i < contract->mix.slot_count; i++) {
        ENSURE(contract->mix.slots[i] < contract->mix.part_count);
    }
}

static void ensure_contracts(const struct contracts *contracts)
{
    ENSURE(text_is_safe_name(contracts->name, SCENARIO_NAME_MAX));
    ENSURE(contracts->platform != NULL);
    ENSURE(contracts->goal < GOAL_COUNT);
    ENSURE(contracts->host.cpus >= 1);
    ENSURE(contracts->host.count >= 1 && contracts->host.count <= CONTRACTS_HOSTS);
    ENSURE(contracts->host.margin >= 0.0 && contracts->host.margin <= 0.5);
    ENSURE(contracts->count >= 1 && contracts->count <= CONTRACTS_MAX);
    for (size_t i = 0; i < contracts->count; i++) {
        ensure_contract(&contracts->items[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario_problems problems;
    _cleanup_contracts_ struct contracts *contracts = NULL;
    catalogue_use(&machine_catalogue);
    int rc = contracts_parse((const char *)data, size, &contracts, &problems);
    ENSURE((rc == 0) == (contracts != NULL) && (rc == 0) == (problems.count == 0));
    for (size_t i = 0; i < problems.count; i++) {
        const struct scenario_problem *problem = &problems.items[i];
        ENSURE(problem->text != NULL && problem->text[0] != '\0');
        ENSURE(strpbrk(problem->text, "\n\r\x1b") == NULL);
        ENSURE((problem->line == 0) == (problem->column == 0));
    }
    if (contracts != NULL) {
        ensure_contracts(contracts);
    }
    scenario_problems_clear(&problems);
    return 0;
}
