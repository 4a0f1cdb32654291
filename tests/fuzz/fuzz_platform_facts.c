// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_platform_facts — any bytes as "platform" of a run.json, and as the platform's name in a
// scenario. What is accepted must survive being written and read again unchanged.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/catalogue.h"
#include "result/platform_facts.h"

// A URI of LXC as in the catalogue: printable ASCII of at most 255 characters, and a scheme of
// lower-case letters and digits that is lxc, alone or with a transport.
static bool is_lxc(const char *name)
{
    size_t scheme = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+");
    bool uri = name[scheme] == ':' && strlen(name) <= 255;
    for (const char *at = name; uri && *at != '\0'; at++) {
        uri = *at > ' ' && *at < 0x7f;
    }
    return uri && strncmp(name, "lxc", 3) == 0 && (name[3] == ':' || name[3] == '+');
}

static void check_name(const uint8_t *data, size_t size)
{
    char *name = text_copy_bytes((const char *)data, size);
    struct platform_facts facts;
    platform_facts_of_name(name, &facts);
    if ((facts.uri == NULL) != (strchr(name, ':') == NULL) ||
        (facts.kind == PLATFORM_NAMESPACES) != (strcmp(name, "netns") == 0) ||
        (facts.kind == PLATFORM_CONTAINERS) != is_lxc(name)) {
        abort();
    }
    platform_facts_clear(&facts);
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_name(data, size);
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL) {
        return 0;
    }
    struct platform_facts facts;
    struct error err = ERROR_INIT;
    if (platform_facts_from_json(json, &facts, &err) < 0) {
        if (err.text == NULL || err.text[0] == '\0') {
            abort(); // refused without a reason
        }
        error_clear(&err);
    } else {
        json_t *written = platform_facts_to_json(&facts);
        struct platform_facts again;
        if (platform_facts_from_json(written, &again, NULL) < 0) {
            abort();
        }
        json_t *rewritten = platform_facts_to_json(&again);
        if (!json_equal(written, rewritten)) {
            abort();
        }
        json_decref(rewritten);
        json_decref(written);
        platform_facts_clear(&again);
        platform_facts_clear(&facts);
    }
    json_decref(json);
    return 0;
}
