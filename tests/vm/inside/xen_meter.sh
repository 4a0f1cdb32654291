# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_meter.sh — run in Domain-0 by ../xen.sh: domains that xl made, listed, watched, rationed,
# talked to and ended by vrbench; what it says is held against xl, xentop and Domain-0's kernel.
#
# Most are a kernel of two bytes that uses all the CPU it is given, so that they are made in a second
# or two. One is Linux: the kernel and the module of the image of routers ($VRBENCH_IMAGE), busybox and a vif.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "${0%/*}/xen_made.sh"
# shellcheck disable=SC2034 # of wait_for
wait_step=1
plan 55

# linux NAME — a domain that answers pings to 198.18.0.2 and has a shell on its console.
linux() {
    mkdir -p "$T/root/bin" "$T/root/sbin" "$T/root/dev" "$T/root/proc"
    cp /bin/busybox "$T/root/bin"
    (cd "$T/root" && busybox cpio -id lib/modules/xen-netfront.ko <"$VRBENCH_IMAGE/initrd.cpio" &&
        mv lib/modules/xen-netfront.ko .) 2>"$T/cpio.err" || return 1
    cat >"$T/root/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
insmod /xen-netfront.ko
while ! ifconfig eth0 198.18.0.2 netmask 255.255.255.0 up; do sleep 0.1; done 2>/dev/null
while :; do sh </dev/hvc0 >/dev/hvc0 2>&1; done
END
    printf '#!/bin/busybox sh\nexec /bin/busybox reboot -f\n' >"$T/root/sbin/reboot"
    chmod 755 "$T/root/init" "$T/root/sbin/reboot"
    (cd "$T/root" && find . | busybox cpio -o -H newc) >"$T/initrd" 2>>"$T/cpio.err"
    made "$1" "kernel = '$VRBENCH_IMAGE/vmlinux'" "ramdisk = '$T/initrd'" "memory = 96" \
        "extra = 'console=hvc0 quiet'" "on_reboot = 'destroy'" \
        "vif = ['mac=00:16:3e:00:00:01,script=/bin/true']"
}
of() { jq --arg name "$1" ".machines[] | select(.name == \$name) | .$2" "$T/top"; }
listed() { vrbench list --platform xen --json | jq -c --arg name "$1" ".[] | select(.name == \$name) | $2"; }
can() { jq -r --arg ability "$1" '.[] | select(.ability == $ability) | .can' "$T/doctor"; }
# watch SECONDS — what each domain uses of a CPU over that time, by vrbench; $T/top has all of it.
watch() { vrbench top --json -n 1 -d "$1" -v --platform xen >"$T/top"; }
# used NAME LOW HIGH SECONDS — its percent is between the two, in one of three tries: emulated, this
# machine stands still now and then while its clock goes on. For use after ok.
used() {
    for used_try in 1 2 3; do
        watch "$4"
        echo "try $used_try: $(jq -c '[.machines[] | {(.name): .cpu_percent}] | add' "$T/top")"
        if between "$(of "$1" cpu_percent)" "$2" "$3"; then return 0; fi
    done
    return 1
}

# --- what there is ------------------------------------------------------------------------------------
is "Domain-0 is listed" "$(listed Domain-0 '[.id, .name]')" '[0,"Domain-0"]'
ok "one domain is made by xl" made one "cpus = '0'" || xl dmesg | tail -n 20 | sed 's/^/# /'
ok "  and another, that is paused" made two "cpus = '0'"
xl pause two
is "all are listed as xl lists them" \
    "$(vrbench list --platform xen --json | jq -r '.[] | "\(.name) \(.id)"' | sort | xargs)" \
    "$(xl list | awk 'NR > 1 { print $1, $2 }' | sort | xargs)"
is "  with their vCPUs" "$(listed one .vcpus) $(listed Domain-0 .vcpus)" \
    "$(xl list one | awk 'END { print $4 }') $(xl list Domain-0 | awk 'END { print $4 }')"
is "  and memory" "$(listed one .memory_bytes)" "$((8 << 20))"
is "a paused one is shown so" "$(listed two .state)" '"paused"'
ok "a busy one runs, or would if it could" sh -c 'echo "$0" | grep -qE "running|runnable"' \
    "$(listed one .state)"
xl pause one # what it uses is the rest's
id=$(xl domid one)
is "a machine is called by its id" "$(vrbench cpu "$id" --platform xen --json | jq -r '.[].name')" one
uuid=$(xl list -v one | awk 'END { print $7 }')
is "  and its UUID" "$(vrbench cpu "$uuid" --platform xen --json | jq -r '.[].name')" one

