// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/writer_table — the terminal table, a backend of report/writer over libsmartcols.
 *
 * Rows are kept until finish, since widths depend on all of them. This file breaks lines itself,
 * since libsmartcols does not wrap headings (which makes a dozen columns fit into 80 characters)
 * and wraps texts inside words. Headings wrap first, then texts, the widest first. Figures and
 * words are never cut; the table exceeds the requested width instead.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/screen.h"
#include "base/text.h"
#include "report/writer_backend.h"

#define GAP      2    // blanks between columns; one if only that makes the table fit
#define NO_LIMIT 9999 // a width at which libsmartcols never cuts

struct table {
    struct writer writer;
    unsigned width;
    bool colour;
    char **cells; // rows × columns
    size_t rows;
};

// Layout of each column: whether it is shown, its width, its minimum width.
struct layout {
    bool *shown;
    size_t *widths, *least;
    unsigned gap; // between columns
};

// Characters of a UTF-8 text, or of the first bytes of one.
static size_t count_characters(const char *text, size_t bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes && text[i] != '\0'; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return count;
}

static size_t width_of(const char *text)
{
    return count_characters(text, SIZE_MAX);
}

static bool is_text(const struct column *column)
{
    return column->type == COLUMN_TEXT || column->type == COLUMN_CONTEXT;
}

static char *cell_text(const struct column *column, const struct value *value)
{
    char figure[48];
    if (!value->present) {
        return text_copy("-");
    }
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_CONTEXT:
    case COLUMN_WHOLE:
        return text_printable(value->text);
    case COLUMN_INTEGER:
        text_group_digits((double)value->integer, 0, figure);
        return text_copy(figure);
    case COLUMN_NUMBER:
        return text_format("%llu", (unsigned long long)value->integer);
    case COLUMN_REAL:
        text_group_digits(value->real, column->decimals, figure);
        return text_copy(figure);
    case COLUMN_TRUTH:
        return text_copy(value->truth ? "yes" : "no");
    }
    return text_copy("-");
}

static int table_row(struct writer *writer, const struct value *values, struct error *err)
{
    struct table *table = (struct table *)writer;
    (void)err;
    size_t old = table->rows * writer->count;
    table->cells = memory_resize(table->cells, old + writer->count, sizeof *table->cells);
    for (size_t i = 0; i < writer->count; i++) {
        table->cells[old + i] = cell_text(&writer->columns[i], &values[i]);
    }
    table->rows++;
    return 0;
}

// Length of the longest word.
static size_t longest_word(const char *text)
{
    size_t longest = 0;
    while (*text != '\0') {
        size_t bytes = strcspn(text, " ");
        size_t word = count_characters(text, bytes);
        longest = word > longest ? word : longest;
        text += bytes;
        text += strspn(text, " ");
    }
    return longest;
}

// Removes as many words from *text as fit into `width`, at least one, and returns them.
static char *take_line(const char **text, size_t width)
{
    size_t taken = strcspn(*text, " ");
    for (;;) {
        size_t blanks = strspn(*text + taken, " ");
        size_t word = strcspn(*text + taken + blanks, " ");
        if (word == 0 || count_characters(*text, taken + blanks + word) > width) {
            break;
        }
        taken += blanks + word;
    }
    char *line = text_format("%.*s", (int)taken, *text);
    *text += taken;
    *text += strspn(*text, " ");
    return line;
}

static size_t count_lines(const char *text, size_t width)
{
    size_t lines = 0;
    do {
        free(take_line(&text, width));
        lines++;
    } while (*text != '\0');
    return lines;
}

static bool is_shown(const struct table *table, size_t column)
{
    size_t count = table->writer.count;
    if (table->writer.columns[column].type != COLUMN_CONTEXT) {
        return true;
    }
    for (size_t row = 1; row < table->rows; row++) {
        if (!text_equal(table->cells[row * count + column], table->cells[column])) {
            return true;
        }
    }
    return false;
}

static size_t data_width(const struct table *table, size_t column)
{
    size_t width = 1;
    for (size_t row = 0; row < table->rows; row++) {
        size_t length = width_of(table->cells[row * table->writer.count + column]);
        width = length > width ? length : width;
    }
    return width;
}

