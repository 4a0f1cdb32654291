// SPDX-License-Identifier: GPL-3.0-or-later
// cli/list_long — see list_long.h.
#include "cli/list_long.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "owner/recorded.h"
#include "report/writer.h"

enum { TESTBED, NAME, PID, STATE, UP, OWNER, ADDRESSES, COLUMN_COUNT };

static const struct column table_columns[] = {
    [TESTBED] = {"testbed", "Testbed", COLUMN_TEXT, 0},
    [NAME] = {"name", "Name", COLUMN_TEXT, 0},
    [PID] = {"pid", "PID", COLUMN_NUMBER, 0},
    [STATE] = {"state", "State", COLUMN_TEXT, 0},
    [UP] = {"uptime", "Up", COLUMN_TEXT, 0},
    [OWNER] = {"owner", "Owner", COLUMN_TEXT, 0},
    [ADDRESSES] = {"addresses", "Addresses", COLUMN_TEXT, 0},
};
static const struct column json_columns[] = {
    [TESTBED] = {"testbed", "Testbed", COLUMN_TEXT, 0},
    [NAME] = {"name", "Name", COLUMN_TEXT, 0},
    [PID] = {"pid", "PID", COLUMN_NUMBER, 0},
    [STATE] = {"state", "State", COLUMN_TEXT, 0},
    [UP] = {"uptime_s", "Up s", COLUMN_REAL, 0},
    [OWNER] = {"owner", "Owner", COLUMN_TEXT, 0},
    [ADDRESSES] = {"addresses", "Addresses", COLUMN_TEXT, 0},
};

// What the record of a party's testbed adds to the sample.
struct facts {
    const struct sample_party *party;
    pid_t pid;       // 0 = unknown
    char *owner;     // NULL = unknown
    char *addresses; // of the router's ends of its networks; NULL = unknown
};

static void clear_facts(struct facts *facts)
{
    free(facts->owner);
    free(facts->addresses);
}

static char *user_name(uint64_t uid)
{
    char room[4096];
    struct passwd entry;
    struct passwd *user = NULL;
    (void)getpwuid_r((uid_t)uid, &entry, room, sizeof room, &user);
    return user == NULL ? text_format("%llu", (unsigned long long)uid) : text_copy(user->pw_name);
}

static void append_address(char **list, const struct ip_interface *interface)
{
    char address[IP_TEXT_SIZE];
    text_append(list, " ", "%s/%u", ip_text(&interface->address, address), interface->prefix);
}

// The addresses of the first and the last router of each path; those between routers are left out.
static char *addresses_of(const struct scenario *scenario, const char *router)
{
    char *list = NULL;
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        size_t last = network->routers[network->router_count - 1];
        if (text_equal(scenario->routers[network->routers[0]].name, router)) {
            append_address(&list, &network->ingress);
        }
        if (text_equal(scenario->routers[last].name, router)) {
            append_address(&list, &network->egress);
        }
    }
    return list;
}

static void look_at(const struct recorded *testbed, void *context)
{
    struct facts *facts = context;
    if (!text_equal(testbed->id, facts->party->testbed_id)) {
        return;
    }
    const json_t *uid = json_object_get(testbed->content, "uid");
    if (json_is_integer(uid)) {
        facts->owner = user_name((uint64_t)json_integer_value(uid));
    }
    if (facts->party->kind != PARTY_ROUTER) {
        return;
    }
    const json_t *platform =
        json_object_get(recorded_router(testbed, facts->party->name), "platform");
    facts->pid = (pid_t)json_integer_value(json_object_get(platform, "first"));
    _cleanup_scenario_ struct scenario *scenario = recorded_scenario(testbed);
    if (scenario != NULL) {
        facts->addresses = addresses_of(scenario, facts->party->name);
    }
}

static int write_party(const struct sample_party *party, struct writer *writer, bool json,
                       struct error *err)
{
    struct facts facts = {.party = party};
    int rc = recorded_each(look_at, &facts, err);
    uint64_t now_ns = clock_realtime_ns();
    bool running = party->state == ROUTER_RUNNING && party->since_ns > 0;
    double up_s = running && now_ns > party->since_ns
                      ? (double)(now_ns - party->since_ns) / (double)NS_PER_S
                      : 0.0;
    _cleanup_free_ char *up = duration_text(up_s);
    const struct value row[COLUMN_COUNT] = {
        [TESTBED] = VALUE_TEXT(party->testbed),
        [NAME] = VALUE_TEXT(party->name),
        [PID] = facts.pid > 0 ? VALUE_INTEGER((uint64_t)facts.pid) : VALUE_ABSENT,
        [STATE] = VALUE_TEXT(router_state_name(party->state)),
        [UP] = !running ? VALUE_ABSENT
               : json   ? VALUE_REAL(up_s)
                        : VALUE_TEXT(up),
        [OWNER] = VALUE_TEXT(facts.owner),
        [ADDRESSES] = VALUE_TEXT(facts.addresses),
    };
    rc = rc < 0 ? rc : writer_row(writer, row, err);
    clear_facts(&facts);
    return rc;
}

int list_long(const struct sample *sample, bool json, struct error *err)
{
    struct writer *writer =
        json ? writer_json(stdout, json_columns, COLUMN_COUNT)
             : writer_table(stdout, table_columns, COLUMN_COUNT, 0, isatty(STDOUT_FILENO) != 0);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sample->count; i++) {
        rc = write_party(&sample->parties[i], writer, json, err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}
