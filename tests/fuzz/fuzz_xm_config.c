// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_xm_config — any bytes as a domain's xm-style file. The file is parsed or its problems are
// reported; each problem and note has a position in the file.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/xen/xm_config.h"
#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_places(const struct scenario_problems *problems, size_t lines, size_t size)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct scenario_problem *problem = &problems->items[i];
        if (problem->line < 1 || problem->line > lines || problem->column < 1 ||
            problem->column > size + 1 || problem->text[0] == '\0' ||
            strchr(problem->text, '\n') != NULL) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size == 0 ? 1 : size); // exactly so long: reading beyond it is noticed
    struct scenario_problems problems = {NULL, 0};
    struct xm_config *config = NULL;
    size_t lines = 1;
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    for (size_t i = 0; i < size; i++) {
        lines += text[i] == '\n';
    }
    int rc = xm_config_parse(text, size, &config, &problems);
    if ((rc == 0) != (config != NULL) || (rc == 0) != (problems.count == 0)) {
        abort();
    }
    check_places(&problems, lines, size);
    if (config != NULL) {
        check_places(config->notes, lines, size);
        xm_config_locate(config, "folder/file");
        free(xm_config_cmdline(config));
    }
    xm_config_free(config);
    scenario_problems_clear(&problems);
    free(text);
    return 0;
}
