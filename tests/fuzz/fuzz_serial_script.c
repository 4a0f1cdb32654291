// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_serial_script — serial scripts of routers with a system of their own.
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/serial_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct router_config_nic nics[] = {
        {"eth0", {2, 0, 0, 0, 0, 1}, 1500, {{4, {198, 18, 0, 1}}, 24}},
        {"eth1", {2, 0, 0, 0, 0, 2}, 0, {{6, {0x20, 1, 0, 2, [15] = 1}}, 64}},
    };
    static const struct router_config_neighbour neighbours[] = {
        {"eth0", {4, {198, 18, 0, 2}}, {2, 0, 0, 0, 0, 3}}};
    const struct router_config router = {
        .name = "r1", .nics = nics, .nic_count = 2, .neighbours = neighbours, .neighbour_count = 1};
    char *text = memory_new(size + 1, 1);
    memcpy(text, data, size);
    struct serial_script script = {0};
    struct error err = ERROR_INIT;
    int rc = serial_script_parse("script", text, size, &router, &script, &err);
    if ((rc == 0) != (script.count > 0) || (rc < 0) != (err.text != NULL)) {
        __builtin_trap();
    }
    serial_script_clear(&script);
    error_clear(&err);
    free(text);
    return 0;
}
