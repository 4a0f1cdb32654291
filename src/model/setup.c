// SPDX-License-Identifier: GPL-3.0-or-later
// model/setup — the set-up of a scenario: parties, and flows with the stages that they pass.
#include <stdlib.h>

#include "base/text.h"
#include "model/model.h"
#include "scenario/catalogue.h"

// Everything that a router does besides forwarding, and the system of its own that a machine boots,
// as text: equal texts mean equal work.
static char *router_work(const struct scenario_router *router)
{
    const struct scenario_startup *startup = &router->startup;
    char *work = text_copy("");
    if (router->image != NULL) {
        text_append(&work, "", MODEL_IMAGE "%s\n%s\n%s\n", router->image,
                    router->setup.cloud_init == NULL ? "" : router->setup.cloud_init,
                    router->setup.serial == NULL ? "" : router->setup.serial);
    }
    for (size_t i = 0; i < startup->file_count; i++) {
        const struct scenario_file *file = &startup->files[i];
        text_append(&work, "", "%s:%s\n", file->path, file->text != NULL ? file->text : file->file);
    }
    for (size_t i = 0; i < startup->sysctl_count; i++) {
        text_append(&work, "", "%s=%s\n", startup->sysctls[i].name, startup->sysctls[i].value);
    }
    for (size_t i = 0; i < startup->command_count; i++) {
        text_append(&work, "", "%s\n", startup->commands[i]);
    }
    const char *rules = startup->nft_text != NULL ? startup->nft_text
                        : startup->nft != NULL    ? startup->nft
                                                  : "";
    const char *daemon = router->daemon == DAEMON_NONE ? "" : routing_daemon_name(router->daemon);
    text_append(&work, "", "%s%s%s", rules, daemon,
                router->config_text == NULL ? "" : router->config_text);
    return work;
}

// The work of all routers, if it is the same; else the first one's, and the set-up is beyond the
// model.
static void note_work(const struct scenario *scenario, struct model_setup *setup)
{
    setup->work = scenario->router_count == 0 ? text_copy("") : router_work(&scenario->routers[0]);
    for (size_t i = 1; i < scenario->router_count; i++) {
        char *work = router_work(&scenario->routers[i]);
        if (!text_equal(work, setup->work)) {
            bool images = text_starts(work, MODEL_IMAGE) || text_starts(setup->work, MODEL_IMAGE);
            setup->beyond = images ? "its routers have different images or do different work"
                                   : "its routers do different work besides forwarding";
        }
        free(work);
    }
}

static struct model_flow make_flow(const struct scenario *scenario, enum topology topology,
                                   unsigned length, const struct scenario_network *network,
                                   const char *direction)
{
    const struct scenario_traffic *traffic = &scenario->traffic;
    double mean = scenario_network_mean(scenario, network, length);
    // All layers differ by constants.
    double layer = (double)scenario_ip_length(1000, traffic->length_layer, network->ip) - 1000.0;
    struct model_flow flow = {
        .name = direction == NULL ? text_copy(network->name)
                                  : text_format("%s %s", network->name, direction),
        .share = network->share,
        .ip_length = mean + layer,
    };
    if (network->rate.given) {
        flow.fixed_pps =
            network->rate.in_bits ? scenario_pps(network->rate.value, mean) : network->rate.value;
    }
    const size_t count = topology == TOPOLOGY_DIRECT ? 0 : network->router_count;
    const bool bridged = topology == TOPOLOGY_BRIDGED;
    const bool reverse = text_equal(direction, "reverse");
    flow.stages = memory_new_array(size_t, 2 * count + 1);
    for (size_t i = 0; i < count; i++) {
        if (bridged) {
            flow.stages[flow.stage_count++] = MODEL_HOST;
        }
        flow.stages[flow.stage_count++] = 1 + network->routers[reverse ? count - 1 - i : i];
    }
    if (bridged) {
        flow.stages[flow.stage_count++] = MODEL_HOST;
    }
    return flow;
}

static const char *find_obstacle(const struct scenario *scenario)
{
    const struct engine_traits *engine = scenario_engine(scenario->traffic.engine);
    if (engine != NULL && (engine->can & ENGINE_ADAPTS) != 0) {
        return "TCP adapts its load to the set-up";
    }
    if (scenario->traffic.rates.kind == RATES_PROFILE) {
        return "its load changes in time";
    }
    // A delay changes no rate.
    for (size_t i = 0; i < scenario->impairment_count; i++) {
        const struct impairment *what = &scenario->impairments[i].what;
        if (what->loss > 0.0 || what->rate_bps > 0.0) {
            return "its cables have a loss or a rate";
        }
    }
    if (scenario->method != METHOD_PRECISE) {
        return "its method measures CPU with a monitoring system";
    }
    return NULL;
}

bool model_caps_are_quotas(const char *platform)
{
    const struct catalogue_platform *found = catalogue_platform(platform);
    return found != NULL && found->kind == PLATFORM_MACHINES;
}

void model_setup_make(const struct scenario *scenario, enum topology topology, unsigned length,
                      struct model_setup *ret)
{
    struct model_setup setup = {
        .topology = topology,
        .platform = text_copy(scenario->platform),
        .engine = text_copy(scenario->traffic.engine),
        .beyond = find_obstacle(scenario),
        .length = length,
        .cpus = scenario->host.cpus,
        .parties = memory_new_array(struct model_party, scenario->router_count + 1),
        .party_count = scenario->router_count + 1,
        .flows = memory_new_array(struct model_flow, 2 * scenario->network_count + 1),
    };
    note_work(scenario, &setup);
    const struct catalogue_platform *platform = catalogue_platform(scenario->platform);
    bool machines = model_caps_are_quotas(scenario->platform);
    setup.parties[MODEL_HOST] =
        (struct model_party){text_copy("host"), scenario->host.allocation.weight,
                             scenario->host.allocation.cap, machines && platform->host != NULL};
    for (size_t i = 0; i < scenario->router_count; i++) {
        const struct scenario_router *router = &scenario->routers[i];
        setup.parties[i + 1] = (struct model_party){
            text_copy(router->name), router->allocation.weight, router->allocation.cap, machines};
    }
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        bool both = network->directions == DIRECTIONS_BOTH;
        setup.flows[setup.flow_count++] =
            make_flow(scenario, topology, length, network, both ? "forward" : NULL);
    }
    for (size_t i = 0; i < scenario->network_count; i++) {
        if (scenario->networks[i].directions == DIRECTIONS_BOTH) {
            setup.flows[setup.flow_count++] =
                make_flow(scenario, topology, length, &scenario->networks[i], "reverse");
        }
    }
    *ret = setup;
}

void model_setup_clear(struct model_setup *setup)
{
    for (size_t i = 0; i < setup->party_count; i++) {
        free(setup->parties[i].name);
    }
    for (size_t i = 0; i < setup->flow_count; i++) {
        free(setup->flows[i].name);
        free(setup->flows[i].stages);
    }
    free(setup->parties);
    free(setup->flows);
    free(setup->platform);
    free(setup->engine);
    free(setup->work);
    *setup = (struct model_setup){.platform = NULL};
}
