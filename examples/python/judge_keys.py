#!/usr/bin/env python3
"""Judges connections by a compiled policy:

    judge_keys.py POLICY.weir < KEYS
    judge_keys.py POLICY.weir --measure < KEYS

A line of KEYS is SOURCE DESTINATION PROTOCOL PORT.
"""
import sys
import time

import weir

PROTOCOLS = {"TCP": weir.TCP, "UDP": weir.UDP, "SCTP": weir.SCTP}


def parse(line):
    source, destination, protocol, port = line.split()
    return weir.key(source, destination, PROTOCOLS[protocol], int(port))


def print_verdicts(policy, lines):
    keys = [parse(line) for line in lines]
    verdicts = policy.classify(b"".join(keys))
    for i, line in enumerate(lines):
        explanation = policy.explain(keys[i])
        # What a dataplane would ask is the verdict alone.
        assert explanation.verdict.action == verdicts[i * weir.VERDICT.size]
        sides = [f"{name}: {weir.ACTIONS[half.action]}, {policy.why(half)}"
            for name, half in (("egress", explanation.egress), ("ingress", explanation.ingress))]
        print(f"{line}: {weir.ACTIONS[explanation.verdict.action]}; {sides[0]}; {sides[1]}")


def rate(classify, bursts):
    """Verdicts a second of processor time."""
    n = sum(len(burst) // weir.KEY.size for burst in bursts)
    rounds, begin = 0, time.process_time()
    while time.process_time() < begin + 1:
        for burst in bursts:
            classify(burst)
        rounds += 1
    return rounds * n / (time.process_time() - begin)


def measure(policy, lines):
    keys = [parse(lines[i % len(lines)]) for i in range(1024)]
    single, burst = rate(policy.action, keys), rate(policy.classify, [b"".join(keys)])
    print(f"Python: {single / 1e6:.2f} M verdicts/s one at a time, {burst / 1e6:.1f} M/s in bursts of 1024")


def main():
    if len(sys.argv) != 2 and sys.argv[2:] != ["--measure"]:
        print("usage: judge_keys.py POLICY.weir [--measure] < KEYS", file=sys.stderr)
        return 2
    try:
        with weir.Policy(sys.argv[1]) as policy:
            lines = sys.stdin.read().splitlines()
            (measure if sys.argv[2:] and lines else print_verdicts)(policy, lines)
    except (OSError, ValueError, KeyError) as error:
        print(f"judge_keys.py: {error}", file=sys.stderr)
        return 2
    return 0


sys.exit(main())