vrbench doctor --platform xen --json >"$T/doctor"
is "what it can is told" "$(can list) $(can "create PV") $(can "CPU time") $(can weight) $(can cap)" \
    "yes yes yes yes yes"
is "  and what nobody tried" "$(can "destroy, reboot")" unknown
like "  of the hypervisor that it is" "$(vrbench doctor --platform xen | head -n 1)" \
    '^xen: Xen 4\.[0-9]+.*, scheduler credit, '

# --- watching ------------------------------------------------------------------------------------------
# What is read before and after encloses what is said.
seconds() { xl list "$1" | awk 'END { print $NF }'; }
xl unpause one
before=$(seconds one)
ok "top shows them" watch 3
after=$(seconds one)
ok "  with CPU seconds as xl has them" between "$(of one cpu_seconds)" "$before" "$(awk "BEGIN { print $after + 0.1 }")"
is "  a paused one uses none" "$(of two cpu_percent)" 0
ok "  each vCPU has its own" [ "$(of Domain-0 'vcpu_times | length')" -eq "$(listed Domain-0 .vcpus)" ]
ok "  which sum to the domain's" jq -e '[.machines[] | (.cpu_seconds - ([.vcpu_times[].cpu_seconds] | add))]
    | all(. > -0.001 and . < 0.001)' "$T/top"
# The clock of an emulated machine that stands still for a while goes on: another figure may be better.
no_more() {
    watch 3
    jq -c '[.cpu_total_percent, .host_cpus]' "$T/top"
    jq -e '.cpu_total_percent > 50 and .cpu_total_percent < 100.0 * .host_cpus + 3' "$T/top"
}
ok "  and all together are no more than there is" wait_for 60 no_more
xl pause one
total=$(xl info | awk '$1 == "total_memory" { print $3 }')
free=$(xl info | awk '$1 == "free_memory" { print $3 }')
guests=$(xl list | awk 'NR > 1 { sum += $3 } END { print sum }')
diag "memory: $total MiB, free $free, domains' $guests, Xen's own $(jq .hypervisor_memory_bytes "$T/top")"
ok "Xen's own memory is what is left" between "$(jq '.hypervisor_memory_bytes / 1048576' "$T/top")" \
    $((total - free - guests - 4)) $((total - free - guests + 4))
is "  of the computer's" "$(jq '.host_memory_bytes / 1048576 | floor' "$T/top")" "$total"
is "xentop's columns" "$(vrbench top -b -n 1 -d 0.1 --platform xen | head -n 1 | xargs)" \
    "NAME STATE CPU(sec) CPU(%) MEM(k) MEM(%) MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k)"
is "  and its letters" "$(vrbench top -b -n 1 -d 0.1 --platform xen | awk '$1 == "two" { print $2 }')" "----p-"
like "  vCPUs have a line" "$(vrbench top -b -v -n 1 -d 0.1 --platform xen)" '^VCPUs:  0: [0-9]+s [0-9.]+%'
vrbench xen-stats -d 1 --platform xen >"$T/stats"
is "xen-stats has a record each, Domain-0's first" "$(sed -n 's/^Name: //p' "$T/stats" | xargs)" \
    "Domain-0 one two"
ok "  in whole" [ "$(grep -cE '^     (cpu_sec: [0-9]+|cpu_percent: [0-9]+\.[0-9]|NET[TR]X: [0-9]+)$' "$T/stats")" -eq 12 ]

# --- a domain with a vif ---------------------------------------------------------------------------
ok "Linux is made by xl" linux guest
vif=vif$(xl domid guest).0
net() { vrbench top --json -x -n 1 -d 0.1 --platform xen |
    jq -r --arg key "$1" '.machines[] | select(.name == "guest") | .networks[0][$key]'; }
