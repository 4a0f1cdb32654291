// SPDX-License-Identifier: GPL-3.0-or-later
// base/screen — see screen.h. Called by report/ and cli/.
#include "base/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

// After a request to stop, fileno(3) of the standard streams is -1 (output.h).
static int descriptor_of(FILE *out)
{
    return out == stdout ? STDOUT_FILENO : out == stderr ? STDERR_FILENO : fileno(out);
}

size_t screen_width(FILE *out)
{
    struct winsize size;
    if (ioctl(descriptor_of(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return SCREEN_WIDTH;
}

void screen_wrap(FILE *out, const char *text)
{
    const size_t columns = screen_width(out);
    while (text_columns(text) > columns) {
        size_t length = text_bytes_within(text, columns);
        while (length > 1 && text[length] != ' ') {
            length--;
        }
        fprintf(out, "%.*s\n", (int)length, text);
        text += length + (text[length] == ' ' ? 1 : 0);
    }
    fprintf(out, "%s\n", text);
}

bool screen_moves(FILE *out)
{
    const char *kind = getenv("TERM");
    return isatty(descriptor_of(out)) != 0 && kind != NULL && strcmp(kind, "dumb") != 0;
}

bool screen_wants_colour(void)
{
    const char *without = getenv("NO_COLOR");
    return without == NULL || *without == '\0';
}
