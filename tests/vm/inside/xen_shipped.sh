# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_shipped.sh — the scenario that is shipped for Xen, as docs/xen.md has it.
. "${0%/*}/xen_lib.sh"
plan 4

mkdir -p /var/lib/vrbench
ln -sfn "$VRBENCH_IMAGE" /var/lib/vrbench/image
ok "the study's scenario #1 by its own file" \
    measured "$SOURCE_ROOT/scenarios/scenario-1-xen.yaml" --quick --topology bridged -o "$T/xen"
tail -n 30 "$T/ok.log" | sed 's/^/#   /'
ok "  every sum holds and every loss has a place" points_sane "$T/xen"
ok "  at every length" jq -es '[.[].length] | unique == [64, 256, 1500]' "$T/xen/points.jsonl"
like "  with a spreadsheet of the study's layout" \
    "$(busybox unzip -p "$T/xen/report.xlsx" xl/workbook.xml)" 'name="Valors"'
