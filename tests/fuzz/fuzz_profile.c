// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzer of the files of profiles: any text gives either problems with their lines, or knots in
// order of time.
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scenario/profile.h"

#define ENSURE(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static void ensure_intervals(const struct scenario_profile *profile)
{
    _cleanup_free_ uint64_t *bounds = NULL;
    size_t count = scenario_profile_intervals(profile, &bounds);
    ENSURE(count >= 1 && bounds[0] == 0);
    for (size_t i = 0; i < count; i++) {
        ENSURE(bounds[i] < bounds[i + 1]);
    }
    ENSURE(bounds[count] == profile->knots[profile->knot_count - 1].at_ns);
    ENSURE(scenario_profile_mean(profile, 64) >= 0.0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario_problems problems = {NULL, 0};
    struct scenario_profile profile = {.interval_ns = 0};
    int rc =
        profile_parse((const char *)data, size, &profile.knots, &profile.knot_count, &problems);
    ENSURE((rc == 0) == (problems.count == 0));
    for (size_t i = 0; i < problems.count; i++) {
        ENSURE(problems.items[i].text[0] != '\0');
        ENSURE(strpbrk(problems.items[i].text, "\n\r\x1b") == NULL);
        ENSURE((problems.items[i].line == 0) == (problems.items[i].column == 0));
    }
    if (rc == 0) {
        ENSURE(profile.knot_count >= 2 && profile.knots[0].at_ns == 0);
        for (size_t i = 1; i < profile.knot_count; i++) {
            ENSURE(profile.knots[i].at_ns >= profile.knots[i - 1].at_ns);
        }
        ensure_intervals(&profile);
        profile.interval_ns = 10000000;
        ensure_intervals(&profile);
        free(profile.knots);
    }
    scenario_problems_clear(&problems);
    return 0;
}
