#!/usr/bin/env python3
"""nfqueue.py WEIR NFQUEUE_FILTER [--valgrind | --measure]: a router whose FORWARD chain is enforced by the example.

A client and a server in namespaces of their own, a router between them, without connection tracking.
What the policy allows completes, what it denies times out; the program's counters equal the kernel's
own, packet by packet; policies are replaced and refused on SIGHUP; a queue that is full or that
nobody reads closes or opens as its options say.
"""
import subprocess
import time

from enforcers import Enforced, Program, drain, main, send_all, sink
from ends import answers, check, route, skip
from rates import compare, end_and_tell

QUEUE = ["-j", "NFQUEUE", "--queue-num", "0"]


class Queued(Enforced):
    addresses = {"client": ("10.1.1.1", "fd00:1::1"), "server": ("10.1.2.1", "fd00:2::1")}

    def join(self, ends):
        route(self.middle, ends)
        for tables, family in (("iptables", 0), ("ip6tables", 1)):
            if subprocess.run(self.middle.command(tables, "-A", "FORWARD", *QUEUE), stderr=subprocess.DEVNULL, check=False).returncode:
                skip(f"{tables} cannot queue here")
            # The router's own errors and neighbour discovery are not forwarded.
            for addresses in self.addresses.values():
                self.middle.run(tables, "-t", "mangle", "-A", "POSTROUTING", "-s", addresses[family])

    def start(self, *options, wrapper=()):
        return Program(self.middle, [self.program, *options, self.policy.path], wrapper)

    def count(self, table, chain):
        """Packets that the rules of a chain saw, of both families."""
        total = 0
        for tables in ("iptables", "ip6tables"):
            lines = self.middle.run(tables, "-t", table, "-vnxL", chain).splitlines()
            total += sum(int(line.split()[0]) for line in lines[2:])
        return total

    def kernels_counts(self):
        return self.count("filter", "FORWARD"), self.count("mangle", "POSTROUTING")

    def full_queues(self, options, lost):
        """Ten datagrams to a program that does not read, whose queue holds four."""
        address = self.addresses["server"][1]
        datagrams = self.server.call(sink, address, 5353)
        program = self.start("--length", "4", *options)
        program.freeze()
        self.client.call(send_all, address, [5353] * 10)
        time.sleep(0.2)
        program.thaw()
        time.sleep(0.3)
        numbers, _ = program.end()
        check(f"arrived {options}", 10 - lost, drain(datagrams))
        check(f"lost {options}", lost, numbers["lost"])
        check(f"judged {options}", 4, numbers["packets"])

    def nobody_reads(self):
        address = self.addresses["server"][0]
        check("without a program", False, self.client.call(answers, address, 5353))
        self.middle.run("iptables", "-R", "FORWARD", "1", *QUEUE, "--queue-bypass")
        check("without a program, --queue-bypass", True, self.client.call(answers, address, 5353))
        self.middle.run("iptables", "-R", "FORWARD", "1", *QUEUE)

    def a_queue_has_one_reader(self):
        first = self.start()
        second = subprocess.run(self.middle.command(self.program, self.policy.path), stderr=subprocess.PIPE, text=True, check=False)
        check("exit code of a second reader", 2, second.returncode)
        check("what it says", "nfqueue-filter: queue 0: Operation not permitted\n", second.stderr)
        first.end()

    def test(self):
        self.counters_are_the_kernels()
        if not self.wrapper:
            self.full_queues([], 6)
            self.full_queues(["--fail-open"], 0)
            self.nobody_reads()
            self.a_queue_has_one_reader()
        self.policies_are_replaced()

    def measure(self):
        compare(self, {
            "forwarded by the kernel alone": (
                lambda: self.middle.run("iptables", "-I", "FORWARD", "1", "-j", "ACCEPT"),
                lambda _: self.middle.run("iptables", "-D", "FORWARD", "1")),
            "judged by nfqueue-filter": (self.start, end_and_tell),
        })


main(Queued)