is "its vif is its interface where there is no bridge" "$(net name)" "$vif"
ip link add xenbr0 type bridge
at_exit "ip link del xenbr0"
ip link set "$vif" master xenbr0 up
ip link set xenbr0 up
ip address add 198.18.0.1/24 dev xenbr0
is "  and where there is one" "$(net name)" "$vif"
xenstore-write "/local/domain/0/backend/vif/$(xl domid guest)/0/hotplug-status" connected
answers() { ping -q -c 1 -W 1 198.18.0.2; }
ok "it answers" wait_for 120 answers || xl console -n 5 guest </dev/null | sed 's/^/# /'
ping -q -c 40 -i 0.05 -W 2 198.18.0.2 >"$T/ping" 2>&1
received=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$T/ping")
# Both are read in one go, as no packet may come in between: looking takes a second here.
as_the_kernel() {
    vrbench top --json -x -n 1 -d 0.1 --platform xen | jq -c '.machines[] | select(.name == "guest") |
        .networks[0] | [.rx_packets, .tx_packets, .tx_bytes, .rx_dropped]' >"$T/ours"
    ip -s -j link show dev "$vif" | jq -c '.[0].stats64 |
        [.tx.packets, .rx.packets, .rx.bytes, .tx.dropped + .rx.dropped]' >"$T/kernels"
    cmp "$T/ours" "$T/kernels" || { cat "$T/ours" "$T/kernels" && false; }
}
ok "its counters are the kernel's, seen from the domain" wait_for 60 as_the_kernel
ok "  and count what it answered" [ "$(net tx_packets)" -ge "${received:-1000}" ]

# Paused, it takes nothing: netback keeps what it has room for, and drops the rest.
xl pause guest
ip neigh replace 198.18.0.2 lladdr 00:16:3e:00:00:01 dev xenbr0
"$BUILD_DIR/tests/net/blast" 198.18.0.2 9 4000 &
blast=$!
at_exit "kill $blast"
losing() { [ "$(net rx_dropped)" -gt 100 ]; }
ok "what finds no room is a drop of the domain" wait_for 60 losing
kill $blast
ok "  counted as the kernel counts it" wait_for 60 as_the_kernel
diag "the kernel has $(ip -s -j link show dev "$vif" | jq -c '.[0].stats64')"
xl unpause guest

ok "it can be talked to" sh -c 'printf "\necho is-\$((6 * 7))\n" |
    "$VRBENCH" console guest --platform xen | grep -q is-42'
ok "it is asked to reboot" vrbench reboot guest --platform xen
ok "  and does" wait_for 60 gone guest

# --- weight and cap ------------------------------------------------------------------------------------
is "a domain begins with the usual weight and no cap" "$(by_us one)" "256 0"
for weight in 512 1 65535 256; do
    vrbench cpu one --weight $weight --platform xen >"$T/out"
    is "weight $weight is the hypervisor's, and is read back" "$(by_xl one), $(by_us one)" \
        "$weight 0, $weight 0"
done
ok "a cap beyond its vCPUs is refused" refused 2 "at most 100" vrbench cpu one --cap 101 --platform xen
ok "  and a machine that isn't there" refused 2 'no machine is called "nobody"' \
    vrbench cpu nobody --cap 5 --platform xen
was=$(by_xl Domain-0)
vrbench cpu Domain-0 --weight 700 --platform xen >"$T/out"
is "Domain-0 has a weight, too" "$(by_xl Domain-0), $(by_us Domain-0)" "700 0, 700 0"
vrbench cpu Domain-0 --weight "${was%% *}" --platform xen >"$T/out"
is "  and gets its own back" "$(by_xl Domain-0)" "$was"
xl unpause one

for cap in 5 20; do
    vrbench cpu one --cap $cap --platform xen >"$T/out"
    is "cap $cap is the hypervisor's" "$(by_xl one)" "256 $cap"
    ok "  and is held within a point" used one $((cap - 1)) $((cap + 1)) 8
    sed 's/^/# /' "$T/ok.log"
done
vrbench cpu one --cap 0 --weight 512 --platform xen >"$T/out"
xl unpause two
ratio() {
    for ratio_try in 1 2 3; do
        watch 8
        ratio_of=$(awk "BEGIN { print $(of one cpu_percent) / $(of two cpu_percent) }")
        echo "try $ratio_try: $ratio_of"
        if between "$ratio_of" 1.8 2.2; then return 0; fi
    done
    return 1
}
ok "512:256 divides the CPU 2:1 within 10 %" ratio
sed 's/^/# /' "$T/ok.log"
xl pause one
xl pause two

# --- ending ----------------------------------------------------------------------------------------------
ok "Domain-0 can't be destroyed" refused 2 "the host itself" vrbench destroy Domain-0 --platform xen
ok "a domain can" vrbench destroy two --platform xen
is "  and only that one" "$(xl list | awk 'NR > 2 { print $1 }' | xargs)" one
vrbench destroy one --platform xen >"$T/out"
is "none is left" "$(vrbench list --platform xen --json | jq -r '[.[].name] | join(" ")')" Domain-0
