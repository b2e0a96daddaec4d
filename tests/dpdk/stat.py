#!/usr/bin/env python3
"""stat.py WEIR: what a running weir run tells through telemetry, in every form of weir stat.

The numbers are those of the final report; names of any length and rules of any number come whole; a
reload is answered with what came of it; and where nobody listens it says so.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from fastpath import FAILURES, PREFIX, Ports, await_words, check, finish, start
from packets import CLUSTER, datagram, write_pcap

RULES = 60
LONG = "x" * 230
SOCKETS = f"/var/run/dpdk/{PREFIX}" if os.getuid() == 0 else f"{os.environ.get('XDG_RUNTIME_DIR', '/tmp')}/dpdk/{PREFIX}"

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p%02d-%s, namespace: app}
spec: {podSelector: {}, ingress: [{ports: [{port: %d, protocol: UDP}]}]}
"""


def rule(i):
    return f"NetworkPolicy app/p{i:02}-{LONG} ingress[0]"


def manifests():
    policies = [POLICY % (i, LONG, 1000 + i) for i in range(RULES)]
    return "---".join([CLUSTER] + policies)


def write_trace(path):
    """A connection that each policy allows, and ten packets of nobody's."""
    ours = [datagram(4, 1000 + i, 5000) for i in range(RULES)]
    write_pcap(path, ours + [datagram(4, 999, 6000 + i) for i in range(10)])


def stat(weir, *options, want=0):
    done = subprocess.run([weir, "stat", *options], capture_output=True, text=True, check=False, timeout=100)
    check(f"stat {' '.join(options)}: exit code ({done.stderr.strip()})", want, done.returncode)
    return done.stdout if want == 0 else done.stderr


def samples(text):
    """Samples of the text exposition format, each after its HELP and TYPE."""
    out, described = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            described.add(line.split()[2])
        elif not line.startswith("# HELP "):
            name, value = line.rsplit(" ", 1)
            check(f"{name} is described", True, name.split("{")[0] in described)
            check(f"{name} comes once", False, name in out)
            out[name] = int(value)
    return out


def prometheus(weir, report):
    got = samples(stat(weir, "--file-prefix", PREFIX, "-o", "prometheus"))
    for verdict in ("allowed", "denied", "not_ip", "opaque", "malformed"):
        check(f"prometheus: {verdict}", report[verdict], got.get(f'weir_packets_total{{verdict="{verdict}"}}'))
    check("prometheus: a port", RULES + 10, got.get('weir_port_received_packets_total{port="net_pcap0"}'))
    check("prometheus: why", report["live"]["judged"], got.get('weir_answers_total{why="judged"}'))
    check("prometheus: flows", report["live"]["flows_inserted"], got.get('weir_flows_total{event="inserted"}'))
    check("prometheus: policies", 1, got.get("weir_policies_total"))
    check("prometheus: a rule", 1, got.get(f'weir_rule_connections_total{{rule="{rule(7)}"}}'))


def table(weir):
    lines = stat(weir, "--file-prefix", PREFIX).splitlines()
    check("table: a port", True, any(line.split() == ["net_pcap0", "net_pcap1", str(RULES + 10), "0", "0", "0"] for line in lines))
    check("table: a rule", True, any(line.startswith(rule(3)) and line.endswith(" 1") for line in lines))
    check("table: no rates", False, any("/s" in line for line in lines))


def answers(question):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asker:
        asker.connect(os.path.join(SOCKETS, "dpdk_telemetry.v2"))
        asker.recv(65536)
        asker.send(question.encode())
        return json.loads(asker.recv(65536))[question.split(",")[0]]


def raw():
    """As any tool of DPDK's sees it."""
    page = answers("/weir/rules")
    check("raw: a page is not all", True, 0 < len(page["rules"]) < RULES and "next" in page)
    check("raw: a name in pieces", rule(0), "".join(v for k, v in page["rules"]["0"].items() if k.startswith("name")))
    last = answers(f"/weir/rules,{RULES - 1}")
    check("raw: the last page", (1, False), (len(last["rules"]), "next" in last))
    check("raw: behind the last", {}, answers("/weir/rules,4000000000").get("rules", {}))
    for wrong in ("x", "-1", "1x", "99999999999"):
        check(f"raw: rule {wrong}", True, "error" in answers(f"/weir/rules,{wrong}"))


