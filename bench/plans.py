#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bench/plans.py VRBENCH FOLDER CASES SEED RUN... — measures plans of `vrbench advise`.

Each case is a set of random contracts for one host. Its plan is made from the costs of the runs and
measured; then once more with each refused contract added. Prints a JSON object a measurement: whether
contracts were kept, and the predicted and the measured losses.
"""
import json
import os
import random
import subprocess
import sys

REPEATS = 5


def draw_contracts(rng, rate, path):
    """Writes contracts whose rates are 10 to 60 % of what a host carries; returns the NICs."""
    nics = rng.choice([2, 16])
    lines = ["name: case", f"host: {{ cpus: 1, nics: {nics} }}", "contracts:"]
    for i in range(rng.randint(2, 6)):
        pps = int(rng.uniform(0.1, 0.6) * rate["bridged" if nics == 2 else "dedicated"])
        lines.append(f"  c{i}: {{ rate: {pps}, length: {rng.choice([64, 500, 1500])}, "
                     f"loss: {rng.choice([0.5, 1, 2])} %, price: {rng.randint(1, 9)} }}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def with_repeats(text):
    return text.replace("duration: 15 s", f"duration: 1 s\n  repeats: {REPEATS}")


def add_refused(text, contract, like, length, topology):
    """The scenario with one more router, with a weight in proportion to that of another."""
    name, pps = contract["name"], contract["asked_pps"]
    weight = max(1, round(like["weight"] * pps / like["pps"]))
    text = text.replace("networks:\n", f"  r-{name}: {{ weight: {weight} }}\nnetworks:\n")
    text = text.replace("traffic:\n", f"  {name}: {{ router: r-{name}, rate: {pps:.0f}, "
                                      f"length: {length} }}\ntraffic:\n")
    return text.replace("topologies: [dedicated]", f"topologies: [{topology}]")


def measure(vrbench, text, folder):
    """The median loss ratio of each network over the valid points, or None if too few are valid."""
    with open(folder + ".yaml", "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run([vrbench, "run", folder + ".yaml", "-o", folder], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    losses = {}
    try:
        with open(folder + "/points.jsonl", encoding="utf-8") as file:
            for point in map(json.loads, file):
                for network in point["networks"] if point["valid"] else []:
                    losses.setdefault(network["name"], []).append(network.get("loss_ratio", 0.0))
    except OSError:
        return None
    if not losses or min(map(len, losses.values())) < 3:
        return None
    return {name: sorted(ratios)[len(ratios) // 2] for name, ratios in losses.items()}


def main():
    vrbench, folder, cases, seed, *runs = sys.argv[1:]
    rate = {"bridged": 0, "dedicated": 0}
    for run in runs:
        with open(run + "/points.jsonl", encoding="utf-8") as file:
            for point in map(json.loads, file):
                if point["valid"] and point["topology"] in rate:
                    sum_pps = sum(n["forwarded_pps"] for n in point["networks"])
                    rate[point["topology"]] = max(rate[point["topology"]], sum_pps)
    for case in range(int(cases)):
        rng = random.Random(int(seed) * 1000 + case)
        base = f"{folder}/{seed}-{case}"
        draw_contracts(rng, rate, base + ".contracts.yaml")
        command = [vrbench, "advise", base + ".contracts.yaml", "--json", "-o", base + ".plan.yaml"]
        made = subprocess.run(command + [f"--from={run}" for run in runs], capture_output=True,
                              text=True, check=False)
        if made.returncode != 0 or not os.path.exists(base + ".plan.yaml"):
            print(json.dumps({"case": case, "failed": made.stderr.strip()}), flush=True)
            continue
        plan = json.loads(made.stdout)
        with open(base + ".plan.yaml", encoding="utf-8") as file:
            text = with_repeats(file.read())
        limits, lengths = {}, {}
        with open(base + ".contracts.yaml", encoding="utf-8") as file:
            for line in file.read().split("\n")[3:-1]:
                words = line.replace(",", "").split()
                limits[words[0].rstrip(":")] = float(words[words.index("loss:") + 1]) / 100
                lengths[words[0].rstrip(":")] = words[words.index("length:") + 1]
        found = measure(vrbench, text, base + ".kept")
        kept = [c for c in plan["contracts"] if c["kept"]]
        if found is None:
            print(json.dumps({"case": case, "of": "disturbed"}), flush=True)
        else:
            print(json.dumps({
                "case": case, "of": "plan", "topology": plan["hosts"][0]["topology"],
                "contracts": len(kept),
                "needs": round(plan["hosts"][0]["percent"]["high"], 1),
                "kept": sum(found[c["name"]] <= limits[c["name"]] for c in kept),
                "loss": {n: round(100 * l, 2) for n, l in found.items()},
                "limit": {n: 100 * limits[n] for n in found}}), flush=True)
        for refused in [c for c in plan["contracts"] if not c["kept"]]:
            topology = plan["hosts"][0]["topology"]
            if topology == "dedicated" and "two NICs" in refused["why"]:
                topology = "bridged"
            more = add_refused(text, refused, kept[0], lengths[refused["name"]], topology)
            found = measure(vrbench, more, f"{base}.{refused['name']}")
            if found is None:
                print(json.dumps({"case": case, "of": "disturbed"}), flush=True)
            else:
                print(json.dumps({
                    "case": case, "of": "refused", "topology": topology,
                    "broken": any(found[n] > limits[n] for n in found),
                    "loss": {n: round(100 * l, 2) for n, l in found.items()},
                    "limit": {n: 100 * limits[n] for n in found},
                    "why": refused["why"]}), flush=True)


if __name__ == "__main__":
    main()
