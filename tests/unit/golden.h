// SPDX-License-Identifier: GPL-3.0-or-later
// Compares texts with golden files of tests/unit/golden, which UPDATE_GOLDEN=1 rewrites: look at
// the difference before keeping it. To be included after cmocka.h.
#ifndef VRBENCH_TESTS_GOLDEN_H
#define VRBENCH_TESTS_GOLDEN_H

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

static void assert_golden(const char *name, const char *text)
{
    _cleanup_free_ char *path = text_format("tests/unit/golden/%s", name);
    _cleanup_free_ char *expected = NULL;
    if (getenv("UPDATE_GOLDEN") != NULL) {
        assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    }
    assert_int_equal(file_read(path, 1 << 20, &expected, NULL, NULL), 0);
    if (strcmp(text, expected) != 0) {
        fail_msg("not as %s:\n%s", path, text);
    }
}

#endif
