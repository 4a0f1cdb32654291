# SPDX-License-Identifier: GPL-3.0-or-later
#
# Machines that vrbench did not make: listed, watched, rationed and, when named, stopped, through
# libvirt's test driver (one machine, 200 machines), a libvirtd of the test's own with two QEMU
# machines, and the same over ssh to an sshd on loopback. Figures are held against /proc and the
# control groups of the machine's process.
#
# Runs beside others: its figures are held against readings of the same time.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
if "$VRBENCH" list --platform test:///default 2>&1 | grep -q 'built without libvirt'; then
    skip_all "vrbench was built without libvirt"
fi
plan 81

XENTOP="NAME STATE CPU(sec) CPU(%) MEM(k) MEM(%) MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k)"
machine_snapshot "$T/before"

# can ABILITY — the answer of `vrbench doctor` for it.
can() { jq -r --arg ability "$1" '.[] | select(.ability == $ability) | .can' "$T/doctor"; }
# refused STATUS PATTERN COMMAND... — true if it ends with that status, says that in one line, and
# libvirt says nothing beside.
refused() {
    refused_status=$1 refused_pattern=$2
    shift 2
    exits "$refused_status" "$@" >"$T/out" 2>"$T/err" &&
        [ "$(wc -l <"$T/err")" -eq 1 ] && grep -q "^vrbench: .*$refused_pattern" "$T/err" ||
        { cat "$T/out" "$T/err" && false; }
}

# --- libvirt's test driver -----------------------------------------------------------------------
is "the test driver's machine is listed" \
    "$(vrbench list --platform test:///default --json | jq -c '.[] | [.name, .id, .state, .vcpus, .memory_bytes]')" \
    '["test",1,"running",2,2147483648]'
vrbench list --platform test:///default --json >"$T/list"
conforms "  as the schema says" list "$T/list"
vrbench cpu --platform test:///default --json >"$T/cpu"
conforms "  and its CPU, with the reason why it has no cap" cpu "$T/cpu"
# The CPU clock of its machines is the wall clock; who reads both may be held up in between.
for try in 1 2 3 4 5; do
    vrbench top --json -n 1 -d 2 --platform test:///default >"$T/top"
    percent=$(jq '.machines[0].cpu_percent' "$T/top")
    if between "$percent" 95 105; then break; fi
done
ok "  and its CPU is right from the first iteration on: $percent %" between "$percent" 95 105
vrbench top -b -n 1 -d 0.1 --platform test:///default >"$T/text"
is "  in xentop's columns" "$(head -n 1 "$T/text" | tr -s ' ' | sed 's/^ //')" "$XENTOP"
vrbench doctor --platform test:///default --json >"$T/doctor"
is "its abilities are reported" "$(can list) $(can state) $(can "interface counters")" "yes yes yes"
is "  and what it can't" "$(can cap) $(can console)" "no no"
is "  and what wasn't tried" "$(can "destroy, reboot")" "unknown"
ok "a cap that it hasn't got is refused" \
    refused 3 "can't give a machine a cap" vrbench cpu test --cap 50 --platform test:///default
ok "  and a weight that it takes and forgets" \
    refused 3 "keeps none" vrbench cpu test --weight 512 --platform test:///default
ok "a console that it hasn't got is refused" \
    refused 3 "virDomainOpenConsole" vrbench console test --platform test:///default
ok "a machine that isn't there is bad input" \
    refused 2 'no machine is called "nobody"' vrbench cpu nobody --platform test:///default
ok "  also for destroy" \
    refused 2 'no machine is called' vrbench destroy nobody --platform test:///default
ok "destroy without a name touches nothing" exits 2 vrbench destroy --platform test:///default
ok "a malformed URI is bad input" refused 2 "there is no platform" vrbench list --platform nonsense
ok "  and a file that isn't there" \
    refused 2 "[Ff]ailed to \\(parse\\|open\\)" vrbench list --platform "test://$T/nowhere.xml"
ok "no daemon is something lacking" \
    refused 3 "no libvirtd answers" vrbench top -b -n 1 --platform "qemu+unix:///system?socket=$T/no"
ok "a computer that doesn't answer is a failure" \
    refused 1 "refused" vrbench list --platform "qemu+ssh://root@127.0.0.1:1/system?no_tty=1"

