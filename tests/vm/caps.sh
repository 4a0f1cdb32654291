# SPDX-License-Identifier: GPL-3.0-or-later
#
# On a plain Debian 12, whose kernel is older than 6.18 and whose control groups are of version 2 alone,
# caps are held by CFS bandwidth; and weights by cpu.weight. The tests themselves are inside/caps.sh.
. "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
if sanitized; then
    skip_all "emulation is too slow for a program with sanitizers"
fi
vrbench_files
inside_own debian "$((2 * ${TEST_TIMEOUT:-300} - 30))" caps ${VRBENCH_VM_WHOLE:+whole}
