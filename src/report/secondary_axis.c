// SPDX-License-Identifier: GPL-3.0-or-later
// report/secondary_axis — see secondary_axis.h. The right pair of axes is a changed copy of the
// left one, with the same fonts and number formats.
#include "report/secondary_axis.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "base/cleanup.h"
#include "base/text.h"

#define RIGHT_X   "50020001" // ids of the new axes; libxlsxwriter uses 50010001 to 50010004
#define RIGHT_Y   "50020002"
#define CHART_MAX ((zip_uint64_t)64 << 20)

static void doc_cleanup(xmlDoc **doc)
{
    if (*doc != NULL) {
        xmlFreeDoc(*doc);
    }
}
#define _cleanup_doc_ __attribute__((cleanup(doc_cleanup)))

static void zip_cleanup(zip_t **archive)
{
    if (*archive != NULL) {
        zip_discard(*archive);
    }
}
#define _cleanup_zip_ __attribute__((cleanup(zip_cleanup)))

static bool is_named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
    xmlNode *node = parent == NULL ? NULL : parent->children;
    while (node != NULL && !is_named(node, name)) {
        node = node->next;
    }
    return node;
}

static xmlNode *next_sibling(const xmlNode *node, const char *name)
{
    xmlNode *next = node->next;
    while (next != NULL && !is_named(next, name)) {
        next = next->next;
    }
    return next;
}

static void set_val(xmlNode *node, const char *value)
{
    if (node != NULL && value != NULL) {
        xmlSetProp(node, BAD_CAST "val", BAD_CAST value);
    }
}

static xmlNode *new_node(const xmlNode *like, const char *name, const char *value)
{
    xmlNode *node = xmlNewNode(like->ns, BAD_CAST name);
    set_val(node, value);
    return node;
}

static void remove_child(const xmlNode *parent, const char *name)
{
    xmlNode *node = child(parent, name);
    if (node != NULL) {
        xmlUnlinkNode(node);
        xmlFreeNode(node);
    }
}

// The order that the format prescribes: axId, scaling, delete, axPos, majorGridlines, title, …
static void set_deleted(xmlNode *axis, bool deleted)
{
    remove_child(axis, "delete");
    xmlAddNextSibling(child(axis, "scaling"), new_node(axis, "delete", deleted ? "1" : "0"));
}

// Replaces the text of an axis's title: that of its first run.
static int set_title(const xmlNode *axis, const char *title)
{
    xmlNode *node = child(axis, "title");
    static const char *const path[] = {"tx", "rich", "p", "r", "t"};
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++) {
        node = child(node, path[i]);
    }
    if (node == NULL) {
        return -EINVAL;
    }
    _cleanup_free_ xmlChar *escaped = xmlEncodeSpecialChars(node->doc, BAD_CAST title);
    xmlNodeSetContent(node, escaped);
    return 0;
}

static void set_range(const xmlNode *axis, double max)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", max);
    xmlNode *scaling = child(axis, "scaling");
    remove_child(scaling, "max");
    remove_child(scaling, "min");
    xmlAddChild(scaling, new_node(scaling, "max", text));
    xmlAddChild(scaling, new_node(scaling, "min", "0"));
}

// Moves the series after the first `left` into a new scatterChart.
static int split_series(xmlNode *chart, const struct secondary_axis *axis)
{
    xmlNode *right = new_node(chart, "scatterChart", NULL);
    xmlNode *style = child(chart, "scatterStyle");
    if (style != NULL) {
        xmlAddChild(right, xmlCopyNode(style, 1));
    }
    xmlAddNextSibling(chart, right);
    xmlNode *series = child(chart, "ser");
    size_t moved = 0;
    for (size_t i = 0; series != NULL; i++) {
        xmlNode *next = next_sibling(series, "ser");
        if (i >= axis->left) {
            xmlUnlinkNode(series);
            xmlAddChild(right, series);
            moved++;
        }
        series = next;
    }
    xmlAddChild(right, new_node(chart, "axId", RIGHT_X));
    xmlAddChild(right, new_node(chart, "axId", RIGHT_Y));
    return moved == axis->right ? 0 : -EINVAL;
}

