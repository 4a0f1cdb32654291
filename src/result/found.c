// SPDX-License-Identifier: GPL-3.0-or-later
// result/found — see found.h.
#include "result/found.h"

#include <stdlib.h>

#include "base/text.h"
#include "result/json_text.h"

void found_list_add(struct found_list *list, struct found *found)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = *found;
    *found = (struct found){0};
}

void found_list_clear(struct found_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].topology);
        free(list->items[i].network);
        free(list->items[i].goal);
    }
    free(list->items);
    *list = (struct found_list){0};
}

json_t *found_to_json(const struct found_list *list)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct found *found = &list->items[i];
        json_t *row = json_pack(
            "{s:s, s:i, s:s, s:s, s:s, s:f, s:b, s:s, s:f, s:I}", "topology", found->topology,
            "length", (int)found->length, "network", found->network, "goal", found->goal, "rule",
            found->rule, "loss_ratio", found->loss_ratio, "regular", found->regular, "end",
            found->end, "trial_s", found->trial_s, "trials", (json_int_t)found->trials);
        json_set_real(row, "relevant_lower_pps", found->lower_pps);
        json_set_real(row, "relevant_upper_pps", found->upper_pps);
        json_set_real(row, "conditional_pps", found->conditional_pps);
        json_array_append_new(rows, row);
    }
    return rows;
}
