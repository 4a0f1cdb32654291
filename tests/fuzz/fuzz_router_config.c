// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_router_config — the guest's configuration, as its first process reads it.
#include <stdlib.h>
#include <string.h>

#include "../../guest/guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    struct guest_config config;
    char why[256] = "";
    int rc = config_parse(text, &config, why, sizeof why);
    if ((rc < 0) != (why[0] != '\0')) {
        __builtin_trap();
    }
    config_clear(&config);
    free(text);
    return 0;
}
