// SPDX-License-Identifier: GPL-3.0-or-later
// base/log — see log.h. The level and the interruption hooks are the program's only globals here.
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum log_level highest = LOG_WARNING;
static void (*step_aside)(void);
static void (*come_back)(void);
static _Thread_local void (*own_sink)(void *context, enum log_level level, const char *topic,
                                      const char *text);
static _Thread_local void *own_context;

void log_set_level(enum log_level level)
{
    highest = level;
}

void log_set_verbosity(unsigned count)
{
    log_set_level(count >= 2 ? LOG_DETAIL : count == 1 ? LOG_NOTE : LOG_WARNING);
}

void log_set_interruption(void (*before)(void), void (*after)(void))
{
    step_aside = before;
    come_back = after;
}

void log_use_sink(void (*sink)(void *context, enum log_level level, const char *topic,
                               const char *text),
                  void *context)
{
    own_sink = sink;
    own_context = context;
}

void log_line(enum log_level level, const char *topic, const char *format, ...)
{
    if (level > highest && own_sink == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int written = vasprintf(&text, format, args);
    va_end(args);
    if (written < 0) {
        return;
    }
    if (own_sink != NULL) {
        own_sink(own_context, level, topic, text);
        free(text);
        return;
    }
    if (step_aside != NULL) {
        step_aside();
    }
    fprintf(stderr, "vrbench: %s%s: %s\n", level == LOG_WARNING ? "warning: " : "", topic, text);
    if (come_back != NULL) {
        come_back();
    }
    free(text);
}
