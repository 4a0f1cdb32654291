// SPDX-License-Identifier: GPL-3.0-or-later
// base/nearest — see nearest.h.
#include "base/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define FEW 2 // letters

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

// The fewest changes that make one word of the other: letters put in, left out, replaced, or two
// neighbours exchanged ("optimal string alignment").
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NEAREST_MAX + 1]; // of the last three letters of `a`, in turn
    size_t width = strlen(b);
    size_t *row = rows[0];
    for (size_t k = 0; k <= width; k++) {
        row[k] = k;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        const size_t *last = row;
        const size_t *before = rows[(i + 2) % 3];
        row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (size_t k = 0; k < width; k++) {
            size_t replaced = last[k] + (a[i] == b[k] ? 0 : 1);
            row[k + 1] = smallest(replaced, last[k + 1] + 1, row[k] + 1);
            bool exchanged = i > 0 && k > 0 && a[i] == b[k - 1] && a[i - 1] == b[k];
            if (exchanged && before[k - 1] + 1 < row[k + 1]) {
                row[k + 1] = before[k - 1] + 1;
            }
        }
    }
    return row[width];
}

size_t nearest_distance(const char *word, const char *known)
{
    size_t length = strlen(word);
    size_t width = strlen(known);
    if (length > NEAREST_MAX || width > NEAREST_MAX) {
        return SIZE_MAX;
    }
    // The distance is at least the difference in length.
    if (length > width + FEW || width > length + FEW) {
        return SIZE_MAX;
    }
    size_t distance = edit_distance(word, known);
    return distance <= FEW && distance + 1 < width && distance < length ? distance : SIZE_MAX;
}

void nearest_consider(struct nearest *nearest, const char *known)
{
    size_t distance = nearest_distance(nearest->word, known);
    if (distance != SIZE_MAX && (nearest->best == NULL || distance < nearest->distance)) {
        nearest->best = known;
        nearest->distance = distance;
    }
}

char *nearest_question(const struct nearest *nearest)
{
    return nearest->best == NULL ? text_copy("")
                                 : text_format("; did you mean \"%s\"?", nearest->best);
}
