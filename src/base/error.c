// SPDX-License-Identifier: GPL-3.0-or-later
// base/error — see error.h. Called by every room; owns only the text inside the object.
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_text(struct error *err, int exit_status, int errnum, const char *format,
                     va_list args)
{
    if (err == NULL) {
        return;
    }
    char *body = NULL;
    if (vasprintf(&body, format, args) < 0) {
        body = NULL;
    }
    free(err->text);
    err->text = NULL;
    err->exit_status = exit_status;
    err->located = false;
    if (body != NULL && errnum > 0) {
        if (asprintf(&err->text, "%s: %s", body, strerror(errnum)) < 0) {
            err->text = NULL;
        }
        free(body);
    } else {
        err->text = body;
    }
}

int fail(struct error *err, int errnum, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(err, EXIT_FAILED, errnum, format, args);
    va_end(args);
    return errnum > 0 ? -errnum : -EIO;
}

int fail_input(struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(err, EXIT_INPUT, 0, format, args);
    va_end(args);
    return -EINVAL;
}

int fail_located(struct error *err, const char *lines)
{
    int rc = fail_input(err, "%s", lines);
    if (err != NULL) {
        err->located = true;
    }
    return rc;
}

int fail_lacking(struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(err, EXIT_LACKING, 0, format, args);
    va_end(args);
    return -ENOTSUP;
}

static void set_plain(struct error *err, int exit_status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(err, exit_status, 0, format, args);
    va_end(args);
}

int fail_interrupted(struct error *err)
{
    set_plain(err, EXIT_INTERRUPTED, "interrupted");
    return -EINTR;
}

int fail_saved(struct error *err, size_t points, size_t planned, const char *folder)
{
    set_plain(err, EXIT_INTERRUPTED, "interrupted: %zu of %zu points %s saved in %s", points,
              planned, points == 1 ? "is" : "are", folder);
    return -EINTR;
}

void error_context(struct error *err, const char *format, ...)
{
    if (err == NULL || err->text == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *front = NULL;
    int written = vasprintf(&front, format, args);
    va_end(args);
    if (written < 0) {
        return;
    }
    char *whole = NULL;
    if (asprintf(&whole, "%s: %s", front, err->text) >= 0) {
        free(err->text);
        err->text = whole;
    }
    free(front);
}

void error_advice(struct error *err, const char *format, ...)
{
    if (err == NULL || err->text == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *advice = NULL;
    int written = vasprintf(&advice, format, args);
    va_end(args);
    if (written < 0) {
        return;
    }
    char *whole = NULL;
    if (asprintf(&whole, "%s. %s", err->text, advice) >= 0) {
        free(err->text);
        err->text = whole;
    }
    free(advice);
}

void error_clear(struct error *err)
{
    if (err == NULL) {
        return;
    }
    free(err->text);
    *err = (struct error)ERROR_INIT;
}

void error_move(struct error *to, struct error *from)
{
    if (to == NULL) {
        error_clear(from);
        return;
    }
    free(to->text);
    *to = *from;
    *from = (struct error)ERROR_INIT;
}
