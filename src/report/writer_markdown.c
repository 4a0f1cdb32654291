// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer_markdown — the Markdown backend of report/writer: a table as GitHub's dialect has
// it, numbers aligned to the right, texts escaped. It contains every column.
#include <string.h>

#include "base/text.h"
#include "report/writer_backend.h"

// No text of a run may end the cell, begin markup or a new line.
static void put_cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool control = (unsigned char)*text < ' ' || *text == 0x7f;
        if (strchr("\\`*_[]<>|", *text) != NULL) {
            fputc('\\', out);
        }
        fputc(control ? ' ' : *text, out);
    }
}

static bool is_number(const struct column *column)
{
    return column->type == COLUMN_INTEGER || column->type == COLUMN_NUMBER ||
           column->type == COLUMN_REAL;
}

static void markdown_heading(struct writer *writer)
{
    for (size_t i = 0; i < writer->count; i++) {
        fputs("| ", writer->out);
        put_cell(writer->out, writer->columns[i].heading);
        fputc(' ', writer->out);
    }
    fputs("|\n", writer->out);
    for (size_t i = 0; i < writer->count; i++) {
        fputs(is_number(&writer->columns[i]) ? "| ---: " : "| --- ", writer->out);
    }
    fputs("|\n", writer->out);
}

static void put_value(FILE *out, const struct column *column, const struct value *value)
{
    char figure[48];
    if (!value->present) {
        return;
    }
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_CONTEXT:
    case COLUMN_WHOLE:
        put_cell(out, value->text);
        break;
    case COLUMN_INTEGER:
        text_group_digits((double)value->integer, 0, figure);
        fputs(figure, out);
        break;
    case COLUMN_NUMBER:
        fprintf(out, "%llu", (unsigned long long)value->integer);
        break;
    case COLUMN_REAL:
        text_group_digits(value->real, column->decimals, figure);
        fputs(figure, out);
        break;
    case COLUMN_TRUTH:
        fputs(value->truth ? "yes" : "no", out);
        break;
    }
}

static int markdown_row(struct writer *writer, const struct value *values, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < writer->count; i++) {
        fputs("| ", writer->out);
        put_value(writer->out, &writer->columns[i], &values[i]);
        fputc(' ', writer->out);
    }
    fputs("|\n", writer->out);
    return 0;
}

static const struct writer_ops markdown_ops = {
    .name = "markdown",
    .heading = markdown_heading,
    .row = markdown_row,
    .finish = writer_flush,
};

struct writer *writer_markdown(FILE *out, const struct column *columns, size_t count)
{
    struct writer *writer = memory_new(1, sizeof *writer);
    *writer = (struct writer){.ops = &markdown_ops, .out = out, .columns = columns, .count = count};
    return writer;
}
