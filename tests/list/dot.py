#!/usr/bin/python3
"""Reads what weir list -o dot writes with Graphviz, and compares the graph with the list.

    dot.py WEIR MANIFESTS...

Each line of the table must be an edge between the nodes of these names, with its ports as the label,
dashed where it is ambiguous. Skipped without the program dot.
"""
import json
import shutil
import subprocess
import sys

SKIPPED = 77


def run(*arguments, stdin=None):
    result = subprocess.run(arguments, input=stdin, capture_output=True, text=True)
    if result.returncode or result.stderr:
        sys.exit("%s: exit %d\n%s" % (" ".join(arguments), result.returncode, result.stderr))
    return result.stdout


def graph(text):
    """(from, to, label, dashed) of each edge, as Graphviz understands them."""
    drawn = json.loads(run("dot", "-Tjson", stdin=text))
    # It keeps \\ in a name as it is and shows it as one backslash.
    names = {node["_gvid"]: node["name"].replace("\\\\", "\\") for node in drawn["objects"]}
    return [(names[edge["tail"]], names[edge["head"]], edge["label"],
             edge.get("style") == "dashed") for edge in drawn["edges"]]


def table(text):
    """The same of each line of a table."""
    head, *lines = text.splitlines()
    to, ports = head.index("TO"), head.index("PORTS")
    for line in lines:
        label, ambiguous, _ = line[ports:].partition(" (ambiguous: ")
        yield line[:to].strip(), line[to:ports].strip(), label.strip(), bool(ambiguous)


def main():
    weir, manifests = sys.argv[1], sys.argv[2:]
    if not shutil.which("dot"):
        print("SKIPPED: no program dot; apt-get install graphviz")
        sys.exit(SKIPPED)
    command = [weir, "list", "--nodes"] + [word for path in manifests for word in ("-f", path)]
    edges = sorted(graph(run(*command, "-o", "dot")))
    rows = sorted(table(run(*command)))
    if not rows or edges != rows:
        sys.exit("edges:\n%s\nlines:\n%s"
                 % ("\n".join(map(str, edges)), "\n".join(map(str, rows))))
    print("%d edges, as listed" % len(edges))


main()
