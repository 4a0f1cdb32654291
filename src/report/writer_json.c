// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer_json — the JSON backend of report/writer: an array with one object per row and
// line. An absent value has no key. Text that is not UTF-8, which JSON excludes, is absent too.
#include <jansson.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/writer_backend.h"
#include "result/json_text.h"

struct json_writer {
    struct writer writer;
    size_t rows; // written so far
};

static json_t *to_json(const struct column *column, const struct value *value)
{
    if (!value->present) {
        return NULL;
    }
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_CONTEXT:
    case COLUMN_WHOLE:
        return json_string(value->text);
    case COLUMN_INTEGER:
    case COLUMN_NUMBER:
        return json_integer((json_int_t)value->integer);
    case COLUMN_REAL:
        return json_real(value->real);
    case COLUMN_TRUTH:
        return json_boolean(value->truth);
    }
    return NULL;
}

static int json_row(struct writer *writer, const struct value *values, struct error *err)
{
    struct json_writer *self = (struct json_writer *)writer;
    (void)err;
    json_t *object = json_object();
    for (size_t i = 0; i < writer->count; i++) {
        json_t *member = to_json(&writer->columns[i], &values[i]);
        if (member != NULL) {
            json_object_set_new(object, writer->columns[i].key, member);
        }
    }
    _cleanup_free_ char *text = json_to_text(object, 0);
    json_decref(object);
    fprintf(writer->out, "%s%s", self->rows == 0 ? "[\n" : ",\n", text);
    self->rows++;
    return 0;
}

static int json_finish(struct writer *writer, struct error *err)
{
    struct json_writer *self = (struct json_writer *)writer;
    fputs(self->rows == 0 ? "[]\n" : "\n]\n", writer->out);
    return writer_flush(writer, err);
}

static const struct writer_ops json_ops;

struct writer *writer_json(FILE *out, const struct column *columns, size_t count)
{
    struct json_writer *self = memory_new_array(struct json_writer, 1);
    self->writer =
        (struct writer){.ops = &json_ops, .out = out, .columns = columns, .count = count};
    return &self->writer;
}

static const struct writer_ops json_ops = {
    .name = "json",
    .row = json_row,
    .finish = json_finish,
};
