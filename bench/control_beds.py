# SPDX-License-Identifier: GPL-3.0-or-later
"""bench/control_beds — testbeds on which control.py measures: routers in namespaces, or virtual machines."""
import os
import subprocess

from control_profiles import LOSS

RULES = 1500  # that each packet is compared with, so that routers in namespaces are slower than their sender


class Testbed:
    """Routers that share a CPU, each with a network: what namespaces and machines have in common."""

    def __init__(self, vrbench, folder, count, cpu):
        self.vrbench, self.folder, self.count, self.cpu = vrbench, folder, count, cpu
        names = range(1, count + 1)
        with open(f"{folder}/bed.yaml", "w", encoding="utf-8") as file:
            file.write(f"name: bed\n{self.scenario()}\nhost: {{ cpus: 1 }}\n"
                       "routers: { " + ", ".join(f"r{i}: {self.router()}" for i in names) + " }\n"
                       "networks: { " + ", ".join(f"n{i}: {{ router: r{i} }}" for i in names) + " }\n"
                       "traffic: { engine: packet, lengths: [64], rates: { pps: [200] }, duration: 1 s }\n")
        self.call("up", f"{folder}/bed.yaml")
        self.place = next(f"/run/vrbench/{name}" for name in os.listdir("/run/vrbench")
                          if os.path.exists(f"/run/vrbench/{name}/ns-sink"))
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
        text = "".join(f"198.19.{i}.2 {self.counted(i)} " + " ".join(f"{t:.3f} {pps:.0f}" for t, pps in knots) + "\n"
                       for i, knots in enumerate(loads))
        process = subprocess.Popen(["taskset", "-c", self.cpu, program, f"{self.place}/ns-source",
                                    f"{self.place}/ns-sink", str(seconds), *self.places()],
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


class Namespaces(Testbed):
    """Routers are namespaces. A packet is lost at the ring of the source's cable."""

    windows = 1  # of 100 ms, in which a contract is kept or broken

    def __init__(self, vrbench, folder, count, cpu):
        super().__init__(vrbench, folder, count, cpu)
        rules = "".join(f"rule add prio {i} from 10.1.{i // 250}.{i % 250} table 99\n" for i in range(1, RULES + 1))
        for i in range(1, count + 1):
            subprocess.run(["nsenter", f"--net={self.place}/ns-r{i}", "ip", "-batch", "-"], input=rules, text=True,
                           check=True)

    def scenario(self):
        return "topologies: [dedicated]"

    def router(self):
        return "{}"

    def counted(self, number):
        return f"s{number}"

    def places(self):
        return []


class Machines(Testbed):
    """Routers are virtual machines of a libvirt. A packet is lost at the queue of a tap of the host, too."""

    windows = 5  # a machine with a small share handles some dozens of packets at a time, several times a second

    def __init__(self, vrbench, folder, count, cpu, uri):
        self.uri = uri
        super().__init__(vrbench, folder, count, cpu)

    def scenario(self):
        return f'platform: "{self.uri}"\ntopologies: [bridged]'

    def router(self):
        return "{ memory: 96 MiB }"

    def counted(self, number):
        return f"s{number},vif{number + 1}.0"

    def places(self):
        return [f"{self.place}/ns-host"]
