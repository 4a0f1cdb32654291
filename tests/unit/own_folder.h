// SPDX-License-Identifier: GPL-3.0-or-later
// A folder of a test's own, made before it and removed after it: IN_FOLDER(test) is its row.
#ifndef VRBENCH_TESTS_OWN_FOLDER_H
#define VRBENCH_TESTS_OWN_FOLDER_H

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

static char folder[] = "/tmp/vrbench-unit-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    (void)strcpy(folder + sizeof folder - 7, "XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    _cleanup_free_ char *command = text_format("rm -rf %s", folder);
    return system(command); // a name that mkdtemp() made
}

static char *path_of(const char *name)
{
    return text_format("%s/%s", folder, name);
}

#endif
