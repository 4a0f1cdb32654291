// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer_table_none — the table of a build without libsmartcols: that of Markdown, which
// does not depend on the terminal's width.
#include "report/writer.h"

struct writer *writer_table(FILE *out, const struct column *columns, size_t count, unsigned width,
                            bool colour)
{
    (void)width;
    (void)colour;
    return writer_markdown(out, columns, count);
}
