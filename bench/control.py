#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bench/control.py VRBENCH BENCH_PROFILE FOLDER PROFILES SEED SECONDS CPU [URI] — measures the policies of
`vrbench control`.

Each profile is a set of random loads for 2 to 8 routers that share a CPU, such that some division of the CPU keeps
all contracts: at each moment the covered loads need at most 75 % of it. Each policy gets the same packets on the same
testbed. The policy `oracle` knows the profile: shares in proportion to the highest covered loads, which keep all that
any division keeps (docs/control.md). Senders run on CPU, the tester's. Prints a JSON object for each profile and policy.

With URI, that of a libvirt, routers are 4 virtual machines, which stand for all profiles; these are slower ones, of
which one router at a time needs more than an equal share (draw_slow).
"""
import json
import os
import subprocess
import sys
import time

from control_beds import Machines, Namespaces
from control_profiles import LOSS, WINDOW_S, draw, draw_slow

POLICIES = ["contract", "static", "peak", "rate-cost", "oracle"]
MACHINES = 4


def cost_ns(bed, program):
    """What a packet costs while all routers are flooded."""
    sender = bed.sender(program, [[(0, 60000 / bed.count + 5000)]] * bed.count, 1.6)
    control = bed.control("static", [1000] * bed.count, 1.2, "--advise")
    rows = json.loads(control.communicate()[0])
    sender.communicate()
    costs = sorted(row["ns_per_packet"] for row in rows if row.get("ns_per_packet"))
    return costs[len(costs) // 2]


def merged(windows, count):
    """Windows of `count` times the length."""
    return [[[sum(figures) for figures in zip(*rows)] for rows in zip(*windows[i:i + count])]
            for i in range(0, len(windows) - count + 1, count)]


def judge(windows, contracts, window_s):
    """Seconds in violation of all contracts together, and the longest without a break."""
    broken = longest = 0.0
    runs = [0.0] * len(contracts)
    for window in windows:
        for i, (offered, lost) in enumerate(window):
            covered = min(offered, contracts[i] * window_s)
            if lost > 0 and offered - lost < covered * (1 - LOSS):
                broken += window_s
                runs[i] += window_s
            else:
                runs[i] = 0.0
            longest = max(longest, runs[i])
    return broken, longest


def audit_has(folder, word):
    try:
        with open(f"{folder}/audit", encoding="utf-8") as file:
            return sum(word in line for line in file)
    except OSError:
        return 0


def cpu_s(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) * 1e-9


def measure(bed, program, policy, profile, cost, seconds):
    contracts = [rate * 1e7 / cost for rate in profile["rates"]]
    loads = [[(t, x * 1e7 / cost) for t, x in knots] for knots in profile["loads"]]
    weights = {name: 256 for name in ["host"] + [f"r{i}" for i in range(1, bed.count + 1)]}
    if policy == "oracle":
        weights = {"host": 50} | {f"r{i}": max(10, round(x * 100)) for i, x in enumerate(profile["highest"], 1)}
    bed.shares(weights)
    if os.path.exists(f"{bed.folder}/audit"):
        os.remove(f"{bed.folder}/audit")
    control = percent = None
    if policy != "oracle":
        control = bed.control(policy, contracts, seconds + 0.5)
        until = time.monotonic() + 10
        while not audit_has(bed.folder, "controlling") and time.monotonic() < until:
            time.sleep(0.01)
        began, used = time.monotonic(), cpu_s(control.pid)
    sender = bed.sender(program, loads, seconds)
    lines = [json.loads(line) for line in sender.communicate()[0].splitlines()]
    if control is not None:
        percent = round(100 * (cpu_s(control.pid) - used) / (time.monotonic() - began), 3)
        control.communicate()
    windows, total = lines[:-1], lines[-1]
    broken, longest = judge(merged(windows, bed.windows), contracts, WINDOW_S * bed.windows)
    lost = sum(row[1] for window in windows for row in window)
    return {"policy": policy, "broken_s": round(broken, 1), "longest_s": round(longest, 1),
            "actions": audit_has(bed.folder, '"action"'), "cpu_percent": percent,
            "offered": total["sent"], "lost": lost, "received": total["received"]}


def simulate(program, profile, cost, seconds):
    """What the simulator of src/control expects of each policy: seconds in violation."""
    lines = "".join(f"{cost:.0f} {rate * 1e7 / cost:.0f} {LOSS} " +
                    " ".join(f"{t:.3f} {x * 1e7 / cost:.0f}" for t, x in knots) + "\n"
                    for knots, rate in zip(profile["loads"], profile["rates"]))
    done = subprocess.run([os.path.join(os.path.dirname(program), "bench_simulated"), str(seconds)], input=lines,
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def measure_all(bed, program, number, profile, cost, seconds):
    simulated = simulate(program, profile, cost, seconds)
    for policy in POLICIES:
        row = measure(bed, program, policy, profile, cost, seconds)
        print(json.dumps({"profile": number, "routers": len(profile["loads"]), "steps": profile["steps"],
                          "equal_broken_s": profile["equal_broken_s"], "ns_per_packet": round(cost),
                          "simulated_s": simulated[policy]} | row), flush=True)


def on_namespaces(vrbench, program, folder, profiles, seed, seconds, cpu):
    for number in range(profiles):
        profile = draw(f"{seed} {number}", seconds)
        bed = Namespaces(vrbench, folder, len(profile["loads"]), cpu)
        try:
            measure_all(bed, program, number, profile, cost_ns(bed, program), seconds)
        finally:
            bed.call("down", "bed")


def on_machines(vrbench, program, folder, profiles, seed, seconds, cpu, uri):
    bed = Machines(vrbench, folder, MACHINES, cpu, uri)
    try:
        cost = cost_ns(bed, program)
        for number in range(profiles):
            measure_all(bed, program, number, draw_slow(f"{seed} {number}", seconds, MACHINES), cost, seconds)
    finally:
        bed.call("down", "bed")


def main():
    vrbench, program, folder, profiles, seed, seconds, cpu, *uri = sys.argv[1:]
    (on_machines if uri else on_namespaces)(vrbench, program, folder, int(profiles), seed, float(seconds), cpu, *uri)


if __name__ == "__main__":
    main()
