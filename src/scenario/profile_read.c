// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/profile_read — see profile.h: the key `profile` of a scenario, with its file. Called by
// read.c.
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/profile.h"
#include "scenario/yaml.h"

static void check_bursts(const struct profile_phase *phase, struct yaml_node *node,
                         struct scenario_problems *problems)
{
    static const char *const keys[] = {"burst", "every", "lasting"};
    for (size_t i = 0; i < 3; i++) {
        if (yaml_child(node, keys[i]) == NULL) {
            yaml_key_problem(
                node, problems,
                text_format("missing key \"%s\": bursts require burst, every and lasting",
                            keys[i]));
        }
    }
    struct yaml_node *to = yaml_child(node, "to");
    if (to != NULL) {
        yaml_key_problem(to, problems,
                         text_format("to: a phase is a ramp or has bursts, not both"));
    }
    struct yaml_node *every = yaml_sound(node, "every");
    struct yaml_node *lasting = yaml_sound(node, "lasting");
    if (every != NULL && phase->every_ns > phase->for_ns && yaml_sound(node, "for") != NULL) {
        yaml_problem(every, problems,
                     text_format("every: expected at most the duration of the phase, not %.60s",
                                 every->text));
    }
    if (every != NULL && lasting != NULL && phase->lasting_ns >= phase->every_ns) {
        yaml_problem(lasting, problems,
                     text_format("lasting: expected less than \"every\", %.60s, not %.60s",
                                 every->text, lasting->text));
    }
}

static void read_phases(struct scenario_profile *profile, struct yaml_node *node,
                        struct scenario_problems *problems)
{
    struct yaml_node *phases = yaml_child(node, "phases");
    size_t before = problems->count;
    uint64_t sum_ns = 0;
    bool broken = false;
    if (phases->wrong) {
        return;
    }
    for (size_t i = 0; i < profile->phase_count; i++) {
        struct yaml_node *phase = phases->children[i];
        if (yaml_child(phase, "burst") != NULL || yaml_child(phase, "every") != NULL ||
            yaml_child(phase, "lasting") != NULL) {
            check_bursts(&profile->phases[i], phase, problems);
        }
        broken = broken || phase->wrong || yaml_child(phase, "for") == NULL ||
                 yaml_child(phase, "rate") == NULL;
        for (size_t k = 0; k < phase->child_count; k++) {
            broken = broken || phase->children[k]->wrong; // its problem was reported
        }
        sum_ns += profile->phases[i].for_ns;
    }
    if (broken || problems->count > before) {
        return;
    }
    if (sum_ns < PROFILE_SHORTEST_NS || sum_ns > PROFILE_LONGEST_NS) {
        yaml_key_problem(phases, problems,
                         text_format("phases: expected durations that sum to 10 ms to 1 h, not "
                                     "%g s",
                                     (double)sum_ns / 1e9));
        return;
    }
    profile->knots = profile_of_phases(profile->phases, profile->phase_count, &profile->knot_count);
    if (profile->knots == NULL) {
        yaml_key_problem(phases, problems,
                         text_format("phases: expected at most %d bursts, steps and ramps",
                                     PROFILE_KNOTS_MAX / 2));
    }
}

static void read_profile_file(struct scenario_profile *profile, const char *path,
                              struct yaml_node *node, struct scenario_problems *problems)
{
    size_t length = 0;
    _cleanup_free_ char *text = yaml_read_named(node, path, PROFILE_FILE_MAX, &length, problems);
    if (text == NULL) {
        return;
    }
    struct scenario_problems found = {NULL, 0};
    if (profile_parse(text, length, &profile->knots, &profile->knot_count, &found) == 0) {
        profile->text = steal_pointer(&text);
    } else {
        node->wrong = true;
    }
    problems_take(problems, &found, path);
}

static void check_intervals(const struct scenario_profile *profile, struct yaml_node *node,
                            struct scenario_problems *problems)
{
    uint64_t end = profile->knots[profile->knot_count - 1].at_ns;
    struct yaml_node *interval = yaml_child(node, "interval");
    if (interval != NULL && !interval->wrong &&
        end / PROFILE_INTERVALS_MAX > profile->interval_ns) {
        yaml_problem(interval, problems,
                     text_format("interval: expected at most %d intervals, at least %g s, not "
                                 "%.60s",
                                 PROFILE_INTERVALS_MAX, (double)end / PROFILE_INTERVALS_MAX / 1e9,
                                 interval->text));
    }
    if (interval == NULL && profile->knot_count > PROFILE_INTERVALS_MAX) {
        yaml_key_problem(node, problems,
                         text_format("missing key \"interval\": required for a profile of more "
                                     "than %d times",
                                     PROFILE_INTERVALS_MAX));
    }
}

void profile_read(struct scenario_traffic *traffic, const struct yaml_node *root,
                  const char *folder, struct scenario_problems *problems)
{
    struct scenario_profile *profile = &traffic->profile;
    struct yaml_node *node = yaml_sound(root, "traffic.profile");
    struct yaml_node *file = yaml_child(node, "file");
    const struct yaml_node *phases = yaml_child(node, "phases");
    if (node == NULL) {
        return;
    }
    if ((file == NULL) == (phases == NULL)) {
        yaml_key_problem(node, problems,
                         text_format("profile: expected exactly one of { phases: [...] } and "
                                     "{ file: NAME }"));
        return;
    }
    if (phases != NULL) {
        read_phases(profile, node, problems);
    } else if (profile->file != NULL && folder != NULL) {
        _cleanup_free_ char *path =
            text_format("%s%s", *profile->file == '/' ? "" : folder, profile->file);
        read_profile_file(profile, path, file, problems);
    }
    if (profile->knot_count > 0) {
        traffic->duration_ns = profile->knots[profile->knot_count - 1].at_ns;
        check_intervals(profile, node, problems);
    }
}
