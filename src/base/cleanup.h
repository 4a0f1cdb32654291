// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/cleanup — ownership of locals by attribute, and "steal before return".
 *
 * A local that owns a resource is declared with one of these attributes, which releases the
 * resource on every path out of the function. To return the resource to the caller instead: return
 * steal_pointer(&p) or steal_fd(&fd).
 */
#ifndef VRBENCH_BASE_CLEANUP_H
#define VRBENCH_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *slot)
{
    free(*(void **)slot);
}
static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}
static inline void cleanup_fclose(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}
static inline void cleanup_closedir(DIR **dir)
{
    if (*dir != NULL) {
        closedir(*dir);
    }
}

#define _cleanup_free_     __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_    __attribute__((cleanup(cleanup_close)))
#define _cleanup_fclose_   __attribute__((cleanup(cleanup_fclose)))
#define _cleanup_closedir_ __attribute__((cleanup(cleanup_closedir)))

#define steal_pointer(slot)                                                                        \
    ({                                                                                             \
        __auto_type steal_slot_ = (slot);                                                          \
        __auto_type steal_value_ = *steal_slot_;                                                   \
        *steal_slot_ = NULL;                                                                       \
        steal_value_;                                                                              \
    })

static inline int steal_fd(int *fd)
{
    int value = *fd;
    *fd = -1;
    return value;
}

#endif
