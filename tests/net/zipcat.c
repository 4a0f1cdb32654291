// SPDX-License-Identifier: GPL-3.0-or-later
// zipcat FILE [MEMBER] — lists the members of a zip file, or writes one of them to standard output.
#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

static int list(zip_t *archive)
{
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); i++) {
        puts(zip_get_name(archive, (zip_uint64_t)i, 0));
    }
    return EXIT_SUCCESS;
}

static int show(zip_t *archive, const char *member)
{
    zip_file_t *file = zip_fopen(archive, member, 0);
    if (file == NULL) {
        fprintf(stderr, "zipcat: no %s\n", member);
        return EXIT_FAILURE;
    }
    char bytes[4096];
    zip_int64_t length = 0;
    while ((length = zip_fread(file, bytes, sizeof bytes)) > 0) {
        fwrite(bytes, 1, (size_t)length, stdout);
    }
    // Closing checks the member's CRC.
    return zip_fclose(file) == 0 && length == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3) {
        fputs("usage: zipcat FILE [MEMBER]\n", stderr);
        return 2;
    }
    int why = 0;
    zip_t *archive = zip_open(argv[1], ZIP_RDONLY | ZIP_CHECKCONS, &why);
    if (archive == NULL) {
        fprintf(stderr, "zipcat: %s is no sound zip file (%d)\n", argv[1], why);
        return EXIT_FAILURE;
    }
    int status = argc == 2 ? list(archive) : show(archive, argv[2]);
    zip_discard(archive);
    return status;
}
