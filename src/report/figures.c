// SPDX-License-Identifier: GPL-3.0-or-later
// report/figures — see figures.h.
#include "report/figures.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/private_folder.h"
#include "base/text.h"
#include "report/figure_columns.h"
#include "report/figure_script.h"
#include "report/gnuplot.h"
#include "report/page.h"
#include "report/reproduction.h"
#include "report/steps.h"
#include "result/store.h"

// Files being written.
struct files {
    const char *folder;
    enum figure_style style;
    char **names; // of the figures
    size_t count;
};

// Whether two sweeps differ only in topology (`beside`), or only in what file names omit.
static bool alike(const struct sweep *a, const struct sweep *b, bool beside)
{
    const struct point *x = a->first;
    const struct point *y = b->first;
    if (!beside) {
        return x->length == y->length && text_equal(x->scenario, y->scenario) &&
               text_equal(x->topology, y->topology);
    }
    return x->length == y->length && text_equal(x->scenario, y->scenario) &&
           text_equal(x->platform, y->platform) && text_equal(x->engine, y->engine) &&
           text_equal(x->length_layer, y->length_layer);
}

// SCENARIO_TOPOLOGY_LENGTH, with platform, engine and layer if another sweep differs in these.
static char *name_sweep(const struct sweep *sweeps, size_t i, const char *topology)
{
    const struct point *point = sweeps[i].first;
    bool first = true;
    for (size_t k = 0; k < i && first; k++) {
        first = !(sweeps[k].first->length == point->length &&
                  text_equal(sweeps[k].first->scenario, point->scenario) &&
                  !alike(&sweeps[k], &sweeps[i], true));
    }
    _cleanup_free_ char *name =
        first ? text_format("%s_%s_%u", point->scenario, topology, point->length)
              : text_format("%s_%s_%u_%s_%s_%s", point->scenario, topology, point->length,
                            point->platform, point->engine, point->length_layer);
    return figure_safe_name(name);
}

static int write_file(const struct files *files, const char *name, const char *suffix,
                      const char *text, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/%s.%s", files->folder, name, suffix);
    return file_replace_passing(path, text, strlen(text), err);
}

// Writes a script and adds its name; skips a figure without a script.
static int add_figure(struct files *files, char *name, char *script, struct error *err)
{
    int rc = script == NULL ? 0 : write_file(files, name, "gp", script, err);
    if (script != NULL && rc == 0) {
        files->names = memory_resize(files->names, files->count + 1, sizeof *files->names);
        files->names[files->count++] = name;
    } else {
        free(name);
    }
    free(script);
    return rc;
}

static int write_sweep(struct files *files, const struct sweep *sweep, const char *name,
                       struct error *err)
{
    _cleanup_free_ char *data = figure_data(sweep);
    _cleanup_free_ char *data_name = text_format("%s.dat", name);
    int rc = write_file(files, name, "dat", data, err);
    for (enum figure_graph graph = 0; rc == 0 && graph < GRAPH_COUNT; graph++) {
        char *of = text_format("%s_%s", name, figure_graph_name(graph));
        rc = add_figure(files, of, figure_script(sweep, graph, files->style, of, data_name), err);
    }
    return rc;
}

// Draws all topologies together if sweep i is their first.
static int write_topologies(struct files *files, const struct sweep *sweeps, size_t count, size_t i,
                            char *const *names, struct error *err)
{
    _cleanup_free_ const struct sweep **beside = memory_new_array(const struct sweep *, count);
    _cleanup_free_ const char **data = memory_new_array(const char *, count);
    size_t found = 0;
    for (size_t k = 0; k < count; k++) {
        if (alike(&sweeps[k], &sweeps[i], true)) {
            if (k < i) {
                break;
            }
            beside[found] = &sweeps[k];
            data[found++] = text_format("%s.dat", names[k]);
        }
    }
    int rc = 0;
    if (found > 1) {
        char *name = name_sweep(sweeps, i, "all-topologies");
        rc = add_figure(files, name,
                        figure_script_topologies(beside, data, found, files->style, name), err);
    }
    for (size_t k = 0; k < found; k++) {
        free((char *)data[k]);
    }
    return rc;
}

