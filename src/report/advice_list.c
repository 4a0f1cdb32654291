// SPDX-License-Identifier: GPL-3.0-or-later
// report/advice_list — see advice_list.h.
#include "report/advice_list.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/writer.h"
#include "result/json_text.h"

#define WIDTH 80

// ---- routers

enum {
    ROUTER_CONTRACT,
    ROUTER_HOST,
    ROUTER_TOPOLOGY,
    ROUTER_RATE,
    ROUTER_PERCENT,
    ROUTER_BRIDGING,
    ROUTER_WEIGHT,
    ROUTER_CAP,
    ROUTER_LOSS,
    ROUTER_COLUMNS
};

static const struct column router_columns[ROUTER_COLUMNS] = {
    [ROUTER_CONTRACT] = {"contract", "Contract", COLUMN_TEXT, 0},
    [ROUTER_HOST] = {"host", "Host", COLUMN_NUMBER, 0},
    [ROUTER_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [ROUTER_RATE] = {"pps", "Rate pps", COLUMN_REAL, 0},
    [ROUTER_PERCENT] = {"router_percent", "Router %", COLUMN_TEXT, 0},
    [ROUTER_BRIDGING] = {"host_percent", "Host %", COLUMN_REAL, 1},
    [ROUTER_WEIGHT] = {"weight", "Weight", COLUMN_NUMBER, 0},
    [ROUTER_CAP] = {"cap", "Cap %", COLUMN_NUMBER, 0},
    [ROUTER_LOSS] = {"loss", "Loss %", COLUMN_TEXT, 0},
};

static char *range_text(const struct advice_range *range)
{
    return text_format("%.1f-%.1f", range->low, range->high);
}

// Expected loss and the upper end of its interval.
static char *loss_text(const struct advice_range *loss)
{
    return loss->high > loss->value
               ? text_format("%.2g (<=%.2g)", 100.0 * loss->value, 100.0 * loss->high)
               : text_format("%.2g", 100.0 * loss->value);
}

static int print_routers(const struct advice *advice, FILE *out, bool colour, struct error *err)
{
    struct writer *writer = writer_table(out, router_columns, ROUTER_COLUMNS, WIDTH, colour);
    int rc = 0;
    for (size_t h = 0; rc == 0 && h < advice->hosts_used; h++) {
        for (size_t i = 0; rc == 0 && i < advice->contracts->count; i++) {
            const struct advice_contract *item = &advice->items[i];
            if (item->part <= 0.0 || item->host != h) {
                continue;
            }
            _cleanup_free_ char *percent = range_text(&item->router_percent);
            _cleanup_free_ char *loss = loss_text(&item->loss);
            const struct value row[ROUTER_COLUMNS] = {
                [ROUTER_CONTRACT] = VALUE_TEXT(item->contract->name),
                [ROUTER_HOST] = VALUE_INTEGER(h + 1),
                [ROUTER_TOPOLOGY] = VALUE_TEXT(topology_name(item->topology)),
                [ROUTER_RATE] = VALUE_REAL(item->pps),
                [ROUTER_PERCENT] = VALUE_TEXT(percent),
                [ROUTER_BRIDGING] = VALUE_REAL(item->host_percent.value),
                [ROUTER_WEIGHT] = VALUE_INTEGER(item->weight),
                [ROUTER_CAP] = item->cap > 0 ? VALUE_INTEGER(item->cap) : VALUE_ABSENT,
                [ROUTER_LOSS] = VALUE_TEXT(loss),
            };
            rc = writer_row(writer, row, err);
        }
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}

// ---- hosts

enum {
    HOST_NUMBER,
    HOST_TOPOLOGY,
    HOST_ROUTERS,
    HOST_NICS,
    HOST_PERCENT,
    HOST_HEADROOM,
    HOST_EXPECTED,
    HOST_WEIGHT,
    HOST_COLUMNS
};

static const struct column host_columns[HOST_COLUMNS] = {
    [HOST_NUMBER] = {"host", "Host", COLUMN_NUMBER, 0},
    [HOST_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [HOST_ROUTERS] = {"contracts", "Routers", COLUMN_INTEGER, 0},
    [HOST_NICS] = {"nics", "NICs", COLUMN_INTEGER, 0},
    [HOST_PERCENT] = {"percent", "Needs %", COLUMN_TEXT, 0},
    [HOST_HEADROOM] = {"headroom", "Headroom %", COLUMN_TEXT, 0},
    [HOST_EXPECTED] = {"expected_percent", "Uses %", COLUMN_REAL, 0},
    [HOST_WEIGHT] = {"weight", "Host's weight", COLUMN_NUMBER, 0},
};

static int print_hosts(const struct advice *advice, FILE *out, bool colour, struct error *err)
{
    struct writer *writer = writer_table(out, host_columns, HOST_COLUMNS, WIDTH, colour);
    int rc = 0;
    for (size_t h = 0; rc == 0 && h < advice->hosts_used; h++) {
        const struct advice_host *host = &advice->hosts[h];
        _cleanup_free_ char *percent = range_text(&host->percent);
        _cleanup_free_ char *headroom = range_text(&host->headroom);
        const struct value row[HOST_COLUMNS] = {
            [HOST_NUMBER] = VALUE_INTEGER(h + 1),
            [HOST_TOPOLOGY] = VALUE_TEXT(topology_name(host->topology)),
            [HOST_ROUTERS] = VALUE_INTEGER(host->contracts),
            [HOST_NICS] = VALUE_INTEGER(host->nics),
            [HOST_PERCENT] = VALUE_TEXT(percent),
            [HOST_HEADROOM] = VALUE_TEXT(headroom),
            [HOST_EXPECTED] =
                isnan(host->expected_percent) ? VALUE_ABSENT : VALUE_REAL(host->expected_percent),
            [HOST_WEIGHT] = VALUE_INTEGER(host->weight),
        };
        rc = writer_row(writer, row, err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}

// ---- the text around the tables

// Prints a text in lines of at most WIDTH columns, the second and later ones indented.
static void print_wrapped(FILE *out, const char *text)
{
    size_t width = WIDTH;
    const char *indent = "";
    while (*text != '\0') {
        size_t bytes = text_bytes_within(text, width);
        if (text[bytes] != '\0') {
            size_t blank = bytes;
            while (blank > 0 && text[blank] != ' ') {
                blank--;
            }
            bytes = blank > 0 ? blank : bytes;
        }
        fprintf(out, "%s%.*s\n", indent, (int)bytes, text);
        text += bytes;
        text += *text == ' ';
        indent = "    ";
        width = WIDTH - 4;
    }
}

static void print_refusals(const struct advice *advice, FILE *out)
{
    bool first = true;
    for (size_t i = 0; i < advice->contracts->count; i++) {
        const struct advice_contract *item = &advice->items[i];
        if (item->why != NULL) {
            _cleanup_free_ char *line = text_format("  %s: %s", item->contract->name, item->why);
            fprintf(out, "%s", first ? "\nNot kept:\n" : "");
            print_wrapped(out, line);
            first = false;
        }
    }
}

// Decimals of sums of prices.
static int price_decimals(const struct contracts *contracts)
{
    for (size_t i = 0; i < contracts->count; i++) {
        const double price = contracts->items[i].price;
        if (fabs(price - round(price)) > 1e-9) {
            return 2;
        }
    }
    return 0;
}

static void print_head(const struct advice *advice, FILE *out)
{
    const struct contracts *contracts = advice->contracts;
    double asked = 0.0;
    for (size_t i = 0; i < contracts->count; i++) {
        asked += contracts->items[i].price;
    }
    char revenue[48];
    char possible[48];
    text_group_digits(advice->revenue, price_decimals(contracts), revenue);
    text_group_digits(asked, price_decimals(contracts), possible);
    fprintf(out, "Plan of %s (goal %s): %zu of %zu contracts kept, revenue %s of %s\n",
            contracts->name, contract_goal_name(advice->goal), advice->kept, contracts->count,
            revenue, possible);
    fprintf(out,
            "%zu of %u hosts, %.1f %% of a CPU of %u %%, least headroom %.1f %%, fairness %.3f\n",
            advice->hosts_used, contracts->host.count, advice->cpu_percent,
            100 * contracts->host.cpus * contracts->host.count, advice->headroom_percent,
            advice->fairness);
}

// The unit of the figure that the bound is about.
static const char *figure_unit(const struct advice *advice)
{
    static const char *const units[GOAL_COUNT] = {
        [GOAL_CONTRACTS] = "contracts",    [GOAL_REVENUE] = "of revenue",
        [GOAL_CPUS] = "% of a CPU",        [GOAL_HOSTS] = "hosts",
        [GOAL_HEADROOM] = "% of headroom", [GOAL_FAIRNESS] = "of the rates",
    };
    const bool kept =
        advice->short_of != NULL && advice->goal != GOAL_REVENUE && advice->goal != GOAL_FAIRNESS;
    return units[kept ? GOAL_CONTRACTS : advice->goal];
}

static void print_bound(const struct advice *advice, FILE *out)
{
    char figure[48];
    char bound[48];
    const bool fine =
        advice->short_of == NULL && (advice->goal == GOAL_CPUS || advice->goal == GOAL_HEADROOM);
    const int decimals = advice->goal == GOAL_FAIRNESS  ? 3
                         : advice->goal == GOAL_REVENUE ? price_decimals(advice->contracts)
                         : fine                         ? 1
                                                        : 0;
    text_group_digits(advice->figure, decimals, figure);
    text_group_digits(advice->bound, decimals, bound);
    if (advice->gap <= 0.0) {
        fprintf(out, "\nOptimum: %s %s; no plan does better.\n", figure, figure_unit(advice));
        return;
    }
    const bool fewest =
        advice->short_of == NULL && (advice->goal == GOAL_CPUS || advice->goal == GOAL_HOSTS);
    _cleanup_free_ char *priority =
        advice->short_of == NULL || advice->level_count == 1
            ? text_copy("")
            : text_format(" at priority %u", advice->short_of->priority);
    _cleanup_free_ char *line =
        text_format("At most %.2g %% from the optimum: %s %s%s, and no plan has %s than %s.",
                    100.0 * advice->gap, figure, figure_unit(advice), priority,
                    fewest ? "less" : "more", bound);
    fprintf(out, "\n");
    print_wrapped(out, line);
}

int advice_print(const struct advice *advice, FILE *out, bool colour, struct error *err)
{
    print_head(advice, out);
    if (advice->hosts_used > 0) {
        fprintf(out, "\n");
        int rc = print_routers(advice, out, colour, err);
        fprintf(out, "\n");
        rc = rc < 0 ? rc : print_hosts(advice, out, colour, err);
        if (rc < 0) {
            return rc;
        }
    }
    print_refusals(advice, out);
    print_bound(advice, out);
    return 0;
}

// ---- JSON

static json_t *range_to_json(const struct advice_range *range)
{
    json_t *json = json_object();
    json_set_real(json, "value", range->value);
    json_set_real(json, "low", range->low);
    json_set_real(json, "high", range->high);
    return json;
}

static json_t *contract_to_json(const struct advice_contract *item)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string(item->contract->name));
    json_object_set_new(json, "priority", json_integer(item->contract->priority));
    json_set_real(json, "price", item->contract->price);
    json_set_real(json, "asked_pps", item->contract->pps);
    json_object_set_new(json, "kept", json_boolean(item->kept));
    json_set_real(json, "part", item->part);
    if (item->part > 0.0) {
        json_object_set_new(json, "host", json_integer((json_int_t)item->host + 1));
        json_object_set_new(json, "topology", json_string(topology_name(item->topology)));
        json_set_real(json, "pps", item->pps);
        json_object_set_new(json, "router_percent", range_to_json(&item->router_percent));
        json_object_set_new(json, "host_percent", range_to_json(&item->host_percent));
        json_object_set_new(json, "loss_ratio", range_to_json(&item->loss));
        json_object_set_new(json, "weight", json_integer(item->weight));
        if (item->cap > 0) {
            json_object_set_new(json, "cap", json_integer(item->cap));
        }
    }
    json_set_text(json, "why", item->why);
    return json;
}

static json_t *host_to_json(const struct advice_host *host, size_t number)
{
    json_t *json = json_object();
    json_object_set_new(json, "host", json_integer((json_int_t)number + 1));
    json_object_set_new(json, "topology", json_string(topology_name(host->topology)));
    json_object_set_new(json, "contracts", json_integer((json_int_t)host->contracts));
    json_object_set_new(json, "nics", json_integer(host->nics));
    json_object_set_new(json, "percent", range_to_json(&host->percent));
    json_object_set_new(json, "headroom", range_to_json(&host->headroom));
    json_set_real(json, "usable_percent", host->usable_percent);
    json_set_real(json, "expected_percent", host->expected_percent);
    if (host->growth_known) {
        json_object_set_new(json, "growth", range_to_json(&host->growth));
    }
    json_object_set_new(json, "weight", json_integer(host->weight));
    return json;
}

static json_t *level_to_json(const struct advice_level *level)
{
    json_t *json = json_object();
    json_object_set_new(json, "priority", json_integer(level->priority));
    json_set_real(json, "value", level->value);
    json_set_real(json, "asked", level->asked);
    json_set_real(json, "bound", level->bound);
    return json;
}

json_t *advice_to_json(const struct advice *advice)
{
    json_t *json = json_object();
    json_t *items = json_array();
    json_t *hosts = json_array();
    json_t *levels = json_array();
    for (size_t i = 0; i < advice->contracts->count; i++) {
        json_array_append_new(items, contract_to_json(&advice->items[i]));
    }
    for (size_t h = 0; h < advice->hosts_used; h++) {
        json_array_append_new(hosts, host_to_json(&advice->hosts[h], h));
    }
    for (size_t level = 0; level < advice->level_count; level++) {
        json_array_append_new(levels, level_to_json(&advice->levels[level]));
    }
    json_object_set_new(json, "name", json_string(advice->contracts->name));
    json_object_set_new(json, "goal", json_string(contract_goal_name(advice->goal)));
    json_object_set_new(json, "kept", json_integer((json_int_t)advice->kept));
    json_set_real(json, "revenue", advice->revenue);
    json_set_real(json, "cpu_percent", advice->cpu_percent);
    json_object_set_new(json, "hosts_used", json_integer((json_int_t)advice->hosts_used));
    json_set_real(json, "headroom_percent", advice->headroom_percent);
    json_set_real(json, "fairness", advice->fairness);
    json_set_real(json, "figure", advice->figure);
    json_set_real(json, "bound", advice->bound);
    json_set_real(json, "gap", advice->gap);
    json_set_real(json, "capacity_percent", advice->capacity_percent);
    json_object_set_new(json, "levels", levels);
    json_object_set_new(json, "contracts", items);
    json_object_set_new(json, "hosts", hosts);
    return json;
}
