#!/usr/bin/env python3
"""run.py WEIR TRACES: the fast path on ports that are files, beside the replay of the same trace.

For every scenario's captures, on one core and on several, weir run must count what
weir replay --live counts, and send what that allows, byte for byte and no more.
"""
import os
import signal
import subprocess
import sys
import tempfile

from beside import same
from fastpath import FAILURES, Ports, await_words, check, finish, frames, link_type, run, start


def compiled(weir, policies, trace):
    """A compiled policy is the same policy."""
    with tempfile.TemporaryDirectory() as folder:
        saved = os.path.join(folder, "policy.weir")
        command = [weir, "compile", "-o", saved]
        for path in policies:
            command += ["-f", path]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        want, passed, _ = run(weir, policies, trace, [], 1, "manifests")
        got, sent, _ = run(weir, [saved], trace, [], 1, "compiled")
        check("compiled: what was sent", passed, sent)
        check("compiled: rules", want["rules"], got["rules"])


def monitor(weir, policies, trace):
    what = f"{trace} monitored"
    want, _, _ = run(weir, policies, trace, [], 1, what)
    got, sent, _ = run(weir, policies, trace, ["--mode", "monitor"], 1, what)
    check(f"{what}: denied", want["denied"], got["denied"])
    check(f"{what}: something is denied", True, got["denied"] > 0)
    check(f"{what}: what was sent", frames(trace), sent)


def one_armed(weir, policies, trace):
    what = f"{trace} one-armed"
    hop = "02:00:00:00:00:07"
    want, passed, _ = run(weir, policies, trace, [], 1, what)
    _, sent, back = run(weir, policies, trace, ["--wiring", "one-armed", "--next-hop", hop], 1, what)
    check(f"{what}: how many", len(passed), len(back))
    check(f"{what}: the other port", [], sent)
    check(f"{what}: next hop", {bytes.fromhex(hop.replace(":", ""))}, {frame[:6] for frame in back})
    check(f"{what}: the rest", [frame[12:] for frame in passed], [frame[12:] for frame in back])


def reload(weir, policies, trace):
    """A broken policy is refused, a good one taken; by signal, and because its file changed."""
    what = "reload"
    with tempfile.TemporaryDirectory() as folder:
        ports = Ports(folder, trace)
        policy = os.path.join(folder, "policy.yaml")
        good = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: app1-ns}\nspec: {podSelector: {}}\n"
        open(policy, "w", encoding="utf-8").write(good % "first")
        process = start(weir, policies + [policy], ports, ["--seconds", "200"], 1)
        errors = []
        await_words(process, "ready", errors)
        open(policy, "w", encoding="utf-8").write("kind: NetworkPolicy\n")
        process.send_signal(signal.SIGHUP)
        await_words(process, "the old policy stays", errors)
        open(policy, "w", encoding="utf-8").write(good % "second")
        await_words(process, "a new policy is in force", errors)
        process.send_signal(signal.SIGHUP)
        await_words(process, "nothing changes", errors)
        process.send_signal(signal.SIGTERM)
        report, _ = finish(process, what)
        check(f"{what}: policies", 2, report["live"].get("policies"))
        check(f"{what}: refused", True, report["live"].get("policies_refused", 0) >= 1)


def main():
    weir, traces = sys.argv[1], sys.argv[2]
    handed = 0
    for scenario, folders in (
        ("three-tier", ["manifests", "mended"]),
        ("dual-stack", ["manifests"]),
        ("cluster-tiers", ["manifests"]),
        ("egress-dns-https", ["manifests"]),
    ):
        base = os.path.join(traces, scenario)
        policies = [os.path.join(base, folder) for folder in folders if os.path.isdir(os.path.join(base, folder))]
        captures = sorted(os.listdir(os.path.join(base, "capture")))
        captures = [os.path.join(base, "capture", name) for name in captures if name.endswith(".pcap")]
        captures = [path for path in captures if link_type(path) == 1]
        check(f"{scenario}: it has captures", True, len(captures) > 0)
        for trace in captures[:1]:
            handed += same(weir, policies, trace, 1)
            handed += same(weir, policies, trace, 3)
    check("packets were handed to other cores", True, handed > 0)
    base = os.path.join(traces, "three-tier")
    policies = [os.path.join(base, "manifests"), os.path.join(base, "mended")]
    trace = os.path.join(base, "capture", "frontend.pcap")
    compiled(weir, policies, trace)
    monitor(weir, policies, trace)
    one_armed(weir, policies, trace)
    reload(weir, policies, trace)
    print(f"{len(FAILURES)} failures, {handed} packets handed over")
    return 1 if FAILURES else 0


sys.exit(main())
