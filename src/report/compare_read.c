// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_read — reads the folders of a comparison. Called by compare.c.
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/compare.h"
#include "report/reproduction.h"
#include "result/store.h"

static int check_run(const char *folder, const json_t *run, struct error *err)
{
    const json_t *schema = json_object_get(run, "schema");
    if (!json_is_object(run)) {
        return fail_input(err, "%s/run.json: must be an object", folder);
    }
    if (!json_is_integer(schema) || json_integer_value(schema) != RESULT_SCHEMA) {
        return fail_input(err, "%s/run.json: schema: this program reads schema %d only", folder,
                          RESULT_SCHEMA);
    }
    return 0;
}

static int read_one(const char *folder, struct compare_side *side, struct error *err)
{
    struct point_list points = {NULL, 0};
    int rc = store_read_points(folder, &points, err);
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; i < points.count; i++) {
        point_list_add(&side->points, &points.items[i]);
    }
    free(points.items); // the points themselves have moved
    json_t *run = NULL;
    _cleanup_free_ char *path = text_format("%s/run.json", folder);
    if (access(path, F_OK) < 0) {
        return fail_input(err, "%s contains no run.json", folder);
    }
    rc = store_read_run(folder, &run, err);
    if (rc == 0) {
        rc = check_run(folder, run, err);
    }
    if (rc < 0 || side->run != NULL) {
        json_decref(run);
        return rc;
    }
    side->run = run;
    const json_t *platform = json_object_get(run, "platform");
    rc = platform == NULL ? 0 : platform_facts_from_json(platform, &side->facts, err);
    if (rc < 0) {
        error_context(err, "%s/run.json", folder);
    }
    return rc;
}

// Lists the runs that a reproduction could not measure or has not measured yet.
static int read_lacking(const char *folder, const struct compare_side *side,
                        struct comparison *comparison, struct error *err)
{
    json_t *reproduction = NULL;
    int rc = reproduction_read(folder, &reproduction, err);
    size_t i;
    const json_t *run;
    json_array_foreach(json_object_get(reproduction, "runs"), i, run)
    {
        const char *lacking = json_string_value(json_object_get(run, "lacking"));
        if (lacking != NULL) {
            compare_say(&comparison->not_compared, "%s has no %s: %s", side->label,
                        json_string_value(json_object_get(run, "name")), lacking);
        }
    }
    json_decref(reproduction);
    return rc;
}

int compare_read_side(struct comparison *comparison, struct compare_side *side, struct error *err)
{
    const char *folder = side->folder;
    char **folders = NULL;
    size_t count = 0;
    int rc = reproduction_run_folders(folder, &folders, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = read_one(folders[i], side, err);
    }
    if (folders != NULL) {
        folders_free(folders, count);
    }
    if (rc == 0) {
        rc = read_lacking(folder, side, comparison, err);
    }
    if (rc == 0 && side->points.count == 0) {
        rc = fail_input(err, "%s contains no points", folder);
    }
    return rc;
}
