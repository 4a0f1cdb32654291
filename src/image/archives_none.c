// SPDX-License-Identifier: GPL-3.0-or-later
// image/archives_none — archives.h in a build without libarchive: no archive is read or written, so
// there are no router images and no disks of virtual machines.
#include "image/archives.h"

static int fail_archive(struct error *err)
{
    return fail_lacking(err, "images of routers require libarchive, which this vrbench was built "
                             "without; install libarchive-dev and build it again");
}

int archive_out_open(const char *path, mode_t mode, enum archive_kind kind, const char *volume,
                     struct archive_out **ret, struct error *err)
{
    (void)path;
    (void)mode;
    (void)kind;
    (void)volume;
    (void)ret;
    return fail_archive(err);
}

int archive_out_add(struct archive_out *out, const struct archive_item *item, struct error *err)
{
    (void)out;
    (void)item;
    return fail_archive(err);
}

int archive_out_finish(struct archive_out *out, struct error *err)
{
    (void)out;
    return fail_archive(err);
}

void archive_out_free(struct archive_out *out)
{
    (void)out; // there is none
}

int archive_unpack_deb(const char *deb, bool (*wanted)(const char *path), const char *folder,
                       struct error *err)
{
    (void)deb;
    (void)wanted;
    (void)folder;
    return fail_archive(err);
}

int archive_decompress(const void *from, size_t length, const char *to, struct error *err)
{
    (void)from;
    (void)length;
    (void)to;
    return fail_archive(err);
}
