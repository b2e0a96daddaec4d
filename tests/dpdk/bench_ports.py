#!/usr/bin/env python3
"""bench_ports.py WEIR [--long]: what weir bench ports prints adds up. Its figures are not looked at."""
import csv
import html.parser
import io
import json
import subprocess
import sys

FAILURES = []
ENGINES = ["weir", "forward", "five-tuple", "rte_acl", "rte_acl+hash"]
SHORT = ["--pods", "40", "--flows", "300", "--rounds", "2", "--trials", "2", "--time", "20"]


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


def counted(what, trial):
    check(f"{what}: carried + lost", trial["offered"], trial["carried"] + trial["lost"])
    check(f"{what}: something is offered", True, trial["offered"] > 0)


def measured(what, engine, rounds):
    check(f"{what}: outcome", "measured", engine["outcome"])
    for point in engine["latency"]:
        counted(f"{what} at {point.get('percent')}", point)
        times = [point["microseconds"][key] for key in ("p50", "p90", "p99", "p99.9", "max")]
        check(f"{what}: latencies ascend", sorted(times), times)
        check(f"{what}: some are denied", True, 0 < point["denied"] < point["offered"])
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
    once = ["--pods", "40", "--flows", "300", "--rate", "8000", "--time", "20", "--frame", "imix", "--frame", "128"]
    text, _ = run(weir, "csv", *once, "--replies", "0.3", "--new", "5%", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    check("csv: rows", [(frame, engine) for frame in ("imix", "128") for engine in ENGINES],
          [(row["frame"], row["engine"]) for row in rows])
    for row in rows:
        check(f"csv: {row['engine']}", "declined" if row["engine"] == "rte_acl" else "measured", row["outcome"])
        check("csv: no column too many", False, None in row)
        if row["outcome"] == "measured":
            check("csv: it adds up", int(row["offered"]), int(row["carried"]) + int(row["lost"]))
    text, _ = run(weir, "table", *once, "--engine", "weir")
    check("table: two cases", 2, text.count("40 pods"))
    text, _ = run(weir, "html", *SHORT, "--measure", "cost", "--engine", "weir", "--engine", "forward", "-o", "html")
    page = Page()
    page.feed(text)
    check("html: a plot", 1, page.tags.count("svg"))
    check("html: bars", 2, page.tags.count("rect"))


def long(weir):
    text, _ = run(weir, "long", "--pods", "1000", "--flows", "20000", "--replies", "0.4", "--new", "1%", "--frame", "64",
                  "--frame", "imix", "--rounds", "2", "--max-rate", "20000000", "-o", "json")
    for case in json.loads(text)["cases"]:
        if case["engine"] == "rte_acl":
            check("long: what remembers nothing", "declined", case["outcome"])
            continue
        measured(f"long: {case['engine']}", case, 2)
        rates(f"long: {case['engine']}", case, 20200000)


def main():
    weir = sys.argv[1]
    if "--long" in sys.argv[2:]:
        long(weir)
    else:
        searching(weir)
        costing(weir)
        formats(weir)
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


sys.exit(main())