static size_t total_width(const struct table *table, const struct layout *layout)
{
    size_t total = 0;
    for (size_t i = 0; i < table->writer.count; i++) {
        if (layout->shown[i]) {
            total += layout->widths[i] + (total > 0 ? layout->gap : 0);
        }
    }
    return total;
}

// Widens wrapped headings while the table fits, those with the most lines first.
static void relax_headings(const struct table *table, struct layout *layout, size_t wanted)
{
    const struct column *columns = table->writer.columns;
    for (;;) {
        size_t most = 1;
        size_t at = 0;
        for (size_t i = 0; i < table->writer.count; i++) {
            size_t lines =
                layout->shown[i] ? count_lines(columns[i].heading, layout->widths[i]) : 0;
            if (lines > most) {
                most = lines;
                at = i;
            }
        }
        size_t room = total_width(table, layout);
        if (most == 1 || room >= wanted) {
            return;
        }
        size_t width = layout->widths[at];
        while (count_lines(columns[at].heading, width) == most) {
            width++;
        }
        if (room + width - layout->widths[at] > wanted) {
            return;
        }
        layout->widths[at] = width;
    }
}

// Narrows the text columns, the widest first, to no less than their longest word.
static void narrow_texts(const struct table *table, struct layout *layout, size_t wanted)
{
    size_t count = table->writer.count;
    for (size_t total = total_width(table, layout); total > wanted; total--) {
        size_t at = count;
        for (size_t i = 0; i < count; i++) {
            if (layout->shown[i] && layout->widths[i] > layout->least[i] &&
                (at == count || layout->widths[i] > layout->widths[at])) {
                at = i;
            }
        }
        if (at == count) {
            return;
        }
        layout->widths[at]--;
    }
}

// Computes widths with all headings wrapped and narrowed texts.
static void wrap(const struct table *table, struct layout *layout, size_t wanted)
{
    const struct column *columns = table->writer.columns;
    size_t count = table->writer.count;
    for (size_t i = 0; i < count; i++) {
        size_t word = longest_word(columns[i].heading);
        size_t data = data_width(table, i);
        layout->widths[i] = data > word ? data : word;
        layout->least[i] = layout->widths[i];
        if (is_text(&columns[i])) {
            layout->least[i] = word;
            for (size_t row = 0; row < table->rows; row++) {
                word = longest_word(table->cells[row * count + i]);
                layout->least[i] = word > layout->least[i] ? word : layout->least[i];
            }
        }
    }
    narrow_texts(table, layout, wanted);
}

static void lay_out(const struct table *table, struct layout *layout, size_t wanted)
{
    const struct column *columns = table->writer.columns;
    size_t count = table->writer.count;
    for (size_t i = 0; i < count; i++) {
        layout->shown[i] = is_shown(table, i);
        size_t heading = width_of(columns[i].heading);
        size_t data = data_width(table, i);
        layout->widths[i] = data > heading ? data : heading;
    }
    if (total_width(table, layout) <= wanted) {
        return;
    }
    wrap(table, layout, wanted);
    if (total_width(table, layout) > wanted) {
        layout->gap--;
        wrap(table, layout, wanted);
    }
    relax_headings(table, layout, wanted);
}

// The colour of a row, by the column "state": red for a crashed router, dim for a destroyed one.
static const char *colour_of(const struct table *table, const char *const *cells)
{
    for (size_t i = 0; i < table->writer.count; i++) {
        if (text_equal(table->writer.columns[i].key, "state")) {
            return text_equal(cells[i], "crashed")     ? "\033[31m"
                   : text_equal(cells[i], "destroyed") ? "\033[2m"
                                                       : NULL;
        }
    }
    return NULL;
}

