// SPDX-License-Identifier: GPL-3.0-or-later
// Reading a workbook back, for test_report.c, which includes cmocka.h before this.
#ifndef VRBENCH_TESTS_WORKBOOK_H
#define VRBENCH_TESTS_WORKBOOK_H

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <zip.h>

#include "base/cleanup.h"
#include "base/text.h"

// A part of a workbook as XML; NULL if there is none.
static xmlDoc *part(zip_t *archive, const char *name)
{
    zip_stat_t stat;
    if (zip_stat(archive, name, 0, &stat) < 0) {
        return NULL;
    }
    _cleanup_free_ char *text = memory_new_array(char, stat.size + 1);
    zip_file_t *file = zip_fopen(archive, name, 0);
    assert_int_equal(zip_fread(file, text, stat.size), stat.size);
    zip_fclose(file);
    xmlDoc *doc = xmlReadMemory(text, (int)stat.size, name, NULL, XML_PARSE_NONET);
    assert_non_null(doc);
    return doc;
}

// What an XPath expression (all names local) makes of a document, as text.
static char *query(xmlDoc *doc, const char *expression)
{
    xmlXPathContext *context = xmlXPathNewContext(doc);
    xmlXPathObject *object = xmlXPathEvalExpression(BAD_CAST expression, context);
    assert_non_null(object);
    xmlChar *value = xmlXPathCastToString(object);
    char *text = text_copy((const char *)value);
    xmlFree(value);
    xmlXPathFreeObject(object);
    xmlXPathFreeContext(context);
    return text;
}

static void assert_query(xmlDoc *doc, const char *expression, const char *expected)
{
    _cleanup_free_ char *found = query(doc, expression);
    if (strcmp(found, expected) != 0) {
        fail_msg("%s is \"%s\", not \"%s\"", expression, found, expected);
    }
}

// Compares a cell with what it should show; "" for a cell that isn't there.
static void assert_cell(xmlDoc *sheet, xmlDoc *strings, const char *cell, const char *expected)
{
    _cleanup_free_ char *shared = text_format("count(//*[@r='%s' and @t='s'])", cell);
    _cleanup_free_ char *value = text_format("string(//*[@r='%s'])", cell);
    _cleanup_free_ char *is_shared = query(sheet, shared);
    _cleanup_free_ char *found = query(sheet, value);
    if (text_equal(is_shared, "1")) {
        _cleanup_free_ char *text =
            text_format("string(//*[local-name()='si'][%d])", (int)strtoul(found, NULL, 10) + 1);
        assert_query(strings, text, expected);
    } else if (!text_equal(found, expected)) {
        fail_msg("%s is \"%s\", not \"%s\"", cell, found, expected);
    }
}

#endif
