# SPDX-License-Identifier: GPL-3.0-or-later
"""bench/control_profiles — random loads of routers that share a CPU, such that some division of the CPU keeps all
contracts. Called by control.py. CPU is percent of one CPU, a load is the CPU that its packets need."""
import random

FILLED = (0.5, 0.75)  # part of the CPU that covered loads need at their highest
FLOOD = 1e9  # stands for a load that needs a whole CPU and more
LOSS = 0.02  # that contracts allow
WINDOW_S = 0.1


def load(rng, usual, seconds):
    """Knots of a load around `usual`, and how often it changes at once."""
    return rise(rng, usual, usual * rng.uniform(2, 6), seconds, ["steady", "steps", "ramp", "crowd"])


def rise(rng, usual, peak, seconds, kinds=("steps", "ramp", "crowd")):
    """The same of a load with that peak."""
    first = rng.uniform(0.1, 0.4) * seconds
    second = first + rng.uniform(0.1, 0.4) * seconds
    kind = rng.choice(kinds)
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


def moments_of(seconds):
    return [WINDOW_S * i for i in range(int(seconds / WINDOW_S) + 1)]


def covered_loads(loads, rates, seconds):
    return [[min(rate_at(knots, t), rate) for t in moments_of(seconds)] for knots, rate in zip(loads, rates)]


def draw(seed, seconds):
    """A profile in percent of a CPU: loads, rates of contracts, steps; of 2 to 8 routers. The covered loads need a part
    of the CPU in the range FILLED at their highest. One load at least is far above its contract."""
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
    covered = covered_loads(loads, rates, seconds)
    scale = rng.uniform(*FILLED) * 100 / max(map(sum, zip(*covered)))
    flood = rng.uniform(100, 150)
    loads = [[(t, flood if x == FLOOD else x * scale) for t, x in knots] for knots in loads]
    rates = [r * scale for r in rates]
    return {"loads": loads, "rates": rates, "highest": [max(c) * scale for c in covered], "steps": steps,
            "equal_broken_s": broken_by_equal_shares(loads, rates, moments_of(seconds))}


def draw_slow(seed, seconds, count):
    """The same for routers whose speed is that of emulated machines: one load rises to what needs more than an equal
    share, the others are light, and then rise far above their contracts."""
    rng = random.Random(seed)
    rising = rng.randrange(count)
    loads, rates, steps = [], [], 0
    for i in range(count):
        usual = rng.uniform(4, 6)
        if i == rising:
            peak = rng.uniform(38, 48)
            knots, changes = rise(rng, peak / rng.uniform(3, 6), peak, seconds)
            rates.append(peak * rng.uniform(1.02, 1.2))
        else:
            at = rng.uniform(0.1, 0.4) * seconds
            knots, changes = [(0, usual), (at, usual), (at, rng.uniform(100, 150))], 1
            rates.append(usual * 1.1)
        loads.append(knots)
        steps += changes
    return {"loads": loads, "rates": rates, "highest": [max(c) for c in covered_loads(loads, rates, seconds)],
            "steps": steps, "equal_broken_s": broken_by_equal_shares(loads, rates, moments_of(seconds))}
