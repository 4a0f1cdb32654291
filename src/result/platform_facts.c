// SPDX-License-Identifier: GPL-3.0-or-later
// result/platform_facts — see platform_facts.h.
#include "result/platform_facts.h"

#include <stdlib.h>

#include "base/text.h"
#include "result/json_text.h"

static const char *const kinds[] = {
    [PLATFORM_NAMESPACES] = "namespaces",
    [PLATFORM_CONTAINERS] = "containers",
    [PLATFORM_MACHINES] = "machines",
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

const char *platform_kind_name(enum platform_kind kind)
{
    return kinds[kind];
}

void platform_facts_clear(struct platform_facts *facts)
{
    free(facts->name);
    free(facts->uri);
    free(facts->hypervisor);
    free(facts->dedicated);
    free(facts->dedicated_why);
    free(facts->pci_by);
    free(facts->host);
    free(facts->guest);
    *facts = (struct platform_facts){.name = NULL};
}

json_t *platform_facts_to_json(const struct platform_facts *facts)
{
    json_t *json = json_object();
    json_set_text(json, "name", facts->name);
    json_set_text(json, "uri", facts->uri);
    json_set_text(json, "kind", platform_kind_name(facts->kind));
    if (facts->emulation_known) {
        json_object_set_new(json, "emulated", json_boolean(facts->emulated));
    }
    json_set_text(json, "hypervisor", facts->hypervisor);
    json_set_text(json, "dedicated", facts->dedicated);
    json_set_text(json, "dedicated_why", facts->dedicated_why);
    json_set_text(json, "pci_by", facts->pci_by);
    json_set_text(json, "host", facts->host);
    json_set_text(json, "guest", facts->guest);
    return json;
}

static int get_text(const json_t *json, const char *key, bool needed, char **ret, struct error *err)
{
    const json_t *member = json_object_get(json, key);
    if (member == NULL && !needed) {
        return 0;
    }
    if (!json_is_string(member) || json_string_length(member) == 0) {
        return fail_input(err, "platform: %s: must be a non-empty text", key);
    }
    *ret = text_copy(json_string_value(member));
    return 0;
}

static int read_into(const json_t *json, struct platform_facts *facts, struct error *err)
{
    if (!json_is_object(json)) {
        return fail_input(err, "platform: must be an object");
    }
    bool found = false;
    const char *kind = json_string_value(json_object_get(json, "kind"));
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (text_equal(kind, kinds[i])) {
            facts->kind = (enum platform_kind)i;
            found = true;
        }
    }
    if (!found) {
        return fail_input(err, "platform: kind: must be namespaces, containers or machines");
    }
    const json_t *emulated = json_object_get(json, "emulated");
    if (emulated != NULL && !json_is_boolean(emulated)) {
        return fail_input(err, "platform: emulated: must be true or false");
    }
    facts->emulation_known = emulated != NULL;
    facts->emulated = json_is_true(emulated);
    int rc = get_text(json, "name", true, &facts->name, err);
    rc = rc < 0 ? rc : get_text(json, "uri", false, &facts->uri, err);
    rc = rc < 0 ? rc : get_text(json, "hypervisor", false, &facts->hypervisor, err);
    rc = rc < 0 ? rc : get_text(json, "dedicated", false, &facts->dedicated, err);
    rc = rc < 0 ? rc : get_text(json, "dedicated_why", false, &facts->dedicated_why, err);
    rc = rc < 0 ? rc : get_text(json, "pci_by", false, &facts->pci_by, err);
    rc = rc < 0 ? rc : get_text(json, "host", false, &facts->host, err);
    return rc < 0 ? rc : get_text(json, "guest", false, &facts->guest, err);
}

int platform_facts_from_json(const json_t *json, struct platform_facts *ret, struct error *err)
{
    struct platform_facts facts = {.name = NULL};
    int rc = read_into(json, &facts, err);
    if (rc < 0) {
        platform_facts_clear(&facts);
        return rc;
    }
    *ret = facts;
    return 0;
}