{
    echo '<node><cpu><nodes>1</nodes><sockets>1</sockets><cores>4</cores><threads>1</threads><active>4</active><mhz>2000</mhz><model>x</model></cpu><memory>67108864</memory>'
    seq 200 | while read -r i; do
        echo "<domain type='test'><name>m$i</name><memory>65536</memory><currentMemory>65536</currentMemory>" \
            "<vcpu>1</vcpu><os><type>hvm</type></os><devices><interface type='ethernet'>" \
            "<mac address='52:54:00:00:$(printf '%02x:%02x' $((i / 256)) $((i % 256)))'/><target dev='t$i'/></interface></devices></domain>"
    done
    echo '</node>'
} >"$T/many.xml"
is "200 machines are listed" \
    "$(vrbench list --platform "test://$T/many.xml" --json | jq 'map(.name) | unique | length')" 200
vrbench top --json -n 2 -d 2 --platform "test://$T/many.xml" >"$T/top"
is "  and watched, each with its CPU" \
    "$(jq -s '[.[].machines[] | select(.cpu_percent > 90 and .cpu_percent < 110)] | length' "$T/top")" 400
is "  and its interface" "$(jq -s '[.[].machines[] | select(.nets == 1)] | length' "$T/top")" 400
ok "  and sorted" sh -c '"$VRBENCH" top -b -n 1 -d 0.1 -s name --platform "test://$0/many.xml" |
    awk "NR > 1 { print \$1 }" | LC_ALL=C sort -c' "$T"

# --- a daemon and real machines ------------------------------------------------------------------
lv=$(mktemp -d /tmp/lvw.XXXXXX)
mkdir -p /run/lock # where the daemon notes who has a console
at_exit "$SOURCE_ROOT/scripts/libvirtd stop $lv; rm -rf $lv"
ok "a libvirtd starts" "$SOURCE_ROOT/scripts/libvirtd" start "$lv"
uri=$("$SOURCE_ROOT/scripts/libvirtd" uri "$lv")
is "without machines the list is empty" "$(vrbench list --platform "$uri" --json)" "[]"
is "  and says so" "$(vrbench list --platform "$uri")" "no machines"
vrbench doctor --platform "$uri" --json >"$T/doctor"
is "  and what needs one is not known" "$(can create) $(can "CPU time") $(can weight)" \
    "yes unknown unknown"

# A firmware of 14 bytes at the reset vector: it polls the serial line for ever, on all of its CPU,
# and sends back what it hears.
head -c 65520 /dev/zero >"$T/echo.rom"
printf '\272\375\003\354\250\001\164\373\262\370\354\356\353\362\0\0' >>"$T/echo.rom"
ip tuntap add tap0 mode tap
ip link set tap0 up
machine() {
    cat <<END
<domain type='qemu'><name>$1</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><loader readonly='yes' type='rom'>$T/echo.rom</loader></os>
<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>
<devices><emulator>$(command -v qemu-system-x86_64)</emulator>$2
<serial type='pty'/><console type='pty'/>
<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>
END
}
machine burn "<interface type='ethernet'><target dev='tap0' managed='no'/><model type='e1000'/></interface>" >"$T/burn.xml"
machine other "" >"$T/other.xml"
ok "a machine is started by others" virsh -q -c "$uri" create "$T/burn.xml"
ok "  and another, paused" virsh -q -c "$uri" create "$T/other.xml" --paused
pid=$(cat "$lv/run/qemu/burn.pid")
is "both are listed" \
    "$(vrbench list --platform "$uri" --json | jq -r 'map("\(.name) \(.state) \(.vcpus) \(.memory_bytes)") | join(", ")')" \
    "burn running 1 33554432, other paused 1 33554432"
is "  in a table" "$(vrbench list --platform "$uri" | awk 'NR > 1 { print $1, $3 }' | tr '\n' ' ')" \
    "burn running other paused "
vrbench doctor --platform "$uri" --json >"$T/doctor"
for ability in list computer create state "memory and vCPUs" "CPU time" "interface counters" weight cap console; do
    is "ability: $ability" "$(can "$ability")" yes
done

vrbench list --platform "$uri" --json >"$T/list"
conforms "the list is as its schema says" list "$T/list"
vrbench cpu --platform "$uri" --json >"$T/cpu"
conforms "  and CPUs" cpu "$T/cpu"
vrbench top --platform "$uri" -n 1 -d 0.2 -x -v --json >"$T/top"
conforms "  and top" top "$T/top" --lines

