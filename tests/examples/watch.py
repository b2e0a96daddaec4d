#!/usr/bin/python3
"""The example that follows a watch: each batch is answered before the next one is sent.

watch.py WATCH
"""
import json
import subprocess
import sys

POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
          "metadata": {"name": "db", "namespace": "shop"},
          "spec": {"podSelector": {"matchLabels": {"app": "db"}},
                   "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]}}


def pod(name, app, address):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": app},
                         "annotations": {"brace": "} \" { \\"}},
            "status": {"podIP": address, "phase": "Running"}}


BATCHES = [
    ([("ADDED", pod("db", "db", "10.0.0.1")), ("ADDED", POLICY)],
     "deny, egress: not-a-pod, ingress: no-rule"),
    ([("ADDED", pod("web", "web", "10.0.0.2"))],
     "allow, egress: not-isolated, ingress: NetworkPolicy shop/db ingress[0] from[0]"),
    ([("MODIFIED", pod("web", "old", "10.0.0.2"))],
     "deny, egress: not-isolated, ingress: no-rule"),
    ([("DELETED", POLICY)],
     "allow, egress: not-isolated, ingress: not-isolated"),
]


def main():
    process = subprocess.Popen([sys.argv[1], "10.0.0.2", "10.0.0.1", "80"], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    print(process.stdout.readline().strip())
    for number, (events, expected) in enumerate(BATCHES):
        text = "".join(json.dumps({"type": kind, "object": thing}, indent=number % 2 or None)
                       for kind, thing in events)
        process.stdin.write(text)
        process.stdin.flush()
        got = process.stdout.readline().strip()
        if got != expected:
            sys.exit(f"batch {number}: {got}, expected {expected}")
    process.stdin.close()
    sys.exit(process.wait(10))


main()
