// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzer of machine/libvirt/interfaces: parses a machine's XML from libvirt, which may come from
// any server, for interfaces and a console.
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "machine/libvirt/interfaces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *xml = text_copy_bytes((const char *)data, size);
    struct interface_names names = {0};
    if (interfaces_of_xml(xml, &names, NULL) == 0) {
        for (size_t i = 0; i < names.count; i++) {
            if (names.items[i] == NULL || names.items[i][0] == '\0') {
                abort();
            }
        }
        if (names.count > INTERFACES_MAX) {
            abort();
        }
    }
    interface_names_clear(&names);
    free(console_of_xml(xml));
    free(xml);
    return 0;
}