# CPU: what is read before and after encloses what is said. libvirt reads it in steps of 10 ms.
used() { cat "/proc/$pid/task/"*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'; }
percents() {
    for try in 1 2 3; do # it may be held up in between
        cpu0=$(used)
        "$VRBENCH" top --json -n 1 -d 2 --platform "$1" >"$T/top" &
        reader=$!
        wait_for 60 asleep "$reader"
        cpu1=$(used)
        sleep 1
        cpu2=$(used)
        meanwhile=$(asleep "$reader" && echo yes)
        wait "$reader"
        cpu3=$(used)
        burn='.machines[] | select(.name == "burn")'
        end=$(jq "$burn | .cpu_seconds * 1e9" "$T/top")
        begin=$(jq ".interval_s as \$s | $burn | (.cpu_seconds - .cpu_percent / 100 * \$s) * 1e9" "$T/top")
        diag "burn: $cpu0 ns before, $begin first, $cpu1 $cpu2 meanwhile, $end then, $cpu3 after"
        if [ "$meanwhile" = yes ] &&
            between "$begin" $((cpu0 - 60000000)) $((cpu1 + 60000000)) &&
            between "$end" $((cpu2 - 60000000)) $((cpu3 + 60000000)) &&
            jq -e "$burn | .cpu_percent > 1" "$T/top"; then
            return 0
        fi
    done
    return 1
}
burning() { [ "$(used)" -gt 100000000 ]; }
wait_for 60 burning
ok "the percent of top is /proc's" percents "$uri"
ok "  and the paused one's is next to nothing: what its QEMU takes to answer libvirt" \
    jq -e '.machines[] | select(.name == "other") | .cpu_percent < 10' "$T/top"
vrbench top -b -n 1 -d 0.1 -x --platform "$uri" >"$T/text"
is "states are in xentop's letters" "$(awk '$1 == "burn" || $1 == "other" { print $1, $2 }' "$T/text" | tr '\n' ' ')" \
    "burn -----r other ----p- "
ok "  and interfaces have lines" grep -q '^Net0 RX: .* tap0$' "$T/text"

# Its firmware takes nothing from its NIC: frames wait in the tap's ring, and those that find it full
# are what it lost at its door.
lost() {
    vrbench top --json -n 1 -d 0.1 -x --platform "$uri" |
        jq '.machines[] | select(.name == "burn") | .networks[0].rx_dropped'
}
ip link set tap0 txqueuelen 8
ip address add 198.18.0.1/24 dev tap0
ip neigh add 198.18.0.2 lladdr 52:54:00:00:00:01 dev tap0
ping -q -c 60 -i 0.01 -W 1 198.18.0.2 >"$T/ping" 2>&1
kernels() { ip -s -j link show dev tap0 | jq '.[0].stats64.tx.dropped'; }
as_the_kernel() { [ "$(lost)" -eq "$(kernels)" ]; }
ok "frames that its tap has no room for" [ "$(kernels)" -ge 30 ]
ok "  are drops of the machine" wait_for 60 as_the_kernel

# --- rationing, held against the control group of its process ------------------------------------
# group FILE — a file of the machine's control group, of either version.
group() {
    line=$(grep -E '^[0-9]+:([a-z,]*,)?cpu(,[a-z,]*)?:|^0::/.*machine' "/proc/$pid/cgroup" | head -n 1)
    path=${line##*:}
    case $line in
    0::*) root=/sys/fs/cgroup ;;
    *) root=/sys/fs/cgroup/cpu ;;
    esac
    path=${path%/emulator} path=${path%/vcpu*}
    cat "$root$path/$1" 2>/dev/null
}
shares() { group cpu.shares || group cpu.weight; }
quota() {
    if group cpu.cfs_quota_us >/dev/null; then
        echo $((($(group cpu.cfs_quota_us) * 100) / $(group cpu.cfs_period_us)))
    else
        group cpu.max | awk '{ print $1 == "max" ? 0 : $1 * 100 / $2 }'
    fi
}
field() { jq -r ".[] | select(.name == \"burn\") | .$1"; }
scale=4
[ -n "$(group cpu.shares)" ] || scale=0.390625
is "it begins with the usual weight and no cap" \
    "$(vrbench cpu burn --platform "$uri" --json | jq -c '.[] | [.weight, .cap_percent]')" "[256,0]"
