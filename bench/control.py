#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bench/control.py VRBENCH BENCH_PROFILE FOLDER PROFILES SEED SECONDS CPU — measures the policies of `vrbench control`.

Each profile is a set of random loads for 2 to 8 routers that share a CPU, such that some division of the CPU keeps
all contracts: at each moment the covered loads need at most 75 % of it. Each policy gets the same packets on the same
testbed. The policy `oracle` knows the profile: shares in proportion to the highest covered loads, which keep all that
any division keeps (docs/control.md). Senders run on CPU, the tester's. Prints a JSON object for each profile and policy.
"""
import json
import os
import random
import subprocess
import sys
import time

POLICIES = ["contract", "static", "peak", "rate-cost", "oracle"]
FLOOD = 1e9           # stands for a load that needs a whole CPU and more
FILLED = (0.5, 0.75)  # part of the CPU that covered loads need at their highest
LOSS = 0.02           # that contracts allow
WINDOW_S = 0.1
RULES = 1500          # that each packet is compared with, so that routers are slower than their sender


def load(rng, usual, seconds):
    """Knots of a load around `usual`, and how often it changes at once."""
    peak = usual * rng.uniform(2, 6)
    first = rng.uniform(0.1, 0.4) * seconds
    second = first + rng.uniform(0.1, 0.4) * seconds
    kind = rng.choice(["steady", "steps", "ramp", "crowd"])
    if kind == "steps":
        return [(0, usual), (first, usual), (first, peak), (second, peak), (second, usual)], 2
    if kind == "ramp":
        return [(0, usual), (first, usual), (second, peak)], 0
    if kind == "crowd":
        return [(0, usual), (first, usual), (first + 0.1, peak), (second + 0.2 * seconds, usual)], 1
    return [(0, usual)], 0


def rate_at(knots, at):
    after = [i for i, knot in enumerate(knots) if knot[0] > at]
    if not after or after[0] == 0:
        return knots[-1 if not after else 0][1]
    (a, low), (b, high) = knots[after[0] - 1], knots[after[0]]
    return low + (high - low) * (at - a) / (b - a)


def equal_shares(loads):
    """What each load gets of a CPU that is divided equally: none more than it wants, and the rest to the others."""
    got = [0.0] * len(loads)
    left, wanting = 100.0, list(range(len(loads)))
    while wanting:
        share = left / len(wanting)
        satisfied = [i for i in wanting if loads[i] <= share]
        for i in satisfied or wanting:
            got[i] = min(loads[i], share)
            left -= got[i]
        wanting = [i for i in wanting if i not in satisfied] if satisfied else []
    return got


def broken_by_equal_shares(loads, rates, moments):
    """Seconds in which equal shares break contracts, all together, if the CPU is divided exactly."""
    broken = 0.0
    for at in moments[:-1]:
        offered = [rate_at(knots, at) for knots in loads]
        broken += sum(WINDOW_S for got, load, rate in zip(equal_shares(offered), offered, rates)
                      if got < min(load, rate) * (1 - LOSS))
    return round(broken, 1)


def draw(seed, seconds):
    """A profile in percent of a CPU: loads, rates of contracts, steps."""
    rng = random.Random(seed)
    count = rng.randint(2, 8)
    flooding = rng.randrange(count)
    loads, rates, steps = [], [], 0
    for i in range(count):
        usual = rng.uniform(2, 25)
        knots, changes = load(rng, usual, seconds)
        rate = max(pps for _, pps in knots) * rng.uniform(1.02, 1.2)
        if i == flooding or rng.random() < 0.2:
            at = rng.uniform(0.1, 0.6) * seconds
            knots = [(0, usual), (at, usual), (at, FLOOD)]
            rate, changes = usual * 1.1, 1
        loads.append(knots)
        rates.append(rate)
        steps += changes
    moments = [WINDOW_S * i for i in range(int(seconds / WINDOW_S) + 1)]
    covered = [[min(rate_at(k, t), r) for t in moments] for k, r in zip(loads, rates)]
    scale = rng.uniform(*FILLED) * 100 / max(map(sum, zip(*covered)))
    flood = rng.uniform(100, 150)
    loads = [[(t, flood if x == FLOOD else x * scale) for t, x in knots] for knots in loads]
    rates = [r * scale for r in rates]
    return {"loads": loads, "rates": rates, "highest": [max(c) * scale for c in covered], "steps": steps,
            "equal_broken_s": broken_by_equal_shares(loads, rates, moments)}


class Testbed:
    def __init__(self, vrbench, folder, count, cpu):
        self.vrbench, self.folder, self.count, self.cpu = vrbench, folder, count, cpu
        names = range(1, count + 1)
        with open(f"{folder}/bed.yaml", "w", encoding="utf-8") as file:
            file.write("name: bed\ntopologies: [dedicated]\nhost: { cpus: 1 }\n"
                       "routers: { " + ", ".join(f"r{i}: {{}}" for i in names) + " }\n"
                       "networks: { " + ", ".join(f"n{i}: {{ router: r{i} }}" for i in names) + " }\n"
                       "traffic: { engine: packet, lengths: [64], rates: { pps: [200] }, duration: 1 s }\n")
        self.call("up", f"{folder}/bed.yaml")
        self.place = next(f"/run/vrbench/{name}" for name in os.listdir("/run/vrbench")
                          if os.path.exists(f"/run/vrbench/{name}/ns-r{count}"))
        rules = "".join(f"rule add prio {i} from 10.1.{i // 250}.{i % 250} table 99\n" for i in range(1, RULES + 1))
        for i in names:
            subprocess.run(["nsenter", f"--net={self.place}/ns-r{i}", "ip", "-batch", "-"], input=rules, text=True,
                           check=True)
        # The sink discards, so that nothing answers.
        subprocess.run(["nsenter", f"--net={self.place}/ns-sink", "nft", "-f", "-"], text=True, check=True,
                       input="table ip discard {\n chain early {\n type filter hook prerouting priority raw;\n"
                             " udp dport 9 drop\n }\n}\n")

    def call(self, *words):
        return subprocess.run([self.vrbench, *words], stdout=subprocess.PIPE, text=True, check=True).stdout

    def shares(self, weights):
        for name, weight in weights.items():
            self.call("cpu", f"bed/{name}", "--weight", str(weight))

    def sender(self, program, loads, seconds):
        """Starts to send; loads are packets/s."""
        text = "".join(f"198.19.{i}.2 s{i} " + " ".join(f"{t:.3f} {pps:.0f}" for t, pps in knots) + "\n"
                       for i, knots in enumerate(loads))
        process = subprocess.Popen(["taskset", "-c", self.cpu, program, f"{self.place}/ns-source",
                                    f"{self.place}/ns-sink", str(seconds)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdin.write(text)
        process.stdin.close()
        process.stdin = None  # communicate() would close it again
        return process

    def control(self, policy, contracts, seconds, *more):
        path = f"{self.folder}/contracts.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write("name: contracts\ncontracts:\n" + "".join(
                f"  n{i}: {{ rate: {rate:.0f}, length: 64, loss: {LOSS * 100} % }}\n"
                for i, rate in enumerate(contracts, 1)))
        return subprocess.Popen([self.vrbench, "control", path, "--json", "-d", str(seconds), "--policy", policy,
                                 "--audit", f"{self.folder}/audit", *more], stdout=subprocess.PIPE, text=True)


def cost_ns(bed, program):
    """What a packet costs while all routers are flooded."""
    sender = bed.sender(program, [[(0, 60000 / bed.count + 5000)]] * bed.count, 1.6)
    control = bed.control("static", [1000] * bed.count, 1.2, "--advise")
    rows = json.loads(control.communicate()[0])
    sender.communicate()
    costs = sorted(row["ns_per_packet"] for row in rows if row.get("ns_per_packet"))
    return costs[len(costs) // 2]


def judge(windows, contracts):
    """Seconds in violation of all contracts together, and the longest without a break."""
    broken = longest = 0.0
    runs = [0.0] * len(contracts)
    for window in windows:
        for i, (offered, lost) in enumerate(window):
            covered = min(offered, contracts[i] * WINDOW_S)
            if lost > 0 and offered - lost < covered * (1 - LOSS):
                broken += WINDOW_S
                runs[i] += WINDOW_S
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
    broken, longest = judge(windows, contracts)
    lost = sum(row[1] for window in windows for row in window)
    return {"policy": policy, "broken_s": round(broken, 1), "longest_s": round(longest, 1),
            "actions": audit_has(bed.folder, '"action"'), "cpu_percent": percent,
            "offered": total["sent"], "lost": lost, "received": total["received"]}


def main():
    vrbench, program, folder, profiles, seed, seconds, cpu = sys.argv[1:]
    seconds = float(seconds)
    for number in range(int(profiles)):
        profile = draw(f"{seed} {number}", seconds)
        bed = Testbed(vrbench, folder, len(profile["loads"]), cpu)
        try:
            cost = cost_ns(bed, program)
            for policy in POLICIES:
                row = measure(bed, program, policy, profile, cost, seconds)
                print(json.dumps({"profile": number, "routers": bed.count, "steps": profile["steps"],
                                  "equal_broken_s": profile["equal_broken_s"], "ns_per_packet": round(cost)} | row),
                      flush=True)
        finally:
            bed.call("down", "bed")


main()
