// SPDX-License-Identifier: GPL-3.0-or-later
// report/lost_at — see lost_at.h.
#include "report/lost_at.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/words.h"

struct place {
    const char *where;
    uint64_t count;
};

static int most_first(const void *a, const void *b)
{
    uint64_t x = ((const struct place *)a)->count;
    uint64_t y = ((const struct place *)b)->count;
    return (x < y) - (x > y);
}

// "0.004", "0.4", "12": about two digits.
static void put_percent(FILE *out, double percent)
{
    fprintf(out, "%.*f %%", percent >= 10 ? 0 : percent >= 0.1 ? 1 : 4, percent);
}

// Counts the packets that a step lost at each place of its sweep. Returns their sum.
static uint64_t places_count(const struct sweep *sweep, const struct load_step *step,
                             struct place *places)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < sweep->place_count; i++) {
        places[i] = (struct place){.where = sweep->places[i]};
        for (size_t k = 0; k < step->repeats; k++) {
            const struct point *point = step->points[k];
            for (size_t n = 0; n < point->drop_count; n++) {
                if (text_equal(point->drops[n].where, places[i].where)) {
                    places[i].count += point->drops[n].count;
                }
            }
        }
        sum += places[i].count;
    }
    qsort(places, sweep->place_count, sizeof *places, most_first);
    return sum;
}

static void put_networks(FILE *out, const struct sweep *sweep, const struct load_step *step)
{
    const char *separator = "";
    for (size_t i = 0; i < sweep->network_count; i++) {
        const char *router = NULL;
        uint64_t tx = 0;
        uint64_t lost = 0;
        for (size_t k = 0; k < step->repeats; k++) {
            const struct point *point = step->points[k];
            for (size_t n = 0; n < point->network_count; n++) {
                if (text_equal(network_label(&point->networks[n]), sweep->networks[i])) {
                    router = point->networks[n].router;
                    tx += point->networks[n].tx;
                    lost += point->networks[n].lost;
                }
            }
        }
        if (lost > 0) {
            fprintf(out, "%s%s", separator, sweep->networks[i]);
            fprintf(out, router == NULL ? "" : " (%s)", router);
            fputs(" ", out);
            put_percent(out, 100.0 * (double)lost / (double)tx);
            separator = ", ";
        }
    }
}

static void put_places(FILE *out, const struct place *places, size_t count, uint64_t sum)
{
    uint64_t others = sum;
    for (size_t i = 0; i < count && i < LOST_AT_PLACES && places[i].count > 0; i++) {
        fprintf(out, "%s%s ", i == 0 ? "" : ", ", places[i].where);
        put_percent(out, 100.0 * (double)places[i].count / (double)sum);
        others -= places[i].count;
    }
    if (others > 0) {
        fputs(", other places ", out);
        put_percent(out, 100.0 * (double)others / (double)sum);
    }
}

char *lost_at_text(const struct sweep *sweep)
{
    if (sweep->adapts) {
        return NULL;
    }
    const struct load_step *valid =
        sweep->step_count > 0 ? &sweep->steps[sweep->step_count - 1] : NULL;
    const struct load_step *invalid =
        sweep->invalid_step_count > 0 ? &sweep->invalid_steps[sweep->invalid_step_count - 1] : NULL;
    _cleanup_free_ struct place *places = memory_new_array(struct place, sweep->place_count);
    const struct load_step *step = valid;
    uint64_t sum = valid == NULL ? 0 : places_count(sweep, valid, places);
    if (sum == 0 && invalid != NULL &&
        (valid == NULL || invalid->offered_pps > valid->offered_pps)) {
        step = invalid;
        sum = places_count(sweep, invalid, places);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *out = sum == 0 ? NULL : open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    _cleanup_free_ char *length = words_length(sweep->first);
    char load[48];
    text_group_digits(step->offered_pps, 0, load);
    fprintf(out, "%s, %s, %s pps offered%s: lost of ", sweep->first->topology, length, load,
            step == valid ? "" : " (invalid)");
    put_networks(out, sweep, step);
    fputs("; where: ", out);
    put_places(out, places, sweep->place_count, sum);
    fclose(out);
    return text;
}