int figures_write_scripts(const char *figures_folder, const struct point_list *points,
                          enum figure_style style, char ***ret_names, size_t *ret_count,
                          struct error *err)
{
    int rc = file_make_dirs(figures_folder, err);
    if (rc < 0) {
        return rc;
    }
    struct files files = {.folder = figures_folder, .style = style};
    struct sweep *sweeps;
    size_t count = sweeps_compute(points, &sweeps);
    sweeps_thin(sweeps, count, SWEEP_DRAWN_MOST);
    char **names = memory_new_array(char *, count);
    for (size_t i = 0; i < count; i++) {
        names[i] = name_sweep(sweeps, i, sweeps[i].first->topology);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = write_topologies(&files, sweeps, count, i, names, err);
        if (rc == 0) {
            rc = write_sweep(&files, &sweeps[i], names[i], err);
        }
    }
    folders_free(names, count);
    sweeps_free(sweeps, count);
    if (rc < 0) {
        folders_free(files.names, files.count);
        return rc;
    }
    *ret_names = files.names;
    *ret_count = files.count;
    return 0;
}

// A page that shows all figures, with links to their files. Names are safe in HTML.
static int write_index(const char *folder, char *const *names, size_t count, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return fail(err, errno, "%s/index.html", folder);
    }
    fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<title>Figures</title>\n<style>\n"
          "body { font: 16px/1.5 sans-serif; margin: 1rem; color: #16191d; background: #ffffff; "
          "overflow-wrap: anywhere }\n"
          "main { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, "
          "minmax(min(100%, 26rem), 1fr)) }\n"
          "figure { margin: 0; break-inside: avoid }\nimg { width: 100%; height: auto }\n"
          "</style>\n</head>\n<body>\n<h1>Figures</h1>\n",
          out);
    if (page_is_built()) {
        fputs("<p><a href=\"../report.html\">Report</a></p>\n", out);
    }
    fputs("<main>\n", out);
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i];
        fprintf(out,
                "<figure><img src=\"%s.svg\" alt=\"%s\" loading=\"lazy\"><figcaption>%s: "
                "<a href=\"%s.svg\">SVG</a> <a href=\"%s.pdf\">PDF</a> <a href=\"%s.png\">PNG</a> "
                "<a href=\"%s.gp\">gnuplot</a></figcaption></figure>\n",
                name, name, name, name, name, name, name);
    }
    fputs("</main>\n</body>\n</html>\n", out);
    fclose(out);
    const struct files files = {.folder = folder};
    int rc = write_file(&files, "index", "html", text, err);
    free(text);
    return rc;
}

int figures_write_run(const char *folder, const struct point_list *points, enum figure_style style,
                      size_t *count, struct error *err)
{
    _cleanup_free_ char *figures = text_format("%s/figures", folder);
    _cleanup_private_folder_ char *place = NULL;
    char **names = NULL;
    size_t written = 0;
    int rc = private_folder_make(&place, err);
    rc = rc < 0 ? rc : figures_write_scripts(place, points, style, &names, &written, err);
    if (rc < 0) {
        return rc;
    }
    // Scripts are useful without gnuplot, too.
    int drawn = gnuplot_run(place, names, written, err);
    drawn = drawn < 0 || written == 0 ? drawn : write_index(place, names, written, err);
    folders_free(names, written);
    *count += written;
    rc = private_folder_publish(place, figures, drawn < 0 ? NULL : err);
    return drawn < 0 ? drawn : rc;
}

static int write_run(const char *folder, size_t *count, struct error *err)
{
    struct point_list points = {NULL, 0};
    int rc = store_read_points(folder, &points, err);
    if (rc == 0) {
        rc = figures_write_run(folder, &points, FIGURE_STYLE_SCREEN, count, err);
        point_list_clear(&points);
    }
    return rc;
}

int report_write_figures(const char *folder, size_t *ret_count, struct error *err)
{
    char **folders = NULL;
    size_t runs = 0;
    int rc = reproduction_run_folders(folder, &folders, &runs, err);
    if (rc < 0) {
        return rc;
    }
    size_t count = 0;
    struct error lacking = ERROR_INIT;
    for (size_t i = 0; rc == 0 && i < runs; i++) {
        rc = write_run(folders[i], &count, err);
        if (rc < 0 && err != NULL && err->exit_status == EXIT_LACKING && i + 1 < runs) {
            error_move(&lacking, err); // continues with scripts and data of the other runs
            rc = 0;
        }
    }
    error_clear(&lacking);
    folders_free(folders, runs);
    if (rc == 0 && ret_count != NULL) {
        *ret_count = count;
    }
    return rc;
}
