// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_image — `vrbench image build` and `vrbench image list`: the router image.
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "image/image.h"

struct image_values {
    const char *kernel, *output, *with;
    bool json;
    unsigned verbose;
};

static const struct option_row image_options[] = {
    {.name = "kernel",
     .letter = 'k',
     .type = OPTION_TEXT,
     .offset = offsetof(struct image_values, kernel),
     .argument = "PKG",
     .help = "kernel package or *.deb (" IMAGE_KERNEL_DEFAULT ")"},
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct image_values, output),
     .argument = "DIR",
     .help = "folder ($VRBENCH_IMAGE or /var/lib/vrbench/image)"},
    {.name = "with",
     .letter = 'w',
     .type = OPTION_TEXT,
     .offset = offsetof(struct image_values, with),
     .argument = "DAEMON,…",
     .help = "build: include routing daemons: bird, frr"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct image_values, json),
     .help = "describe the image as JSON"},
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_COUNT,
     .offset = offsetof(struct image_values, verbose),
     .help = "print each step"},
    OPTIONS_END,
};

static double mib(const char *path)
{
    struct stat st;
    return stat(path, &st) < 0 ? 0 : (double)st.st_size / (1 << 20);
}

static int describe(const struct image *image, bool json, struct error *err)
{
    if (!json) {
        printf("%s: %s (%s), busybox %s; kernel %.1f MiB, initrd %.1f MiB, %d MiB of memory per "
               "router\n",
               image->folder, image->kernel_package, image->kernel_version, image->busybox_version,
               mib(image->kernel), mib(image->initrd), IMAGE_MEMORY_MIB);
        printf("with assigned NICs: %.1f MiB of modules, %d MiB of memory per router\n",
               mib(image->nics), IMAGE_LARGE_MIB);
        for (size_t i = 0; i < IMAGE_DAEMONS; i++) {
            const struct image_daemon *daemon = &image->daemons[i];
            if (daemon->archive != NULL) {
                printf("with %s %s: %.1f MiB, %d MiB of memory per router\n", daemon->package,
                       daemon->version, mib(daemon->archive), IMAGE_LARGE_MIB);
            }
        }
        return 0;
    }
    json_t *daemons = json_object();
    for (enum routing_daemon i = DAEMON_FRR; i < IMAGE_DAEMONS; i++) {
        const struct image_daemon *daemon = &image->daemons[i];
        if (daemon->archive != NULL) {
            json_object_set_new(daemons, routing_daemon_name(i),
                                json_pack("{s:s, s:s, s:s, s:i}", "archive", daemon->archive,
                                          "package", daemon->package, "version", daemon->version,
                                          "memory_mib", IMAGE_LARGE_MIB));
        }
    }
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o}", "folder", image->folder, "kernel",
        image->kernel, "vmlinux", image->vmlinux, "initrd", image->initrd, "kernel_package",
        image->kernel_package, "kernel_version", image->kernel_version, "busybox_version",
        image->busybox_version, "memory_mib", IMAGE_MEMORY_MIB, "daemons", daemons);
    _cleanup_free_ char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (text == NULL) {
        return fail(err, 0, "%s: can't be described as JSON", image->folder);
    }
    printf("%s\n", text);
    return 0;
}

static int image_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct image_values *asked = values;
    const char *verb = operands->count == 1 ? operands->items[0] : "";
    bool build = text_equal(verb, "build");
    if (!build && !text_equal(verb, "list")) {
        return fail_input(err, "image requires one operand: build or list");
    }
    if (!build && (asked->kernel != NULL || asked->with != NULL)) {
        return fail_input(err, "image list does not accept --%s",
                          asked->kernel != NULL ? "kernel" : "with");
    }
    log_set_level(asked->verbose >= 2 ? LOG_DETAIL : asked->verbose == 1 ? LOG_NOTE : LOG_WARNING);
    _cleanup_image_ struct image image = {0};
    const struct image_build what = {
        .kernel = asked->kernel, .folder = asked->output, .with = asked->with};
    int rc = build ? image_build(&what, &image, err) : image_find(asked->output, &image, err);
    return rc < 0 ? rc : describe(&image, asked->json, err);
}

const struct command command_image = {
    .name = "image",
    .operands = "build|list",
    .summary = "Build the router image for virtual machines",
    .details = "build downloads a Debian kernel and busybox with apt, without installing them,\n"
               "and builds the image that every router of a virtual machine platform boots,\n"
               "with the requested routing daemons. list describes the existing image.",
    .examples = COMMAND_EXAMPLES({"image build --with frr,bird", "with routing daemons"}),
    .options = image_options,
    .values_size = sizeof(struct image_values),
    .run = image_run,
};
