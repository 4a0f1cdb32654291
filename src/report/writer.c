// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer — see writer.h. The common part of all backends: replaces NaN and infinity, which
// no format supports, by absent values.
#include "report/writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/stop.h"
#include "base/text.h"
#include "report/writer_backend.h"

static void begin(struct writer *writer)
{
    if (!writer->begun && writer->ops->heading != NULL) {
        writer->ops->heading(writer);
    }
    writer->begun = true;
}

int writer_row(struct writer *writer, const struct value *values, struct error *err)
{
    _cleanup_free_ struct value *shown = memory_new_array(struct value, writer->count);
    for (size_t i = 0; i < writer->count; i++) {
        shown[i] = values[i];
        if (writer->columns[i].type == COLUMN_REAL && !isfinite(values[i].real)) {
            shown[i] = VALUE_ABSENT;
        }
    }
    begin(writer);
    return writer->ops->row(writer, shown, err);
}

int writer_finish(struct writer *writer, struct error *err)
{
    begin(writer);
    return writer->ops->finish(writer, err);
}

void writer_free(struct writer *writer)
{
    if (writer != NULL && writer->ops->clear != NULL) {
        writer->ops->clear(writer);
    }
    free(writer);
}

int writer_flush(struct writer *writer, struct error *err)
{
    errno = 0;
    if (fflush(writer->out) != 0 || ferror(writer->out)) {
        if (stop_requested()) {
            return fail_interrupted(err);
        }
        return fail(err, errno, "writing the %s output", writer->ops->name);
    }
    return 0;
}
