#!/usr/bin/env python3
"""samples.py WEIR TRACES: denied packets in a file, in either mode, as tshark reads them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from fastpath import FAILURES, Ports, check, finish, frames, start


def refused(weir, policies, *options):
    done = subprocess.run([weir, "run", "-f", policies[0], *options], capture_output=True, text=True, check=False)
    check(f"{options}: exit code", 2, done.returncode)
    return done.stderr


def read(path):
    """Interface, comment and length of each packet."""
    if not shutil.which("tshark"):
        print("SKIPPED: no tshark, samples are counted only")
        return None
    fields = [word for name in ("frame.interface_name", "frame.comment", "frame.len") for word in ("-e", name)]
    done = subprocess.run(["tshark", "-r", path, "-T", "fields", *fields], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def sample(weir, policies, trace, options, cores, what):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "denied.pcapng")
        ports = Ports(folder, trace)
        options = ["--idle", "300", "--samples", path] + options
        report, _ = finish(start(weir, policies, ports, options, cores), what)
        return report, read(path), frames(ports.out)


def denied_packets(weir, policies, trace):
    command = [weir, "replay", "--live", "--packets", "-o", "json", "-r", trace]
    for path in policies:
        command += ["-f", path]
    packets = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)["packets"]
    return [(frame, packet["why"]) for frame, packet in zip(frames(trace), packets) if packet["class"] == "denied"]


def main():
    weir, traces = sys.argv[1], sys.argv[2]
    base = os.path.join(traces, "three-tier")
    policies = [os.path.join(base, "manifests"), os.path.join(base, "mended")]
    trace = os.path.join(base, "capture", "frontend.pcap")
    denied = denied_packets(weir, policies, trace)
    want = [["net_pcap0", f"weir: deny, {why}", str(len(frame))] for frame, why in denied]
    check("something is denied", True, len(denied) > 20)
    for mode in ("enforce", "monitor"):
        report, got, sent = sample(weir, policies, trace, ["--mode", mode, "--sample-rate", "10000"], 1, mode)
        check(f"{mode}: counted", len(denied), report["live"].get("samples"))
        check(f"{mode}: lost", 0, report["live"].get("samples_lost", 0))
        if got is not None:
            check(f"{mode}: samples", want, got)
        check(f"{mode}: sent", mode == "monitor", len(sent) == len(frames(trace)))
    report, got, _ = sample(weir, policies, trace, ["--sample-rate", "7"], 3, "rate")
    # The trace comes at once: in one second, or on the edge of two.
    check("rate", True, report["live"].get("samples") in range(7, 15))
    check("rate: denied all the same", len(denied), report["denied"])
    check("no pcapng", True, "must end in .pcapng" in refused(weir, policies, "--samples", "x.pcap"))
    check("a rate of nothing", True, "is for --samples" in refused(weir, policies, "--sample-rate", "5"))
    with tempfile.TemporaryDirectory() as folder:
        options = ["--samples", os.path.join(folder, "none", "x.pcapng"), "--idle", "300"]
        process = start(weir, policies, Ports(folder, trace), options, 1)
        _, err = process.communicate(timeout=60)
        check("no such folder", (2, True), (process.returncode, "No such file" in err))
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


sys.exit(main())
