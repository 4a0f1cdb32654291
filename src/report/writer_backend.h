// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer_backend — what the backends of report/writer share. Included by writer*.c only.
#ifndef VRBENCH_REPORT_WRITER_BACKEND_H
#define VRBENCH_REPORT_WRITER_BACKEND_H

#include "report/writer.h"

// The head of every backend's own struct, in which it comes first.
struct writer {
    const struct writer_ops *ops;
    FILE *out; // NULL where the backend does not write to a stream
    const struct column *columns;
    size_t count;
};

// Flushes the stream and tells whether everything written to it has gone well.
int writer_flush(struct writer *writer, struct error *err);

#endif
