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

void screen_put(FILE *out, size_t width, size_t column, size_t indent, const char *text)
{
    size_t room = width > column ? width - column : 1;
    while (text_columns(text) > room) {
        size_t length = text_bytes_within(text, room);
        while (length > 0 && text[length] != ' ') {
            length--;
        }
        length = length == 0 ? strcspn(text, " ") : length; // a word is never broken
        if (text[length] == '\0') {
            break;
        }
        fprintf(out, "%.*s\n%*s", (int)length, text, (int)indent, "");
        text += length + 1;
        room = width > indent ? width - indent : 1;
    }
    fprintf(out, "%s\n", text);
}

void screen_wrap(FILE *out, const char *text)
{
    screen_put(out, screen_width(out), 0, 0, text);
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