// Adds the lines of one row. Headings are aligned to the bottom, other rows to the top.
static void add_lines(const struct table *table, const struct layout *layout,
                      struct libscols_table *scols, const char *const *cells, bool heading)
{
    size_t count = table->writer.count;
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) {
        size_t needed = layout->shown[i] ? count_lines(cells[i], layout->widths[i]) : 0;
        lines = needed > lines ? needed : lines;
    }
    for (size_t at = 0; at < lines; at++) {
        struct libscols_line *line = scols_table_new_line(scols, NULL);
        size_t place = 0;
        for (size_t i = 0; i < count; i++) {
            if (!layout->shown[i]) {
                continue;
            }
            size_t width = layout->widths[i];
            size_t skip = heading ? lines - count_lines(cells[i], width) : 0;
            const char *rest = cells[i];
            for (size_t k = skip; k < at; k++) {
                free(take_line(&rest, width));
            }
            _cleanup_free_ char *text = at < skip ? text_copy("") : take_line(&rest, width);
            scols_line_set_data(line, place++, text);
        }
        const char *colour = heading ? "\033[1m" : colour_of(table, cells);
        if (table->colour && colour != NULL) {
            scols_line_set_color(line, colour);
        }
    }
}

// Texts are UTF-8 whatever the locale is. In one that is not, libsmartcols does not come to an end
// at bytes which are no characters of it.
static int print_as_utf8(struct libscols_table *scols)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 == (locale_t)0 ? (locale_t)0 : uselocale(utf8);
    int rc = scols_print_table(scols);
    if (utf8 != (locale_t)0) {
        (void)uselocale(before);
        freelocale(utf8);
    }
    return rc;
}

static int table_finish(struct writer *writer, struct error *err)
{
    struct table *table = (struct table *)writer;
    size_t count = writer->count;
    size_t wanted = table->width > 0 ? table->width : screen_width(writer->out);
    _cleanup_free_ bool *shown = memory_new_array(bool, count);
    _cleanup_free_ size_t *widths = memory_new_array(size_t, count);
    _cleanup_free_ size_t *least = memory_new_array(size_t, count);
    _cleanup_free_ const char **headings = memory_new_array(const char *, count);
    struct layout layout = {shown, widths, least, GAP};
    lay_out(table, &layout, wanted);

    struct libscols_table *scols = scols_new_table();
    if (scols == NULL) {
        return fail(err, ENOMEM, "printing a table");
    }
    scols_table_set_column_separator(scols, layout.gap == GAP ? "  " : " ");
    scols_table_enable_noheadings(scols, 1);
    scols_table_enable_noencoding(scols, 1); // text_printable() has replaced control characters
    scols_table_enable_colors(scols, table->colour);
    scols_table_set_stream(scols, writer->out);
    scols_table_set_termforce(scols, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(scols, NO_LIMIT);
    for (size_t i = 0; i < count; i++) {
        headings[i] = writer->columns[i].heading;
        if (shown[i]) {
            int flags = SCOLS_FL_NOEXTREMES | (is_text(&writer->columns[i]) ? 0 : SCOLS_FL_RIGHT);
            // Unnamed, since a name would set the minimum width of the column.
            scols_table_new_column(scols, NULL, 0, flags);
        }
    }
    add_lines(table, &layout, scols, headings, true);
    for (size_t row = 0; row < table->rows; row++) {
        add_lines(table, &layout, scols, (const char *const *)&table->cells[row * count], false);
    }
    int rc = print_as_utf8(scols);
    scols_unref_table(scols);
    if (rc < 0) {
        return fail(err, -rc, "printing a table");
    }
    return writer_flush(writer, err);
}

static void table_clear(struct writer *writer)
{
    struct table *table = (struct table *)writer;
    for (size_t i = 0; i < table->rows * writer->count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
}

static const struct writer_ops table_ops;

struct writer *writer_table(FILE *out, const struct column *columns, size_t count, unsigned width,
                            bool colour)
{
    struct table *table = memory_new_array(struct table, 1);
    table->writer =
        (struct writer){.ops = &table_ops, .out = out, .columns = columns, .count = count};
    table->width = width;
    table->colour = colour && screen_wants_colour();
    return &table->writer;
}

static const struct writer_ops table_ops = {
    .name = "table",
    .row = table_row,
    .finish = table_finish,
    .clear = table_clear,
};
