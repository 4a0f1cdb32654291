// SPDX-License-Identifier: GPL-3.0-or-later
// report/figure_style — see figure_style.h. A paper's figure is 8.5 cm by 6.4 cm in all formats:
// 321 by 242 CSS pixels, and 300 dots per inch.
#include "report/figure_style.h"

#include "base/text.h"

static const struct {
    const char *name;
    const char *key;             // place and size of the legend
    const char *svg, *png, *pdf; // terminals with their options
} styles[] = {
    [FIGURE_STYLE_SCREEN] =
        {
            .name = "screen",
            .key = "outside bottom center horizontal height 1",
            .svg = "svg size 900,575 dynamic font 'sans-serif,13'",
            .png = "pngcairo size 1800,1150 font 'Sans,24' linewidth 2 pointscale 2",
            .pdf = "pdfcairo size 18cm,11.5cm font 'Sans,10' fontscale 0.75",
        },
    [FIGURE_STYLE_PAPER] =
        {
            .name = "paper",
            .key = "outside bottom center horizontal samplen 2",
            .svg = "svg size 321,242 fixed font 'sans-serif,10.67' linewidth 0.7",
            .png = "pngcairo size 1004,756 font 'Sans,25' linewidth 2.5 pointscale 1.6",
            .pdf = "pdfcairo size 8.5cm,6.4cm font 'Sans,8' fontscale 0.75 linewidth 0.8 "
                   "pointscale 0.4",
        },
};
#define STYLE_COUNT (sizeof styles / sizeof styles[0])

int figure_style_parse(const char *word, enum figure_style *ret, struct error *err)
{
    for (size_t i = 0; i < STYLE_COUNT; i++) {
        if (text_equal(word, styles[i].name)) {
            *ret = (enum figure_style)i;
            return 0;
        }
    }
    return fail_input(err, "style %s: must be screen or paper", word);
}

void figure_style_begin(FILE *out, enum figure_style style, const char *title)
{
    fputs("# Created by vrbench. To redraw the figure after a change, run in this folder:\n"
          "#     gnuplot THIS-FILE\n"
          "reset session\n"
          "set encoding utf8\n"
          "set datafile separator tab\n"
          "set datafile missing NaN\n",
          out);
    if (style == FIGURE_STYLE_SCREEN) {
        fprintf(out, "set title '%s' noenhanced\n", title);
    } else {
        fprintf(out, "# %s\n", title);
    }
    fprintf(out,
            "set border 3 lw 1\n"
            "set tics nomirror out\n"
            "set grid lc rgb '#C4C4C4' lw 0.6\n"
            "set key %s noenhanced\n",
            styles[style].key);
}

void figure_style_set_svg(FILE *out, enum figure_style style, const char *name)
{
    fprintf(out, "set terminal %s background rgb '#FFFFFF'\nset output '%s.svg'\n",
            styles[style].svg, name);
}

void figure_style_finish(FILE *out, enum figure_style style, const char *name)
{
    fprintf(out,
            "\nset output '%s.png'\nset terminal %s background rgb '#FFFFFF'\nreplot\n"
            "set output '%s.pdf'\nset terminal %s\nreplot\nunset output\n",
            name, styles[style].png, name, styles[style].pdf);
}
