#!/usr/bin/env python3
"""T9 over every bundled capture: however it is replayed, its numbers add up.

    accounting.py WEIR TRACES

Every variant of every scenario: flow by flow, packet by packet, without state, through a pipe that is
followed, and as a live dataplane. tests/cli/files_out.sh compares the numbers with tcpdump's.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys

CLASSES = ("allowed", "denied", "ambiguous", "not_ip", "opaque", "malformed")


def replay(arguments, stdin=None):
    done = subprocess.run([WEIR, "replay", "-o", "jsonl", *map(str, arguments)],
                          input=stdin, capture_output=True)
    if done.returncode:
        raise SystemExit("%s: exit %d\n%s" % (arguments, done.returncode, done.stderr.decode()))
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    return objects[:-1], objects[-1]["summary"]


def check(condition, *what):
    if not condition:
        raise SystemExit("FAILED " + " ".join(map(str, what)))


def check_sum(summary, *what):
    check(summary["packets"] == sum(summary[name] for name in CLASSES), summary, *what)
    check(sum(summary.get("malformed_by", {}).values()) == summary["malformed"], summary, *what)


def check_flows(flows, summary, *what):
    check_sum(summary, *what)
    for verdict, packets in (("allow", "allowed"), ("deny", "denied"), ("ambiguous", "ambiguous")):
        mine = [flow for flow in flows if flow["verdict"] == verdict]
        check(len(mine) == summary["flows"][packets], verdict, summary, *what)
        check(sum(sum(flow["packets"].values()) for flow in mine) == summary[packets],
              verdict, summary, *what)
    check(sorted(flow["flow"] for flow in flows) == list(range(1, len(flows) + 1)), *what)


def check_packets(packets, flows, summary, *what):
    counted = collections.Counter(packet["class"] for packet in packets)
    check(all(counted[name] == summary[name] for name in CLASSES), counted, summary, *what)
    check([packet["packet"] for packet in packets] == list(range(1, len(packets) + 1)), *what)
    seen = collections.Counter((packet["flow"], packet["direction"])
                               for packet in packets if "flow" in packet)
    for flow in flows:
        for direction, number in flow["packets"].items():
            check(seen.pop((flow["flow"], direction), 0) == number, flow, *what)
    check(not seen, seen, *what)


def check_variant(scenario, variant):
    policies = ["-f", scenario / "manifests", "-f", variant]
    trace = ["-r", scenario / "capture"]
    whole = {}
    for mode in ([], ["--stateless"], ["--unknown-pods", "external"]):
        flows, summary = replay(policies + trace + mode)
        check_flows(flows, summary, variant, mode)
        packets, again = replay(policies + trace + mode + ["--packets"])
        check(summary == again, variant, mode)
        check_packets(packets, flows, summary, variant, mode)
        whole[str(mode)] = summary
    check_sum(replay(policies + trace + ["--live", "--summary"])[1], variant, "live")
    check(len({summary["packets"] for summary in whole.values()}) == 1, whole)
    return whole["[]"]["packets"]


def check_capture(scenario, variant, capture):
    """What comes through a pipe is judged as the file is."""
    policies = ["-f", scenario / "manifests", "-f", variant]
    flows, summary = replay(policies + ["-r", capture])
    check_flows(flows, summary, capture)
    followed, again = replay(policies + ["-r", "-", "--follow"], stdin=capture.read_bytes())
    check_flows(followed, again, capture, "followed")
    check(again == summary, capture, "followed", summary, again)
    for flow in flows + followed:
        flow.pop("interfaces", None)
    check(sorted(followed, key=lambda flow: flow["flow"]) == flows, capture, "followed")
    return summary["packets"]


def main():
    captures = variants = 0
    for scenario in sorted(TRACES.iterdir()):
        if not (scenario / "capture").is_dir():
            continue
        expected = sorted(scenario.glob("expected-*.jsonl"))
        check(expected, scenario, "has no variants")
        for path in expected:
            variant = scenario / path.stem[len("expected-"):]
            packets = check_variant(scenario, variant)
            variants += 1
        files = sorted((scenario / "capture").iterdir())
        total = sum(check_capture(scenario, variant, capture) for capture in files)
        check(total == packets, scenario, "one file after the other", total, "at once", packets)
        captures += len(files)
    print(captures, "captures,", variants, "variants")
    check(captures > 50 and variants > 40, "too few")


if __name__ == "__main__":
    WEIR, TRACES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    main()
