#!/usr/bin/env python3
"""bench_ports.py WEIR TRACES [--long]: what weir bench ports prints adds up. Its figures are not looked at."""
import csv
import html.parser
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time

FAILURES = []
ENGINES = ["weir", "forward", "five-tuple", "rte_acl", "rte_acl+hash", "rte_acl+state"]
SHORT = ["--pods", "40", "--flows", "300", "--rounds", "2", "--trials", "2", "--time", "5"]


def check(what, want, got):
    if want != got:
        FAILURES.append(what)
        print(f"FAILED {what}: expected {want}, got {got}")


def run(weir, what, *options):
    command = ["timeout", "500", weir, "bench", "ports", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    # 4: noise hides something, as it may.
    check(f"{what}: exit code {done.returncode}: {done.stderr}", True, done.returncode in (0, 4))
    check(f"{what}: nothing on standard error", "", done.stderr)
    return done.stdout, done.returncode


def refused(weir, what, words, code, *options):
    done = subprocess.run([weir, "bench", "ports", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    check(f"{what}: exit code", code, done.returncode)
    check(f"{what}: '{words}' in {done.stderr!r}", True, words in done.stderr)


def counted(what, trial):
    check(f"{what}: carried + lost", trial["offered"], trial["carried"] + trial["lost"])
    check(f"{what}: something is offered", True, trial["offered"] > 0)


def measured(what, engine, rounds):
    check(f"{what}: outcome, {engine.get('why')}", "measured", engine["outcome"])
    for point in engine.get("latency", ()):
        counted(f"{what} at {point.get('percent')}", point)
        times = [point["microseconds"][key] for key in ("p50", "p90", "p99", "p99.9", "max")]
        check(f"{what}: latencies ascend", sorted(times), times)
        # On a busy machine a part of the rate may be a few packets only.
        check(f"{what}: some are denied", True, point["offered"] < 50 or 0 < point["denied"] < point["offered"])
    if "cycles" in engine:
        check(f"{what}: rounds", rounds, len(engine["cycles"]["samples"]))
        check(f"{what}: cycles", True, all(sample > 0 for sample in engine["cycles"]["samples"]))
        check(f"{what}: bursts", True, 1 <= engine["packets_a_burst"] <= 32)


def rates(what, engine, most):
    for key in ("no_drop", "partial_drop"):
        check(f"{what}: {key} rounds", 2, len(engine[key]["samples"]))
        check(f"{what}: {key}", True, all(0 <= sample <= most for sample in engine[key]["samples"]))
    check(f"{what}: disturbed", True, engine["disturbed"] <= engine["trials"])


def searching(weir):
    """So low a rate that rings hold a whole trial: it holds, whatever else runs."""
    most = 8000
    text, _ = run(weir, "search", *SHORT, "--measure", "rates", "--max-rate", str(most), "--engine", "weir", "--engine",
                  "forward", "-o", "json")
    report = json.loads(text)
    check("search: ports", "rings", report["ports"])
    check("search: engines", ["weir", "forward"], [case["engine"] for case in report["cases"]])
    for case in report["cases"]:
        measured(f"search: {case['engine']}", case, 2)
        rates(f"search: {case['engine']}", case, most * 1.01)
        check("search: points", [10, 50, 90], [point["percent"] for point in case["latency"]])
    counted("search: reload", report["cases"][0]["reload"])


def costing(weir):
    text, code = run(weir, "cost", *SHORT, "--measure", "cost", "-o", "json")
    report = json.loads(text)
    check("cost: engines", ENGINES, [case["engine"] for case in report["cases"]])
    for case in report["cases"]:
        measured(f"cost: {case['engine']}", case, 2)
    unclear = [case["weir_ratio"]["unclear"] for case in report["cases"] if case["peer"]]
    check("cost: the exit code", 4 if any(unclear) else 0, code)


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if any(name in ("src", "href") for name, _ in attrs):
            FAILURES.append("the page needs something from elsewhere")


def formats(weir):
    once = ["--pods", "40", "--flows", "300", "--rate", "8000", "--time", "5", "--frame", "imix", "--frame", "128"]
    text, _ = run(weir, "csv", *once, "--replies", "0.3", "--new", "5%", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    check("csv: rows", [(frame, engine) for frame in ("imix", "128") for engine in ENGINES],
          [(row["frame"], row["engine"]) for row in rows])
    for row in rows:
        check(f"csv: {row['engine']}", "declined" if row["engine"] == "rte_acl" else "measured", row["outcome"])
        check("csv: no column too many", False, None in row)
        if row["outcome"] == "measured":
            check("csv: it adds up", int(row["offered"]), int(row["carried"]) + int(row["lost"]))
    text, _ = run(weir, "table", *once[:4], "--policies", "3", "--frame", "64", "--frame", "128", "--measure", "cost",
                  "--rounds", "1", "--time", "1", "--engine", "weir", "--engine", "forward")
    check("table: two cases", 2, text.count("40 pods"))
    place = [line.split()[:6] for line in text.partition("all cases\n")[2].splitlines()[2:6]]
    check("table: both again", [["40", "3", "1", "300", frame, engine] for frame in ("64", "128") for engine in ("weir", "forward")], place)
    text, _ = run(weir, "html", *SHORT, "--family", "dual", "--frame", "84", "--measure", "cost", "--engine", "weir", "--engine", "forward",
                  "--engine", "rte_acl", "-o", "html")
    page = Page()
    page.feed(text)
    check("html: a plot", 1, page.tags.count("svg"))
    check("html: bars", 2, page.tags.count("rect"))
    check("html: rte_acl declines", True, "it knows no IPv6" in text)


def sweep(weir, **lists):
    """Every value with every other one."""
    options = [word for name, values in lists.items() for value in values for word in (f"--{name}", value)]
    text, _ = run(weir, "sweep", *options, "--engine", "weir", "--measure", "cost", "--rounds", "1", "--time", "1", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    check("sweep: cases", list(itertools.product(*lists.values())), [tuple(row[name] for name in lists) for row in rows])
    check("sweep: outcomes", {"measured"}, {row["outcome"] for row in rows})


def short_sweep(weir):
    sweep(weir, pods=("40", "60"), policies=("2",), flows=("200",), workers=("1", "2"))
    refused(weir, "sweep: too many", "at most 256", 2, *(f"--{option}={2 + i}" for option in ("pods", "flows") for i in range(16)), "--frame", "64", "--frame", "65")


def trace(weir, traces, engines):
    """Of a trace the reference says what passes."""
    tiers = os.path.join(traces, "three-tier")
    policies = ["-f", os.path.join(tiers, "manifests"), "-f", os.path.join(tiers, "mended")]
    capture = os.path.join(tiers, "capture", "frontend.pcap")
    chosen = [word for engine in engines for word in ("--engine", engine)]
    text, _ = run(weir, "trace", *policies, "-r", capture, *chosen, "--measure", "cost", "--rounds", "1", "--time", "1", "-o", "json")
    report = json.loads(text)
    check("trace: packets", "trace", report["packets"])
    outcomes = {case["engine"]: case["outcome"] for case in report["cases"]}
    check("trace: outcomes", {engine: "declined" if engine == "rte_acl" else "measured" for engine in engines}, outcomes)
    for case in report["cases"]:
        check("trace: every packet is one of ours or left out", 112, case["trace_packets"] + case["trace_packets_left_out"])
        if case["outcome"] == "measured":
            measured(f"trace: {case['engine']}", case, 1)
    return policies, capture


def short_trace(weir, traces):
    policies, capture = trace(weir, traces, ["weir"])
    refused(weir, "trace: without a cluster", "-r needs -f", 2, "-r", capture)
    refused(weir, "trace: with flows", "--flows is of traffic that is made up", 2, *policies, "-r", capture, "--flows", "3")
    with tempfile.TemporaryDirectory() as folder:
        cut = os.path.join(folder, "cut.pcap")
        with open(capture, "rb") as file, open(cut, "wb") as out:
            out.write(file.read()[:2000])
        refused(weir, "trace: damaged", "ends inside a record", 3, *policies, "-r", cut)


def forms(weir):
    """What is not a plain frame, over both families."""
    shares = ["--sctp", "20%", "--echoes", "10%", "--fragments", "20%", "--extensions", "30%", "--malformed", "10%", "--replies", "0.3"]
    text, _ = run(weir, "forms", "--pods", "60", "--flows", "600", "--family", "dual", "--frame", "110", *shares, "--engine", "weir",
                  "--engine", "rte_acl+hash", "--measure", "cost", "--rounds", "1", "--time", "1", "-o", "json")
    report = json.loads(text)
    check("forms: shares", [0.2, 0.1, 0.2, 0.3, 0.1],
          [report[f"{form}_share"] for form in ("sctp", "echo", "fragment", "extension", "malformed")])
    check("forms: outcomes", ["measured", "declined"], [case["outcome"] for case in report["cases"]])
    refused(weir, "forms: of IPv4", "no connection is over IPv6", 2, "--pods", "60", "--flows", "600", "--engine", "weir", "--extensions", "1")


def eal(weir, what, workers, devices, *options):
    cpus = sorted(os.sched_getaffinity(0))
    lcores = ",".join(f"{i}@{cpus[i % len(cpus)]}" for i in range(max(workers) + 1))
    words = ["--lcores", lcores, "--no-huge", "-m", "512", "--no-pci", "--no-shconf", "--no-telemetry", "--log-level=error"]
    words += [f"--vdev={device}" for device in devices]
    for number in workers:
        options += ("--workers", str(number))
    text, _ = run(weir, what, "--pods", "40", "--flows", "300", "--rounds", "1", "--trials", "1", "--time", "5", "--engine", "weir",
                  "--engine", "forward", *options, "-o", "json", "--", *words)
    report = json.loads(text)
    check(f"{what}: ports", "given", report["ports"])
    check(f"{what}: cases", [(number, engine) for number in workers for engine in ("weir", "forward")],
          [(case["workers"], case["engine"]) for case in report["cases"]])
    for case in report["cases"]:
        measured(f"{what}: {case['engine']}", case, 1)


def given(weir):
    """Ports of EAL's: shared memory, where packets are handed over between two workers; and interfaces."""
    with tempfile.TemporaryDirectory() as folder:
        # Whoever listens at a socket and whoever connects to it cannot be the same name in one program.
        paths = [f"socket={folder}/{end},socket-abstract=no" for end in "ab"]
        others = [f"socket={folder}/../{os.path.basename(folder)}/{end},socket-abstract=no" for end in "ab"]
        devices = [f"net_memif{i},role={role},id=0,{path}"
                   for i, (role, path) in enumerate([("server", paths[0]), ("server", paths[1]), ("client", others[0]), ("client", others[1])])]
        eal(weir, "memif", (1, 2), devices, "--rate", "5000")
    refused(weir, "no such port", "weir bench ports: net_af_packet0, named behind --, cannot be a port", 2, "--", "--no-huge", "-m", "64",
            "--no-pci", "--no-shconf", "--no-telemetry", "--lcores", "0@0,1@0", "--vdev=net_af_packet0,iface=weir-no-such")


def interfaces(weir):
    """Two wires of the kernel's. Needs a network namespace of its own."""
    for i in range(2):
        subprocess.run(["ip", "link", "add", "name", f"filter{i}", "type", "veth", "peer", "name", f"tester{i}"], check=True)
        for name in (f"filter{i}", f"tester{i}"):
            subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1"], check=True)
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
    devices = [f"net_af_packet{i},iface={name}" for i, name in enumerate(("filter0", "filter1", "tester0", "tester1"))]
    eal(weir, "af_packet", (1,), devices, "--rate", "5000")


def long(weir, traces):
    sweep(weir, pods=("40", "60"), policies=("2", "5"), flows=("200", "300"), workers=("1", "2"))
    trace(weir, traces, ENGINES)
    text, _ = run(weir, "long", "--pods", "1000", "--flows", "20000", "--replies", "0.4", "--new", "1%", "--frame", "64",
                  "--frame", "imix", "--rounds", "2", "--max-rate", "20000000", "-o", "json")
    for case in json.loads(text)["cases"]:
        if case["engine"] == "rte_acl":
            check("long: what remembers nothing", "declined", case["outcome"])
            continue
        measured(f"long: {case['engine']}", case, 2)
        rates(f"long: {case['engine']}", case, 20200000)


def timed(part, *arguments):
    began = time.monotonic()
    part(*arguments)
    print(f"{part.__name__}: {time.monotonic() - began:.1f} s")


def main():
    weir, traces = sys.argv[1:3]
    if sys.argv[3:] == ["--long"]:
        long(weir, traces)
    elif sys.argv[3:] == ["--interfaces"]:
        interfaces(weir)
    elif sys.argv[3:] == ["--given"]:
        given(weir)
        if os.geteuid() == 0:
            sys.stdout.flush()
            inside = subprocess.run(["unshare", "-n", sys.executable, *sys.argv[:3], "--interfaces"], check=False)
            check("interfaces", 0, inside.returncode)
    else:
        for part in (searching, costing, formats, short_sweep, forms):
            timed(part, weir)
        timed(short_trace, weir, traces)
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


sys.exit(main())
