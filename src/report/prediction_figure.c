// SPDX-License-Identifier: GPL-3.0-or-later
// report/prediction_figure — see prediction_figure.h.
#include "report/prediction_figure.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/figure_style.h"
#include "report/gnuplot.h"
#include "report/steps.h"

#define NETWORKS_DRAWN 6U // more curves could not be told apart

static const struct sweep *find_sweep(const struct sweep *sweeps, size_t count,
                                      const struct model_setup *setup)
{
    for (size_t i = 0; i < count; i++) {
        if (sweeps[i].first->length == setup->length && sweeps[i].step_count > 0 &&
            text_equal(sweeps[i].first->topology, topology_name(setup->topology)) &&
            sweeps[i].network_count == setup->flow_count) {
            return &sweeps[i];
        }
    }
    return NULL;
}

// The number of a network in a sweep, or that of all its networks if it has no such network.
static size_t network_in(const struct sweep *sweep, const char *name)
{
    size_t at = 0;
    while (at < sweep->network_count && !text_equal(sweep->networks[at], name)) {
        at++;
    }
    return at;
}

static size_t drawn_networks(const struct predicted *one)
{
    size_t count = one->prediction.curve_count;
    return count < NETWORKS_DRAWN ? count : NETWORKS_DRAWN;
}

// Two gnuplot data sets for each network: the prediction, and the measured points.
static void print_data(const struct predicted *one, const struct sweep *sweep, FILE *out)
{
    fputs("# predicted: offered, received, low, high; measured: offered, received (packets/s)\n",
          out);
    for (size_t i = 0; i < drawn_networks(one); i++) {
        const struct model_curve *curve = &one->prediction.curves[i];
        for (size_t k = 0; k < MODEL_LOADS; k++) {
            fprintf(out, "%.6g\t%.6g\t%.6g\t%.6g\n", curve->offered_pps[k], curve->received_pps[k],
                    curve->low_pps[k], curve->high_pps[k]);
        }
        fputs("\n\n", out);
        size_t network = sweep == NULL ? 0 : network_in(sweep, curve->network);
        if (sweep == NULL || network == sweep->network_count) {
            fputs("NaN\tNaN\tNaN\tNaN\n", out);
        }
        for (size_t k = 0; sweep != NULL && network < sweep->network_count && k < sweep->step_count;
             k++) {
            fprintf(out, "%.6g\t%.6g\tNaN\tNaN\n", sweep->steps[k].network_offered[network],
                    sweep->steps[k].network_forwarded[network]);
        }
        fputs("\n\n", out);
    }
}

static void print_script(const struct predicted *one, const struct sweep *sweep, const char *name,
                         FILE *out)
{
    _cleanup_free_ char *title = text_format("predicted: %s, %u bytes",
                                             topology_name(one->setup.topology), one->setup.length);
    figure_style_begin(out, FIGURE_STYLE_SCREEN, title);
    fputs("set colorsequence podo\n"
          "set xlabel 'Offered (1,000 packets/s)'\n"
          "set ylabel 'Received (1,000 packets/s)'\n"
          "set xrange [0:*]\nset yrange [0:*]\n",
          out);
    figure_style_set_svg(out, FIGURE_STYLE_SCREEN, name);
    fputs("plot ", out);
    for (size_t i = 0; i < drawn_networks(one); i++) {
        const char *network = one->prediction.curves[i].network;
        fprintf(out,
                "%s'%s.dat' index %zu using ($1/1000):($3/1000):($4/1000) with filledcurves "
                "fs transparent solid 0.15 noborder lc %zu notitle, \\\n"
                "     '%s.dat' index %zu using ($1/1000):($2/1000) with lines lc %zu lw 2 "
                "dt %zu title '%s'",
                i == 0 ? "" : ", \\\n     ", name, 2 * i, i + 1, name, 2 * i, i + 1, i + 1,
                network);
        if (sweep != NULL && network_in(sweep, network) < sweep->network_count) {
            fprintf(out,
                    ", \\\n     '%s.dat' index %zu using ($1/1000):($2/1000) with points lc %zu "
                    "pt %zu title '%s, measured'",
                    name, 2 * i + 1, i + 1, 5 + 2 * i, network);
        }
    }
    fputc('\n', out);
    figure_style_finish(out, FIGURE_STYLE_SCREEN, name);
}

// Writes one file of a figure: its data, or its script.
static int write_part(const struct predicted *one, const struct sweep *sweep, const char *folder,
                      const char *name, bool script, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/%s.%s", folder, name, script ? "gp" : "dat");
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return fail(err, errno, "%s", path);
    }
    if (script) {
        print_script(one, sweep, name, out);
    } else {
        print_data(one, sweep, out);
    }
    if (fclose(out) != 0) {
        return fail(err, errno, "%s", path);
    }
    return file_replace_passing(path, text, length, err);
}

int prediction_figures_write(const struct predicted_list *list, const struct point_list *points,
                             const char *folder, struct error *err)
{
    struct sweep *sweeps;
    size_t sweep_count = sweeps_compute(points, &sweeps);
    _cleanup_free_ char **names = memory_new_array(char *, list->count);
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct predicted *one = &list->items[i];
        if (one->prediction.known) {
            const struct sweep *sweep = find_sweep(sweeps, sweep_count, &one->setup);
            char *name =
                text_format("predict_%s_%u", topology_name(one->setup.topology), one->setup.length);
            names[count++] = name;
            rc = write_part(one, sweep, folder, name, false, err);
            rc = rc < 0 ? rc : write_part(one, sweep, folder, name, true, err);
        }
    }
    rc = rc < 0 || count == 0 ? rc : gnuplot_run(folder, names, count, err);
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    sweeps_free(sweeps, sweep_count);
    return rc;
}