static int add_axes(xmlDoc *doc, const struct secondary_axis *axis)
{
    xmlNode *area = child(child(xmlDocGetRootElement(doc), "chart"), "plotArea");
    xmlNode *chart = child(area, "scatterChart");
    xmlNode *x = child(area, "valAx");
    xmlNode *y = x == NULL ? NULL : next_sibling(x, "valAx");
    if (chart == NULL || y == NULL || split_series(chart, axis) < 0) {
        return -EINVAL;
    }
    set_deleted(x, false);
    set_deleted(y, false);

    xmlNode *right_y = xmlCopyNode(y, 1);
    xmlAddNextSibling(y, right_y);
    set_val(child(right_y, "axId"), RIGHT_Y);
    set_val(child(right_y, "axPos"), "r");
    set_val(child(right_y, "crossAx"), RIGHT_X);
    set_val(child(right_y, "crosses"), "max");
    set_range(right_y, axis->max);
    remove_child(right_y, "majorGridlines");
    if (set_title(right_y, axis->title) < 0) {
        return -EINVAL;
    }

    xmlNode *right_x = xmlCopyNode(x, 1);
    xmlAddNextSibling(right_y, right_x);
    set_val(child(right_x, "axId"), RIGHT_X);
    set_val(child(right_x, "crossAx"), RIGHT_Y);
    set_deleted(right_x, true);
    remove_child(right_x, "majorGridlines");
    remove_child(right_x, "title");
    return 0;
}

static int read_entry(zip_t *archive, zip_uint64_t index, char **ret, size_t *ret_length)
{
    zip_stat_t stat;
    if (zip_stat_index(archive, index, 0, &stat) < 0 || stat.size > CHART_MAX) {
        return -EINVAL;
    }
    zip_file_t *file = zip_fopen_index(archive, index, 0);
    if (file == NULL) {
        return -EINVAL;
    }
    _cleanup_free_ char *text = memory_new_array(char, stat.size + 1);
    zip_int64_t got = zip_fread(file, text, stat.size);
    zip_fclose(file);
    if (got < 0 || (zip_uint64_t)got != stat.size) {
        return -EINVAL;
    }
    *ret = steal_pointer(&text);
    *ret_length = stat.size;
    return 0;
}

static int replace_entry(zip_t *archive, zip_uint64_t index, xmlDoc *doc)
{
    xmlChar *text = NULL;
    int length = 0;
    xmlDocDumpMemory(doc, &text, &length);
    if (text == NULL) {
        return -ENOMEM;
    }
    char *kept = memory_new_array(char, (size_t)length); // until zip_close(), which frees it
    memcpy(kept, text, (size_t)length);
    xmlFree(text);
    zip_source_t *source = zip_source_buffer(archive, kept, (zip_uint64_t)length, 1);
    if (source == NULL) {
        free(kept);
        return -ENOMEM;
    }
    if (zip_file_replace(archive, index, source, 0) < 0) {
        zip_source_free(source);
        return -EINVAL;
    }
    return 0;
}

static int rewrite_chart(zip_t *archive, const char *name, const struct secondary_axis *axis)
{
    zip_int64_t index = zip_name_locate(archive, name, 0);
    if (index < 0) {
        return -ENOENT;
    }
    _cleanup_free_ char *text = NULL;
    size_t length;
    int rc = read_entry(archive, (zip_uint64_t)index, &text, &length);
    if (rc < 0) {
        return rc;
    }
    _cleanup_doc_ xmlDoc *doc = xmlReadMemory(
        text, (int)length, name, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (doc == NULL) {
        return -EINVAL;
    }
    rc = add_axes(doc, axis);
    return rc < 0 ? rc : replace_entry(archive, (zip_uint64_t)index, doc);
}

int secondary_axis_add(const char *path, const struct secondary_axis *axes, size_t count,
                       struct error *err)
{
    int code = 0;
    _cleanup_zip_ zip_t *archive = zip_open(path, 0, &code);
    if (archive == NULL) {
        zip_error_t why;
        zip_error_init_with_code(&why, code);
        int rc = fail(err, 0, "%s: %s", path, zip_error_strerror(&why));
        zip_error_fini(&why);
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        if (axes[i].right == 0) {
            continue;
        }
        _cleanup_free_ char *name = text_format("xl/charts/chart%zu.xml", i + 1);
        if (rewrite_chart(archive, name, &axes[i]) < 0) {
            return fail(err, 0, "%s: %s is not a chart as libxlsxwriter writes it", path, name);
        }
    }
    if (zip_close(archive) < 0) {
        return fail(err, 0, "%s: %s", path, zip_strerror(archive));
    }
    archive = NULL; // closed
    return 0;
}
