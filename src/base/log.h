// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/log — messages on standard error, each line with its topic.
 *
 * By default only warnings are printed (facts that a reader of the figures must see); -v adds
 * notes, -vv details.
 */
#ifndef VRBENCH_BASE_LOG_H
#define VRBENCH_BASE_LOG_H

enum log_level { LOG_WARNING, LOG_NOTE, LOG_DETAIL };

// Highest level that is printed; LOG_WARNING at start.
void log_set_level(enum log_level level);
// The level of the option -v, given so many times: 0 = LOG_WARNING, 1 = LOG_NOTE, more =
// LOG_DETAIL.
void log_set_verbosity(unsigned count);
// Called before and after each line so that a progress bar can step aside; NULL for none.
void log_set_interruption(void (*before)(void), void (*after)(void));
// Sends the lines of the calling thread, of every level, to `sink` (NULL = to standard error
// again).
void log_use_sink(void (*sink)(void *context, enum log_level level, const char *topic,
                               const char *text),
                  void *context);
void log_line(enum log_level level, const char *topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_warning(topic, ...) log_line(LOG_WARNING, topic, __VA_ARGS__)
#define log_note(topic, ...)    log_line(LOG_NOTE, topic, __VA_ARGS__)
#define log_detail(topic, ...)  log_line(LOG_DETAIL, topic, __VA_ARGS__)

#endif
