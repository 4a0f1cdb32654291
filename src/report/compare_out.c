// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_out — see compare_out.h.
#include "report/compare_out.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/private_folder.h"
#include "base/text.h"
#include "report/compare_figure.h"
#include "report/compare_list.h"
#include "report/compare_verdict.h"
#include "report/gnuplot.h"
#include "report/page.h"
#include "report/reproduction.h"
#include "result/json_text.h"

int compare_check_folder(const char *folder, struct error *err)
{
    static const char *const taken[] = {"run.json", "points.jsonl", "reproduce.json"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        _cleanup_free_ char *path = text_format("%s/%s", folder, taken[i]);
        if (access(path, F_OK) == 0) {
            return fail_input(err, "%s contains results (%s); a comparison requires another folder",
                              folder, taken[i]);
        }
    }
    return 0;
}

static int write_csv(const struct comparison *comparison, const struct compare_list *list,
                     const char *folder, const char *name, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/%s", folder, name);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return fail(err, errno, "%s", path);
    }
    struct writer *writer = writer_csv(out, list->columns, list->count);
    int rc = compare_write_list(comparison, list, writer, err);
    writer_free(writer);
    fclose(out);
    if (rc == 0) {
        rc = file_replace(path, text, length, err);
    }
    free(text);
    return rc;
}

static int write_json(const json_t *json, const char *folder, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/compare.json", folder);
    _cleanup_free_ char *text = json_to_text(json, 1);
    _cleanup_free_ char *whole = text_format("%s\n", text);
    return file_replace(path, whole, strlen(whole), err);
}

// Draws the figures. The page shows those that succeeded.
static int write_figures(const struct comparison *comparison, const char *folder, char ***ret_names,
                         size_t *ret_count, struct error *err)
{
    _cleanup_free_ char *figures = text_format("%s/figures", folder);
    _cleanup_private_folder_ char *place = NULL;
    int rc = private_folder_make(&place, err);
    rc = rc < 0 ? rc : compare_write_scripts(comparison, place, ret_names, ret_count, err);
    if (rc < 0) {
        return rc;
    }
    int drawn = gnuplot_run(place, *ret_names, *ret_count, err);
    rc = private_folder_publish(place, figures, drawn < 0 ? NULL : err);
    return drawn < 0 ? drawn : rc;
}

int compare_write_folder(const struct comparison *comparison, const char *folder, struct error *err)
{
    int rc = compare_check_folder(folder, err);
    rc = rc < 0 ? rc : file_make_dirs(folder, err);
    rc = rc < 0 ? rc : write_csv(comparison, &compare_list_all, folder, "compare.csv", err);
    rc = rc < 0 ? rc : write_csv(comparison, &compare_list_caps, folder, "compare-caps.csv", err);
    rc = rc < 0
             ? rc
             : write_csv(comparison, &compare_list_verdicts, folder, "compare-verdicts.csv", err);
    json_t *json = NULL;
    rc = rc < 0 ? rc : compare_to_json(comparison, &json, err);
    rc = rc < 0 ? rc : write_json(json, folder, err);
    char **names = NULL;
    size_t count = 0;
    struct error lacking = ERROR_INIT;
    if (rc == 0) {
        rc = write_figures(comparison, folder, &names, &count, &lacking);
        if (rc < 0 && lacking.exit_status != EXIT_LACKING) {
            error_move(err, &lacking);
        } else {
            int written = report_write_comparison(folder, json, names, count, err);
            if (rc < 0 && written == 0) {
                error_move(err, &lacking);
                if (page_is_built()) {
                    error_context(err, "wrote %s/compare.html and figure scripts, but no figures",
                                  folder);
                } else {
                    error_context(err, "wrote figure scripts, but no figures");
                }
            }
            rc = written < 0 ? written : rc;
        }
    }
    error_clear(&lacking);
    folders_free(names, count);
    json_decref(json);
    return rc;
}