for weight in 512 1024 256; do
    is "weight $weight is read back" \
        "$(vrbench cpu burn --weight "$weight" --platform "$uri" --json | field weight)" "$weight"
    is "  and is the kernel's" "$(shares)" "$(awk "BEGIN { print $weight * $scale }")"
done
for cap in 20 150; do
    is "cap $cap is read back" \
        "$(vrbench cpu burn --cap "$cap" --platform "$uri" --json | field cap_percent)" "$cap"
    is "  and is the kernel's" "$(quota)" "$cap"
done
ok "a cap beyond the computer's CPUs is refused" \
    refused 2 "more than" vrbench cpu burn --cap 99999 --platform "$uri"
ok "a weight beyond the range, too" \
    exits 2 vrbench cpu burn --weight 65536 --platform "$uri"
is "  and nothing has changed" \
    "$(vrbench cpu burn --platform "$uri" --json | jq -c '.[] | [.weight, .cap_percent]')" "[256,150]"
vrbench cpu burn --cap 20 --platform "$uri" >/dev/null
# A cap is an upper bound whatever else the computer does.
for try in 1 2 3 4 5; do
    vrbench top --json -n 1 -d 3 --platform "$uri" >"$T/top"
    percent=$(jq '.machines[] | select(.name == "burn") | .cpu_percent' "$T/top")
    diag "capped at 20 % it used $percent %"
    if between "$percent" 0.5 22; then break; fi
done
ok "a cap bites" between "$percent" 0.5 22
vrbench cpu burn --cap 0 --platform "$uri" >/dev/null
is "a cap is taken off" "$(vrbench cpu burn --platform "$uri" --json | field cap_percent)" 0

# --- the daemon restarts, and goes ---------------------------------------------------------------
: >"$T/top" # what an earlier one wrote is no sign of this one
"$VRBENCH" top --json -n 4 -d 1 --platform "$uri" >"$T/top" 2>"$T/err" &
reader=$!
one() { [ -s "$T/top" ]; }
wait_for 60 one
"$SOURCE_ROOT/scripts/libvirtd" restart "$lv" >/dev/null
wait "$reader"
is "top survives a restart of the daemon" "$? $(wc -l <"$T/top")" "0 4"
ok "  and its figures with it" \
    jq -se 'all(.[].machines[] | select(.name == "burn"); .cpu_percent > 0.5 and .cpu_percent < 110)' "$T/top"

# --- over ssh ------------------------------------------------------------------------------------
own_sshd
answers() { vrbench list --platform "$remote"; }
ok "over ssh the machines are listed" wait_for 60 answers || sed 's/^/#   /' "$T/ssh/log"
is "  as they are here" "$(vrbench list --platform "$remote" --json | jq -c 'map([.name, .id, .state])')" \
    "$(vrbench list --platform "$uri" --json | jq -c 'map([.name, .id, .state])')"
ok "  and watched, with /proc's percent" percents "$remote"
is "  and capped" "$(vrbench cpu burn --cap 50 --platform "$remote" --json | field cap_percent)" 50
is "    in the kernel" "$(quota)" 50
is "  and given a weight" "$(vrbench cpu burn --weight 512 --platform "$remote" --json | field weight)" 512
is "    in the kernel" "$(shares)" "$(awk "BEGIN { print 512 * $scale }")"

# --- console and end -----------------------------------------------------------------------------
is "what is typed into its console comes back" \
    "$(printf 'hello' | vrbench console burn --platform "$uri")" "hello"
ok "its console takes no command" exits 2 vrbench console burn --platform "$uri" -- true
destroyed() { vrbench destroy burn --platform "$uri" --json >"$T/destroyed"; }
ok "one that is named is destroyed" destroyed
conforms "  which is printed as the schema says" router "$T/destroyed"
ok "  its process is gone" wait_for 60 gone "$pid"
is "  and the other is as it was" \
    "$(vrbench list --platform "$uri" --json | jq -c 'map([.name, .state])')" '[["other","paused"]]'

ip link delete tap0
"$SOURCE_ROOT/scripts/libvirtd" stop "$lv"
unchanged "nothing is left" "$T/before"
