// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/page — see page.h. The page is web/page.html with @@NAME@@ replaced by the file NAME of
 * web/ and @@data@@ by the run's data. All data of the run is in that one JSON text, which contains
 * no "<" that could end its element; the page's scripts insert it as text nodes.
 */
#include "report/page.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/asset.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/page_data.h"
#include "report/reproduction.h"
#include "result/json_text.h"
#include "result/store.h"

#define PAGE_NAME "report.html"

extern const struct asset assets[]; // the files of web/

bool page_is_built(void)
{
    return true;
}

static void json_cleanup(json_t **json)
{
    json_decref(*json);
}
#define _cleanup_json_ __attribute__((cleanup(json_cleanup)))

// JSON with "<" escaped as \u003c; it only occurs inside strings.
static void put_data(FILE *out, const json_t *data)
{
    _cleanup_free_ char *text = json_to_text(data, 0);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '<') {
            fputs("\\u003c", out);
        } else {
            fputc(*at, out);
        }
    }
}

static const struct asset *find_asset(const char *name, size_t length)
{
    for (const struct asset *asset = assets; asset->name != NULL; asset++) {
        if (strlen(asset->name) == length && memcmp(asset->name, name, length) == 0) {
            return asset;
        }
    }
    return NULL;
}

static const char *find_mark(const char *at, const char *end)
{
    return memmem(at, (size_t)(end - at), "@@", 2);
}

// Writes the template; an unknown mark is an error of the build.
static int put_page(FILE *out, const json_t *data, struct error *err)
{
    const struct asset *page = find_asset("page.html", strlen("page.html"));
    if (page == NULL) {
        return fail(err, 0, "this program was built without its page");
    }
    const char *at = page->begin;
    for (;;) {
        const char *mark = find_mark(at, page->end);
        const char *close = mark == NULL ? NULL : find_mark(mark + 2, page->end);
        if (close == NULL) {
            fwrite(at, 1, (size_t)(page->end - at), out);
            return 0;
        }
        fwrite(at, 1, (size_t)(mark - at), out);
        size_t length = (size_t)(close - mark - 2);
        const struct asset *asset = find_asset(mark + 2, length);
        if (length == 4 && memcmp(mark + 2, "data", length) == 0) {
            put_data(out, data);
        } else if (asset != NULL) {
            fwrite(asset->begin, 1, (size_t)(asset->end - asset->begin), out);
        } else {
            return fail(err, 0, "this program was built without %.*s", (int)length, mark + 2);
        }
        at = close + 2;
    }
}

static int write_page(const char *folder, const char *name, const json_t *data, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return fail(err, errno, "%s/%s", folder, name);
    }
    int rc = put_page(out, data, err);
    fclose(out);
    if (rc == 0) {
        _cleanup_free_ char *path = text_format("%s/%s", folder, name);
        rc = file_replace(path, text, length, err);
    }
    free(text);
    return rc;
}

int report_write_run_page(const char *folder, const struct point_list *points, struct error *err)
{
    _cleanup_json_ json_t *data = NULL;
    int rc = page_data_run(folder, points, &data, err);
    return rc < 0 ? rc : write_page(folder, PAGE_NAME, data, err);
}

static int write_run(const char *folder, struct error *err)
{
    struct point_list points = {NULL, 0};
    int rc = store_read_points(folder, &points, err);
    if (rc == 0) {
        rc = report_write_run_page(folder, &points, err);
        point_list_clear(&points);
    }
    return rc;
}

int report_write_reproduction(const char *folder, struct error *err)
{
    _cleanup_json_ json_t *reproduction = NULL;
    _cleanup_json_ json_t *data = NULL;
    int rc = reproduction_read(folder, &reproduction, err);
    if (rc < 0 || reproduction == NULL) {
        return rc;
    }
    rc = page_data_reproduction(folder, reproduction, &data, err);
    return rc < 0 ? rc : write_page(folder, PAGE_NAME, data, err);
}

int report_write_page(const char *folder, struct error *err)
{
    char **folders = NULL;
    size_t count = 0;
    int rc = reproduction_run_folders(folder, &folders, &count, err);
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = write_run(folders[i], err);
    }
    folders_free(folders, count);
    return rc < 0 ? rc : report_write_reproduction(folder, err);
}

int report_write_comparison(const char *folder, const json_t *comparison, char *const *figures,
                            size_t count, struct error *err)
{
    _cleanup_json_ json_t *data = page_data_comparison(folder, comparison, figures, count);
    return write_page(folder, "compare.html", data, err);
}