def reload(weir, process, policy, errors):
    prefix = ["--file-prefix", PREFIX, "--reload"]
    check("reload: the same", True, "nothing changes" in stat(weir, *prefix))
    text = open(policy, encoding="utf-8").read()
    open(policy, "w", encoding="utf-8").write("kind: NetworkPolicy\n")
    check("reload: broken", True, "refused" in stat(weir, *prefix, want=2))
    open(policy, "w", encoding="utf-8").write(text.replace("port: 1000,", "port: 2000,"))
    check("reload: new", "a new policy is in force\n", stat(weir, *prefix))
    await_words(process, "a new policy is in force", errors)
    # The watch of the files may refuse the broken one as well.
    live = json.loads(stat(weir, "--file-prefix", PREFIX, "-o", "json"))["live"]
    check("reload: counted", (2, True), (live.get("policies"), live.get("policies_refused", 0) >= 1))


def impostor(weir, folder, replies, words):
    """Something else listens."""
    path = os.path.join(folder, "impostor")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        listener.listen(1)

        def answer():
            peer, _ = listener.accept()
            with peer:
                for reply in replies:
                    peer.send(reply)
                    peer.recv(1000)

        thread = threading.Thread(target=answer)
        thread.start()
        said = stat(weir, "--socket", path, want=2)
        check(f"{replies}", True, words in said)
        thread.join()
    os.unlink(path)


def nobody(weir, folder):
    check("nobody", True, "nothing listens" in stat(weir, "--file-prefix", PREFIX + "-no", want=2))
    check("a socket that is no more", True, "nothing listens" in stat(weir, "--socket", os.path.join(folder, "none"), want=2))
    check("a long name", True, "too long" in stat(weir, "--socket", "/" + "x" * 200, want=2))
    stat(weir, "--interval", "1", "-o", "prometheus", want=2)
    impostor(weir, folder, [b"{}", b'{"/weir/report":null}'], "no weir run")
    impostor(weir, folder, [b"{}", b'{"/weir/report":{"ports":{"0":{"received":-1}}}}'], "what no weir run does")
    impostor(weir, folder, [b"{}", b"[" * 1000], "what no weir run does")
    impostor(weir, folder, [b"{}", b'{"/weir/report":{"error":"a core does not answer"}}'], "a core does not answer")
    impostor(weir, folder, [b"{}"], "hung up")


def main():
    weir = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        policy, trace = os.path.join(folder, "policy.yaml"), os.path.join(folder, "trace.pcap")
        open(policy, "w", encoding="utf-8").write(manifests())
        write_trace(trace)
        process = start(weir, [policy], Ports(folder, trace), ["--seconds", "200"], 2, ["--file-prefix", PREFIX])
        errors = []
        await_words(process, "ready", errors)
        nobody(weir, folder)
        before = {"packets": 0}
        deadline = time.monotonic() + 60
        while before["packets"] < RULES + 10 and time.monotonic() < deadline:
            before = json.loads(stat(weir, "--file-prefix", PREFIX, "-o", "json"))
        check("all rules", {rule(i): 1 for i in range(RULES)}, before["rules"])
        check("denied", 10, before["denied"])
        prometheus(weir, before)
        table(weir)
        raw()
        watch = subprocess.Popen([weir, "stat", "--file-prefix", PREFIX, "--interval", "1"], stdout=subprocess.PIPE, text=True)
        reload(weir, process, policy, errors)
        after = json.loads(stat(weir, "--file-prefix", PREFIX, "-o", "json"))
        lines = iter(watch.stdout.readline, "")
        check("a watch has rates", True, any("RECEIVED/s" in line for line in lines))
        process.send_signal(signal.SIGTERM)
        report, _ = finish(process, "run")
        check("the final report", report, after)
        watch.communicate(timeout=60)
        check("a watch ends with what it watches", 0, watch.returncode)
    shutil.rmtree(SOCKETS, ignore_errors=True)
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


sys.exit(main())
