// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_kernel — what is read of a kernel package: the kernel's header, modules.dep and
// modules.alias (the two halves of the input).
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;
    size_t offset = 0;
    size_t length = 0;
    if (kernel_payload(data, size, &offset, &length, &err) == 0 &&
        (offset > size || length > size - offset)) {
        __builtin_trap();
    }
    error_clear(&err);
    char *dep = text_copy_bytes((const char *)data, size / 2);
    char *alias = text_copy_bytes((const char *)data + size / 2, size - size / 2);
    struct kernel_modules modules = {0};
    (void)kernel_select_modules(dep, alias, KERNEL_NICS, &modules, &err);
    kernel_modules_clear(&modules);
    error_clear(&err);
    free(dep);
    free(alias);
    return 0;
}
