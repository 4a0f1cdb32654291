#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make install puts programs, pages, documents, scenarios and schemas into a folder, make uninstall removes them.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
plan 17

build=${BUILD_DIR:-$(dirname "$VRBENCH")}
root=$T/root
# Meson has one list of installed files for each build folder, which may be that of an installation.
list=$build/meson-logs/install-log.txt
[ ! -e "$list" ] || cp "$list" "$T/list"
restore() { if [ -e "$T/list" ]; then cp "$T/list" "$list"; else rm -f "$list"; fi; }
at_exit restore

ok "it is installed" meson install -C "$build" --no-rebuild --quiet --destdir "$root"
prefix=$(dirname "$(dirname "$(find "$root" -name vrbench -path '*/bin/*')")")
for file in bin/vrbench libexec/vrbench/vrbench-full share/man/man1/vrbench-run.1 share/man/man5/vrbench-scenario.5 \
    share/doc/vrbench/docs/results.md share/vrbench/scenarios/ospf-frr.conf share/vrbench/schemas/scenario.schema.json \
    share/bash-completion/completions/vrbench share/zsh/site-functions/_vrbench \
    share/fish/vendor_completions.d/vrbench.fish; do
    ok "  with $file" [ -s "$prefix/$file" ]
done
unit=$prefix/lib/systemd/system/vrbench-owner.service
is "  with a unit of the owner" "$(sed -n 's/^ExecStart=//p' "$unit")" "${prefix#"$root"}/bin/vrbench owner"
# The unit names the program where it will be installed, which systemd would look for.
sed "s|^ExecStart=.*|ExecStart=$prefix/bin/vrbench owner|" "$unit" >"$T/vrbench-owner.service"
ok "    that systemd accepts" systemd-analyze verify --man=no "$T/vrbench-owner.service"
is "  with every scenario" "$(ls "$prefix/share/vrbench/scenarios")" "$(ls "$SOURCE_ROOT/scenarios")"
like "its version names the commit or the version" "$("$prefix/libexec/vrbench/vrbench-full" --version)" \
    '^vrbench [0-9.]+, commit (v[0-9]|[0-9a-f]{7})'
# A second installation over the first one creates no folder, so Meson would leave all of them.
meson install -C "$build" --no-rebuild --quiet --destdir "$root"
"$SOURCE_ROOT/scripts/uninstall" "$build" >"$T/uninstall.log" 2>&1
is "it is removed" "$(find "$root" -type f)" "" || cat "$T/uninstall.log"
is "  with its folders" "$(find "$root" -depth -type d -empty -path "$root/*/vrbench*")" ""
