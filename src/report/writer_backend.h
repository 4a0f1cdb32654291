// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer_backend — common declarations of the backends of report/writer. Included by
// writer*.c only.
#ifndef VRBENCH_REPORT_WRITER_BACKEND_H
#define VRBENCH_REPORT_WRITER_BACKEND_H

#include "report/writer.h"

// First member of every backend's struct.
struct writer {
    const struct writer_ops *ops;
    FILE *out; // NULL if the backend does not write to a stream
    const struct column *columns;
    size_t count;
    bool begun; // the heading is written
};

// Flushes the stream and returns whether all output succeeded.
int writer_flush(struct writer *writer, struct error *err);

#endif
