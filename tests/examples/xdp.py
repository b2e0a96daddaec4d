#!/usr/bin/env python3
"""xdp.py WEIR XDP_FILTER [--valgrind | --measure]: the example as the wire between a client and a server.

Both have a veth, whose other ends are joined by AF_XDP. What the policy allows completes, what it
denies times out; the program's counters equal those of the interfaces at both ends, frame by frame;
policies are replaced and refused on SIGHUP.
"""
import subprocess

from enforcers import Enforced, Program, main
from ends import check, wire
from rates import compare, end_and_tell


def counters():
    """Frames received and sent by eth0, in this thread's namespace."""
    for line in open("/proc/thread-self/net/dev", encoding="utf-8"):
        if line.strip().startswith("eth0:"):
            numbers = line.split(":")[1].split()
            return int(numbers[1]), int(numbers[9])
    return 0, 0


class Wired(Enforced):
    addresses = {"client": ("10.1.0.1", "fd00:1::1"), "server": ("10.1.0.2", "fd00:1::2")}

    def join(self, ends):
        wire(self.middle, ends)

    def start(self, *options, wrapper=()):
        return Program(self.middle, [self.program, *options, self.policy.path, "port-client", "port-server"], wrapper)

    def kernels_counts(self):
        ends = [self.ends[name].call(counters) for name in self.addresses]
        return sum(sent for _, sent in ends), sum(received for received, _ in ends)

    def redirected(self):
        """Whether frames that come by each port are given to a program."""
        return ["xdp" in self.middle.run("ip", "link", "show", port) for port in ("port-client", "port-server")]

    def nothing_stays_behind(self):
        program = self.start()
        check("redirected, while the program runs", [True, True], self.redirected())
        program.end()
        check("redirected, when it has ended", [False, False], self.redirected())
        done = subprocess.run(self.middle.command(self.program, self.policy.path, "port-client", "nowhere"),
            stderr=subprocess.PIPE, text=True, check=False)
        check("exit code without an interface", 2, done.returncode)
        check("what it says", True, "xdp-filter: port-client and nowhere: " in done.stderr)
        check("redirected, without the other interface", [False, False], self.redirected())

    def test(self):
        self.counters_are_the_kernels()
        if not self.wrapper:
            self.counters_are_the_kernels("--generic")
            self.nothing_stays_behind()
        self.policies_are_replaced()

    def bridge(self):
        """The kernel alone, as the wire."""
        self.middle.run("ip", "link", "add", "bridge", "type", "bridge")
        for port in ("port-client", "port-server"):
            self.middle.run("ip", "link", "set", port, "master", "bridge")
        self.middle.run("ip", "link", "set", "bridge", "up")

    def measure(self):
        compare(self, {
            "bridged by the kernel alone": (self.bridge, lambda _: self.middle.run("ip", "link", "del", "bridge")),
            "judged by xdp-filter": (self.start, end_and_tell),
            "judged by xdp-filter --generic": (lambda: self.start("--generic"), end_and_tell),
        })


main(Wired)
