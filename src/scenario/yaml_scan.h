// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/yaml_scan — what libfyaml 0.7 must not see. Used by yaml.c only.
#ifndef VRBENCH_SCENARIO_YAML_SCAN_H
#define VRBENCH_SCENARIO_YAML_SCAN_H

#include "scenario/scenario.h"

// Whether the text is UTF-8 without what no scenario needs and libfyaml 0.7 mishandles: control
// characters, directives (it can loop for ever) and explicit keys (it dereferences NULL on some).
// If not, the first problem is added.
bool yaml_scan(const char *text, size_t length, struct scenario_problems *problems);

#endif
