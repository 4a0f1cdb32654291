// SPDX-License-Identifier: GPL-3.0-or-later
// base/screen — what is known of the terminal that a stream writes to.
#ifndef VRBENCH_BASE_SCREEN_H
#define VRBENCH_BASE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SCREEN_WIDTH 80 // columns if the stream is no terminal

// Columns of the terminal.
size_t screen_width(FILE *out);
// Writes a text in lines of the terminal's width at most, broken at blanks.
void screen_wrap(FILE *out, const char *text);
// Prints a text in lines of at most `width` columns, broken at blanks. The first line begins at
// `column`, where the cursor is; the others are indented by `indent`.
void screen_put(FILE *out, size_t width, size_t column, size_t indent, const char *text);
// Whether it is a terminal that moves the cursor (TERM is neither unset nor "dumb").
bool screen_moves(FILE *out);
// Whether the user wants colours: NO_COLOR is unset or empty (https://no-color.org).
bool screen_wants_colour(void);

#endif
