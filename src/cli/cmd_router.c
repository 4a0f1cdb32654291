// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_router — `vrbench create`, `destroy`, `reboot`: create or end one router of a testbed
// while the others keep forwarding. Three rows of the command table that differ by one request.
#include <stdio.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "linux/rights.h"
#include "owner/client.h"

struct router_values {
    bool json;
    const char *platform;
};

static const struct option_row router_options[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct router_values, json),
     .help = "print what was done as JSON"},
    OPTIONS_END,
};

static const struct option_row named_options[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct router_values, json),
     .help = "print what was done as JSON"},
    PLATFORM_OPTION(router_values),
    OPTIONS_END,
};

enum router_deed { DEED_CREATE, DEED_DESTROY, DEED_REBOOT };

static void print_deed(enum router_deed deed, bool json, const char *name, uint64_t outage_ns)
{
    static const char *const done[] = {"created", "destroyed", "rebooted"};
    double outage_ms = (double)outage_ns / (double)NS_PER_MS;
    if (json && deed == DEED_REBOOT) {
        printf("{\"router\": \"%s\", \"done\": \"%s\", \"outage_ms\": %.3f}\n", name, done[deed],
               outage_ms);
    } else if (json) {
        printf("{\"router\": \"%s\", \"done\": \"%s\"}\n", name, done[deed]);
    } else if (deed == DEED_REBOOT) {
        printf("%s rebooted: it did not forward for %.1f ms\n", name, outage_ms);
    } else {
        printf("%s %s\n", name, done[deed]);
    }
}

static int run(enum router_deed deed, const struct router_values *asked,
               const struct text_list *operands, struct error *err)
{
    if (operands->count != 1) {
        return fail_input(err, "expected one router; vrbench list shows the routers");
    }
    if (asked->platform != NULL) {
        return foreign_cli_end(asked->platform, operands->items[0], deed == DEED_REBOOT,
                               asked->json, err);
    }
    int rc = rights_check(err);
    if (rc < 0) {
        return rc;
    }
    static const char *const requests[] = {"create", "destroy", "reboot"};
    json_t *request = owner_request(requests[deed]);
    json_t *answer = NULL;
    json_object_set_new(request, "router", json_string(operands->items[0]));
    rc = owner_call(request, &answer, err);
    if (rc == 0) {
        print_deed(deed, asked->json, json_string_value(json_object_get(answer, "router")),
                   (uint64_t)json_integer_value(json_object_get(answer, "outage_ns")));
        json_decref(answer);
    }
    return rc;
}

static int create_run(void *values, const struct text_list *operands, struct error *err)
{
    return run(DEED_CREATE, values, operands, err);
}

static int destroy_run(void *values, const struct text_list *operands, struct error *err)
{
    return run(DEED_DESTROY, values, operands, err);
}

static int reboot_run(void *values, const struct text_list *operands, struct error *err)
{
    return run(DEED_REBOOT, values, operands, err);
}

const struct command command_create = {
    .name = "create",
    .operands = "ROUTER",
    .summary = "Create a router of a testbed again",
    .details = "ROUTER is a router's name, with the prefix TESTBED/ if several testbeds contain\n"
               "that name; vrbench list shows the names. The other routers keep forwarding.",
    .examples = COMMAND_EXAMPLES({"create r1t3", "after vrbench destroy r1t3"}),
    .options = router_options,
    .values_size = sizeof(struct router_values),
    .run = create_run,
};

const struct command command_destroy = {
    .name = "destroy",
    .operands = "ROUTER",
    .summary = "End a router of a testbed",
    .details = "The host keeps the router's links until vrbench create. The other routers keep\n"
               "forwarding. With --platform, ROUTER is any machine of Xen or of a libvirt URI,\n"
               "which is powered off without a shutdown.",
    .examples = COMMAND_EXAMPLES({"destroy r1t3", "the others keep forwarding"}),
    .options = named_options,
    .values_size = sizeof(struct router_values),
    .run = destroy_run,
};

const struct command command_reboot = {
    .name = "reboot",
    .operands = "ROUTER",
    .summary = "Reboot a router of a testbed and print its outage",
    .details = "The printed time lasts from the request until the new router forwards. The\n"
               "other routers keep forwarding. With --platform, ROUTER is any machine of Xen or\n"
               "of a libvirt URI, which is asked to reboot and not timed.",
    .examples = COMMAND_EXAMPLES({"reboot r1t3", "and print for how long it did not forward"}),
    .options = named_options,
    .values_size = sizeof(struct router_values),
    .run = reboot_run,
};
