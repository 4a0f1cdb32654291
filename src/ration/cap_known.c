// SPDX-License-Identifier: GPL-3.0-or-later
// ration/cap_known — see cap_known.h. Called by testbed/allocation and run/.
#include "ration/cap_known.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"

#define KNOWN_FILE "/run/vrbench.caps"
#define BOOT_FILE  "/proc/sys/kernel/random/boot_id"
#define TEXT_MAX   128

#define MEASURED_LOOKS 2U // that find a measurement at work

static int held = -1; // by this process, which measures

static int known_lock(int fd, int operation, struct error *err)
{
    int rc = stop_lock(fd, operation, err);
    if (rc < 0 && rc != -EINTR) {
        error_context(err, KNOWN_FILE);
    }
    return rc;
}

static int known_open(struct error *err)
{
    int fd = open(KNOWN_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? fail(err, errno, KNOWN_FILE) : fd;
}

int cap_known_hold_off(struct error *err)
{
    _cleanup_close_ int fd = known_open(err);
    int rc = fd < 0 ? fd : known_lock(fd, LOCK_SH, err);
    if (rc == 0) {
        held = steal_fd(&fd);
    }
    return rc;
}

void cap_known_let_go(void)
{
    if (held >= 0) {
        close(steal_fd(&held));
    }
}

static bool boot_read(char ret[TEXT_MAX])
{
    _cleanup_free_ char *text = NULL;
    if (file_read(BOOT_FILE, TEXT_MAX, &text, NULL, NULL) < 0) {
        return false;
    }
    snprintf(ret, TEXT_MAX, "%.*s", (int)strcspn(text, "\n"), text);
    return true;
}

// Reads the file's two words: the boot's ID and the way.
static enum cap_way known_read(int fd, const char *boot)
{
    char text[TEXT_MAX + 1] = "";
    ssize_t got = pread(fd, text, TEXT_MAX, 0);
    size_t length = strlen(boot);
    if (got <= 0 || strncmp(text, boot, length) != 0 || text[length] != ' ') {
        return CAP_WAY_NONE;
    }
    text[strcspn(text, "\n")] = '\0';
    return cap_way_by_name(text + length + 1);
}

static void known_write(int fd, const char *boot, enum cap_way way)
{
    char text[TEXT_MAX + 16];
    int length = snprintf(text, sizeof text, "%s %s\n", boot, cap_way_name(way));
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)length, 0) != length) {
        (void)!ftruncate(fd, 0); // the next caller will probe again
    }
}

// What the file says: of this boot, or CAP_WAY_NONE.
static enum cap_way known_way(int fd)
{
    char boot[TEXT_MAX] = "";
    return fd >= 0 && boot_read(boot) ? known_read(fd, boot) : CAP_WAY_NONE;
}

// Locks out everybody else who measures or probes. A probe by another process is waited for, as it
// takes about a second; a measurement only by a process that waits for its turn to measure, too.
static int known_lock_out(int fd, struct error *err)
{
    if (held >= 0) {
        return known_lock(fd, LOCK_EX, err);
    }
    for (unsigned measured = 0; measured < MEASURED_LOOKS;) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return 0;
        }
        if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
            measured++; // or a probe has ended in between
        } else {
            int rc = known_lock(fd, LOCK_SH, err);
            if (rc < 0) {
                return rc;
            }
        }
        (void)flock(fd, LOCK_UN);
    }
    return fail(
        err, EBUSY,
        "another vrbench measures, and the probe of what holds a cap here, which the first "
        "cap after a boot needs, would disturb it; try again when the measurement has ended");
}

int cap_known_find(const struct cgroup_tree *tree, struct cap_probe *ret, struct error *err)
{
    _cleanup_close_ int reader = open(KNOWN_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum cap_way way = known_way(reader);
    if (way != CAP_WAY_NONE) {
        *ret = (struct cap_probe){.way = way};
        return 0;
    }
    _cleanup_close_ int own = held >= 0 ? -1 : known_open(err);
    int fd = held >= 0 ? held : own;
    int rc = fd < 0 ? fd : known_lock_out(fd, err);
    if (rc < 0) {
        return rc;
    }
    // Another process may have probed meanwhile.
    char boot[TEXT_MAX] = "";
    way = known_way(fd);
    if (way != CAP_WAY_NONE) {
        *ret = (struct cap_probe){.way = way};
    } else {
        rc = cap_probe(tree, false, ret, err);
    }
    if (rc == 0 && way == CAP_WAY_NONE && ret->way != CAP_WAY_NONE && boot_read(boot)) {
        known_write(fd, boot, ret->way);
    }
    (void)flock(fd, held >= 0 ? LOCK_SH : LOCK_UN);
    return rc;
}
