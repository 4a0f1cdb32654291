// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/figure_style — the look and the formats of figures: what all gnuplot scripts begin and end
 * with. Called by figure_script.c and compare_figure.c.
 */
#ifndef VRBENCH_REPORT_FIGURE_STYLE_H
#define VRBENCH_REPORT_FIGURE_STYLE_H

#include <stdio.h>

#include "base/error.h"

enum figure_style {
    FIGURE_STYLE_SCREEN, // with a title; readable on a screen and on a sheet
    FIGURE_STYLE_PAPER,  // for a column of a paper: 8.5 cm wide, 8 pt, no title
};

// "screen" or "paper"; anything else fails with exit status 2.
int figure_style_parse(const char *word, enum figure_style *ret, struct error *err);

// Prints settings that all scripts have. `title` is a safe text.
void figure_style_begin(FILE *out, enum figure_style style, const char *title);
// Prints the first format, in front of the plot command: NAME.svg.
void figure_style_set_svg(FILE *out, enum figure_style style, const char *name);
// Prints the other formats, after it: NAME.png and NAME.pdf.
void figure_style_finish(FILE *out, enum figure_style style, const char *name);

#endif
