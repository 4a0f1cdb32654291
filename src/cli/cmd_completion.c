// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_completion — `vrbench completion`: prints the completion script of a shell, and for these
// scripts the candidates of a command line.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asset.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/scenario_input.h"
#include "owner/recorded.h"

extern const struct asset completion_assets[]; // completion/vrbench.SHELL

static const struct option_row completion_options[] = {OPTIONS_END};

// ---- names that exist now

struct naming {
    completion_add add;
    void *context;
    bool testbeds; // else routers
    bool networks;
};

static void add_scenario(const char *name, void *context)
{
    const struct naming *naming = context;
    if (!text_equal(name, SCENARIO_DEFAULT)) {
        naming->add(name, "installed scenario", naming->context);
    }
}

static void add_recorded(const struct recorded *testbed, void *context)
{
    const struct naming *naming = context;
    if (naming->testbeds) {
        naming->add(testbed->name, "testbed", naming->context);
        return;
    }
    if (naming->networks) {
        _cleanup_scenario_ struct scenario *scenario = recorded_scenario(testbed);
        for (size_t i = 0; scenario != NULL && i < scenario->network_count; i++) {
            naming->add(scenario->networks[i].name, testbed->name, naming->context);
        }
        return;
    }
    size_t i = 0;
    const json_t *router = NULL;
    json_array_foreach(json_object_get(testbed->content, "routers"), i, router)
    {
        const char *name = json_string_value(json_object_get(router, "name"));
        if (name != NULL) {
            _cleanup_free_ char *whole = text_format("%s/%s", testbed->name, name);
            naming->add(name, testbed->name, naming->context);
            naming->add(whole, "router", naming->context);
        }
    }
}

static void add_names(const char *kind, completion_add add, void *context)
{
    struct naming naming = {add, context, text_equal(kind, "TESTBED"), text_equal(kind, "NETWORK")};
    if (text_equal(kind, "SCENARIO")) {
        add(SCENARIO_DEFAULT, "the scenario in the program", context);
        scenario_input_names(add_scenario, &naming);
    } else {
        (void)recorded_each(add_recorded, &naming, NULL);
    }
}

static void print_candidate(const char *word, const char *what, void *context)
{
    (void)context;
    printf("%s%s%s\n", word, *what == '\0' ? "" : "\t", what);
}

// ---- the command

static int print_script(const char *shell, struct error *err)
{
    _cleanup_free_ char *name = text_format("vrbench.%s", shell);
    for (const struct asset *asset = completion_assets; asset->name != NULL; asset++) {
        if (text_equal(asset->name, name)) {
            fwrite(asset->begin, 1, (size_t)(asset->end - asset->begin), stdout);
            return 0;
        }
    }
    return fail_input(err, "no completion for \"%s\"; expected bash, zsh or fish", shell);
}

static int completion_run(void *values, const struct text_list *operands, struct error *err)
{
    (void)values;
    if (operands->count > 0 && text_equal(operands->items[0], "candidates")) {
        completion_find(operands->items + 1, operands->count - 1, add_names, print_candidate, NULL);
        return 0;
    }
    if (operands->count != 1) {
        return fail_input(err, "completion requires a shell: bash, zsh or fish");
    }
    return print_script(operands->items[0], err);
}

const struct command command_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .summary = "Print a shell's completion script",
    .details = "The script completes commands, options and their values, files, scenarios, and,\n"
               "for root, the names of testbeds, routers and networks that exist now. It gets\n"
               "them from vrbench completion candidates -- WORD….",
    .examples =
        COMMAND_EXAMPLES({"completion bash >/etc/bash_completion.d/vrbench", "for bash"},
                         {"completion fish >~/.config/fish/completions/vrbench.fish", "for fish"}),
    .options = completion_options,
    .values_size = 1,
    .run = completion_run,
};
