// SPDX-License-Identifier: GPL-3.0-or-later
// describe/keys — see describe.h. Lists the keys of a scenario or contracts file in roff.
#include <string.h>

#include "describe.h"

void roff_text(const char *text, FILE *out)
{
    bool begins_line = true;
    for (; *text != '\0'; text++) {
        if (begins_line && (*text == '.' || *text == '\'')) {
            fputs("\\&", out);
        }
        if (*text == '\\') {
            fputs("\\e", out);
        } else if (*text == '-') {
            fputs("\\-", out);
        } else {
            fputc(*text, out);
        }
        begins_line = *text == '\n';
    }
}

static void print_range(const struct schema_row *row, FILE *out)
{
    if (row->kind == SCHEMA_VALUE && row->min != NULL && row->max != NULL) {
        fputs("; ", out);
        roff_text(row->min, out);
        fputs(" to ", out);
        roff_text(row->max, out);
    }
    if (row->choices != NULL) {
        for (size_t i = 0; row->choices[i] != NULL; i++) {
            fputs(i == 0 ? "; one of \\fB" : "\\fR, \\fB", out);
            roff_text(row->choices[i], out);
        }
        fputs("\\fR", out);
    }
    if (row->fallback != NULL) {
        fputs("; default: \\fB", out);
        roff_text(row->fallback, out);
        fputs("\\fR", out);
    }
}

void describe_keys(const struct schema_row *rows, FILE *out)
{
    for (; rows->key != NULL; rows++) {
        fputs(".TP\n\\fB", out);
        roff_text(rows->key, out);
        fprintf(out, "\\fR%s%s\n", rows->kind == SCHEMA_NAMED ? ": \\fINAME\\fR" : "",
                rows->required ? " (required)" : "");
        if (rows->help != NULL) {
            roff_text(rows->help, out);
        }
        print_range(rows, out);
        fputs(".\n", out);
        if (rows->rows != NULL) {
            fputs(".RS\n", out);
            describe_keys(rows->rows, out);
            fputs(".RE\n", out);
        }
    }
}
