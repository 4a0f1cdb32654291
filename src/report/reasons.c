// SPDX-License-Identifier: GPL-3.0-or-later
// report/reasons — see reasons.h.
#include "report/reasons.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define ELLIPSIS "\xe2\x80\xa6" // "…"

// A kind of reason while the reasons are counted.
struct kind {
    char *general; // its text with "…" for each number
    char *first;   // the first text of that kind
    size_t count;
};

// Whether a digit at `at` begins a number that is not part of a name as NET0.
static bool begins_number(const char *text, const char *at)
{
    return isdigit((unsigned char)*at) != 0 &&
           (at == text || (isalnum((unsigned char)at[-1]) == 0 && at[-1] != '_'));
}

// Copies a text with "…" for each number. The caller frees it.
static char *reason_generalize(const char *text)
{
    char *general = memory_new(strlen(text) * strlen(ELLIPSIS) + 1, 1);
    char *put = general;
    for (const char *at = text; *at != '\0';) {
        if (!begins_number(text, at)) {
            *put++ = *at++;
            continue;
        }
        size_t length = strspn(at, "0123456789.,");
        while (length > 1 && isdigit((unsigned char)at[length - 1]) == 0) {
            length--; // the end of a sentence
        }
        at += length;
        memcpy(put, ELLIPSIS, strlen(ELLIPSIS));
        put += strlen(ELLIPSIS);
    }
    *put = '\0';
    return general;
}

static void reason_count(struct kind **kinds, size_t *count, const char *text)
{
    char *general = reason_generalize(text);
    for (size_t i = 0; i < *count; i++) {
        if (text_equal((*kinds)[i].general, general)) {
            (*kinds)[i].count++;
            free(general);
            return;
        }
    }
    *kinds = memory_resize(*kinds, *count + 1, sizeof **kinds);
    (*kinds)[(*count)++] = (struct kind){.general = general, .first = text_copy(text), .count = 1};
}

// The commonest first; of equally common ones, that which occurred first.
static size_t kind_commonest(const struct kind *kinds, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        best = kinds[i].count > kinds[best].count ? i : best;
    }
    return best;
}

size_t reasons_list(const struct point_list *points, struct reason *ret, size_t room)
{
    struct kind *kinds = NULL;
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const char *why = points->items[i].why_invalid;
        while (why != NULL) {
            const char *end = strstr(why, "; "); // as point_invalidate() joins them
            _cleanup_free_ char *one =
                text_copy_bytes(why, end == NULL ? strlen(why) : (size_t)(end - why));
            reason_count(&kinds, &count, one);
            why = end == NULL ? NULL : end + 2;
        }
    }
    size_t given = 0;
    for (; given < room && given < count; given++) {
        struct kind *best = &kinds[kind_commonest(kinds, count)];
        if (best->count == 0) {
            break;
        }
        ret[given] =
            (struct reason){.text = text_copy(best->count == 1 ? best->first : best->general),
                            .count = best->count};
        best->count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        free(kinds[i].general);
        free(kinds[i].first);
    }
    free(kinds);
    return given;
}
