// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * describe — a program of the build. Prints what it is asked for:
 *
 *     describe schema scenario | contracts | point | send  a JSON Schema
 *     describe page NAME SECTION [FILE]                a man page, from the text in FILE
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "describe.h"

static const struct file_kind {
    const char *name, *title;
    const struct schema_row *rows;
} files[] = {
    {"scenario", "Scenario file of vrbench", schema_scenario},
    {"contracts", "Contracts file of vrbench advise", schema_contracts},
};

json_t *describe_schema_head(const char *id, const char *title)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "$comment",
                     "SPDX-License-Identifier: GPL-3.0-or-later", "$schema",
                     "http://json-schema.org/draft-07/schema#", "$id", id, "title", title);
}

static int print_schema(json_t *schema)
{
    int rc = json_dumpf(schema, stdout, JSON_INDENT(2));
    json_decref(schema);
    putchar('\n');
    return rc == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof files / sizeof files[0]; i++) {
        if (text_equal(argv[2], files[i].name) && text_equal(argv[1], "schema")) {
            char *id = text_format("urn:vrbench:%s", files[i].name);
            int status = print_schema(describe_file_schema(files[i].rows, id, files[i].title));
            free(id);
            return status;
        }
    }
    if (argc == 3 && text_equal(argv[1], "schema") && text_equal(argv[2], "point")) {
        return print_schema(
            describe_point_schema("urn:vrbench:point", "A line of points.jsonl of vrbench"));
    }
    if (argc == 3 && text_equal(argv[1], "schema") && text_equal(argv[2], "send")) {
        return print_schema(
            describe_send_schema("urn:vrbench:send", "A line of vrbench send --json"));
    }
    if ((argc == 4 || argc == 5) && text_equal(argv[1], "page")) {
        int rc = describe_page(argc == 5 ? argv[4] : NULL, argv[2], argv[3][0] - '0', stdout);
        return rc == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    fputs(
        "usage: describe schema scenario|contracts|point|send, describe page NAME SECTION [FILE]\n",
        stderr);
    return 2;
}
