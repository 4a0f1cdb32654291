// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/yaml_scan — refuses text that libfyaml 0.7 mishandles. Used by yaml.c only.
#ifndef VRBENCH_SCENARIO_YAML_SCAN_H
#define VRBENCH_SCENARIO_YAML_SCAN_H

#include "scenario/scenario.h"

// Whether the text is UTF-8 without control characters, directives (libfyaml may loop for ever) and
// explicit keys (some make it dereference NULL). No scenario needs these. Otherwise the first
// problem is added.
bool yaml_scan(const char *text, size_t length, struct scenario_problems *problems);

#endif
