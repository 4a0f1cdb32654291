// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer_csv — the CSV backend of report/writer (RFC 4180): lines end with CRLF, and texts
// are quoted if necessary. An absent value is an empty field, an empty text is "".
#include <string.h>

#include "base/text.h"
#include "report/writer_backend.h"
#include "result/json_text.h"

static void put_text(FILE *out, const char *text)
{
    if (text[0] != '\0' && strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void csv_heading(struct writer *writer)
{
    for (size_t i = 0; i < writer->count; i++) {
        if (i > 0) {
            fputc(',', writer->out);
        }
        put_text(writer->out, writer->columns[i].key);
    }
    fputs("\r\n", writer->out);
}

static void put_value(FILE *out, const struct column *column, const struct value *value)
{
    char real[32];
    if (!value->present) {
        return;
    }
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_CONTEXT:
    case COLUMN_WHOLE:
        put_text(out, value->text);
        break;
    case COLUMN_INTEGER:
    case COLUMN_NUMBER:
        fprintf(out, "%llu", (unsigned long long)value->integer);
        break;
    case COLUMN_REAL:
        real_to_text(value->real, real);
        fputs(real, out);
        break;
    case COLUMN_TRUTH:
        fputs(value->truth ? "true" : "false", out);
        break;
    }
}

static int csv_row(struct writer *writer, const struct value *values, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < writer->count; i++) {
        if (i > 0) {
            fputc(',', writer->out);
        }
        put_value(writer->out, &writer->columns[i], &values[i]);
    }
    fputs("\r\n", writer->out);
    return 0;
}

static const struct writer_ops csv_ops = {
    .name = "csv",
    .heading = csv_heading,
    .row = csv_row,
    .finish = writer_flush,
};

struct writer *writer_csv(FILE *out, const struct column *columns, size_t count)
{
    struct writer *writer = memory_new(1, sizeof *writer);
    *writer = (struct writer){.ops = &csv_ops, .out = out, .columns = columns, .count = count};
    return writer;
}
