#!/usr/bin/env python3
"""The rows of docs/traces.md, one test each, from captures to what weir replay prints of them.

    rows.py WEIR

The captures are written here, byte by byte, by nothing that the engine or its other tests use.
"""
import gzip
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile

WEB, JOB, DB, CACHE = "10.1.0.10", "10.1.0.11", "10.1.0.20", "10.1.0.21"
VIP, BOTH, NODE1, NODE2, OUTSIDE = "10.96.0.1", "10.96.0.2", "192.168.0.1", "192.168.0.2", "8.8.8.8"

CLUSTER = """\
apiVersion: v1
kind: Node
metadata:
  name: n1
  annotations: {projectcalico.org/IPv4VXLANTunnelAddr: 10.1.0.99}
spec: {podCIDRs: [10.1.1.0/24]}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.10}
---
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: shop, labels: {app: job}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.11}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  nodeName: n2
  containers: [{name: c, image: i, ports: [{containerPort: 5432}, {containerPort: 53, protocol: UDP}]}]
status: {podIP: 10.1.0.20, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: shop, labels: {app: cache}}
spec: {nodeName: n2, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.21, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Service
metadata: {name: one, namespace: shop}
spec:
  type: NodePort
  clusterIP: 10.96.0.1
  selector: {app: db}
  ports: [{port: 80, targetPort: 5432, nodePort: 30080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: one-1, namespace: shop, labels: {kubernetes.io/service-name: one}}
addressType: IPv4
ports: [{port: 5432, protocol: TCP}]
endpoints: [{addresses: [10.1.0.20]}]
---
apiVersion: v1
kind: Service
metadata: {name: both, namespace: shop}
spec: {clusterIP: 10.96.0.2, ports: [{port: 80, targetPort: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: both-1, namespace: shop, labels: {kubernetes.io/service-name: both}}
addressType: IPv4
ports: [{port: 5432, protocol: TCP}]
endpoints: [{addresses: [10.1.0.20]}, {addresses: [10.1.0.21]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
"""

FIN, SYN, RST, ACK = 1, 2, 4, 16


class Failed(Exception):
    pass


def same(got, wanted, *what):
    if got != wanted:
        raise Failed("got %.2000r, not %.2000r %s" % (got, wanted, " ".join(map(str, what))))


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(map(str, what)))


# Packets.

def ip(source, to, protocol, payload, total=None, offset=0, more=False, number=0, ihl=5, version=4):
    total = 20 + len(payload) if total is None else total
    return struct.pack("!BBHHHBBH4s4s", version << 4 | ihl, 0, total, number,
                       more << 13 | offset // 8, 64, protocol, 0xbeef,
                       socket.inet_aton(source), socket.inet_aton(to)) + payload


def tcp(source, a, to, b, flags, offset=5):
    return ip(source, to, 6, struct.pack("!HHIIBBHHH", a, b, 1, 1, offset << 4, flags, 99, 0xdead, 0))


def udp_header(a, b, payload=b"", length=None):
    return struct.pack("!HHHH", a, b, 8 + len(payload) if length is None else length, 0xdead) + payload


def udp(source, a, to, b, payload=b"", length=None):
    return ip(source, to, 17, udp_header(a, b, payload, length))


def echo(source, to, number, kind=8):
    return ip(source, to, 1, struct.pack("!BBHHH", kind, 0, 0, number, 1))


def unreachable(source, to, quote):
    return ip(source, to, 1, struct.pack("!BBHI", 3, 1, 0, 0) + quote)


def ethernet(payload, kind=0x0800):
    return b"\2\0\0\0\0\1\2\0\0\0\0\2" + struct.pack("!H", kind) + payload


ARP = ethernet(bytes(28), 0x0806)


def pcap(records, link=1, order="<", magic=0xa1b23c4d, major=2, snaplen=262144):
    """Records: (seconds, packet), (seconds, packet, captured) or (.., .., .., wire)."""
    out = struct.pack(order + "IHHiIII", magic, major, 4, 0, 0, snaplen, link)
    for time, packet, *more in records:
        frame = ethernet(packet) if link == 1 and packet[:1] != b"\2" else packet
        kept = frame[:more[0]] if more and more[0] is not None else frame
        wire = more[1] if len(more) > 1 else len(frame)
        out += struct.pack(order + "IIII", 1700000000 + int(time), round(time % 1 * 1e9),
                           len(kept), wire) + kept
    return out


# weir.

def weir(*arguments, code=0, stdin=None):
    done = subprocess.run([WEIR, "replay", "-f", "cluster.yaml", *arguments], input=stdin,
                          capture_output=True)
    same(done.returncode, code, done.stderr.decode())
    return done.stdout.decode(), done.stderr.decode()


def replay(records, *arguments, code=0, **how):
    """The objects of the flows or packets, and the summary."""
    data = records if isinstance(records, bytes) else pcap(records, **how)
    pathlib.Path("t.pcap").write_bytes(data)
    out, _ = weir("-r", "t.pcap", "-o", "jsonl", *arguments, code=code)
    objects = [json.loads(line) for line in out.splitlines()]
    return objects[:-1], objects[-1]["summary"]


def ends(flow):
    return tuple("%s:%s" % (flow[side]["address"], flow[side].get("port", "-"))
                 for side in ("from", "to"))


def lines(records, *arguments, **how):
    return [(*ends(flow), flow["verdict"]) for flow in replay(records, *arguments, **how)[0]]


# The rows.

def t1_classes():
    good = tcp(WEB, 40000, DB, 5432, SYN)
    _, summary = replay([(0, good), (1, ARP), (2, ethernet(good), 14 + 20),
                         (3, tcp(WEB, 40000, DB, 5432, SYN, offset=4)),
                         (4, ethernet(good) + b"\xff" * 30)])
    same([summary[k] for k in ("packets", "allowed", "not_ip", "opaque", "malformed")],
         [5, 2, 1, 1, 1])
    pathlib.Path("odd.pcap").write_bytes(pcap([(0, b"1234")], link=147))
    out, errors = weir("-r", "odd.pcap", "-o", "jsonl")
    same(json.loads(out)["summary"]["opaque"], 1)
    check("link type 147 is not supported" in errors, errors)


def t2_offload():
    whole = tcp(WEB, 40000, DB, 5432, SYN)
    check(whole[10:12] == b"\xbe\xef", "the checksum is wrong")
    unknown = ip(WEB, DB, 6, whole[20:], total=0)
    same(lines([(0, unknown)]), [(WEB + ":40000", DB + ":5432", "allow")])


def t3_cut_captures():
    packet = ethernet(tcp(DB, 5432, WEB, 40000, SYN))
    flows, _ = replay([(0, packet, 14 + 20 + 4)])
    same((ends(flows[0]), flows[0]["midstream"]), ((WEB + ":40000", DB + ":5432"), True))
    same(replay([(0, packet, 14 + 20 + 3)])[1]["opaque"], 1)


def t4_mid_stream():
    cases = [
        (tcp(DB, 7, WEB, 9, SYN | ACK), (WEB + ":9", DB + ":7", "allow")),
        (tcp(DB, 5432, JOB, 100, ACK), (JOB + ":100", DB + ":5432", "deny")),
        (tcp(DB, 100, JOB, 200, ACK), (JOB + ":200", DB + ":100", "deny")),
        (tcp(DB, 200, JOB, 100, ACK), (DB + ":200", JOB + ":100", "allow")),
        (tcp(DB, 100, JOB, 100, ACK), (DB + ":100", JOB + ":100", "ambiguous")),
        (tcp(DB, 100, WEB, 100, ACK), (DB + ":100", WEB + ":100", "allow")),
    ]
    for packet, wanted in cases:
        flows, _ = replay([(0, packet)])
        same((*ends(flows[0]), flows[0]["verdict"]), wanted)
        check(flows[0]["midstream"], flows)
        same(flows[0].get("why"), "undecided-opener" if wanted[2] == "ambiguous" else None)


def t5_udp_and_others():
    answer = udp(DB, 53, JOB, 2000)
    same(lines([(0, ARP), (179, answer)]), [(JOB + ":2000", DB + ":53", "deny")])
    same(lines([(0, ARP), (180, answer)]), [(DB + ":53", JOB + ":2000", "allow")])
    same(lines([(0, ip(JOB, DB, 50, b"1234"))]), [(JOB + ":-", DB + ":-", "deny")])


def t6_icmp():
    same(lines([(0, echo(WEB, DB, 1)), (0, echo(WEB, DB, 2)), (0, echo(DB, WEB, 1, 0))]),
         [(WEB + ":-", DB + ":-", "allow")] * 2)
    for source, verdict in ((WEB, "allow"), (JOB, "deny")):
        opening = tcp(source, 40000, DB, 5432, SYN)
        flows, _ = replay([(0, opening), (1, unreachable(NODE2, source, opening[:28]))])
        same((len(flows), flows[0]["verdict"], flows[0]["packets"]),
             (1, verdict, {"forward": 1, "reply": 1}))
    other = tcp(WEB, 40001, DB, 5432, SYN)
    same(len(replay([(0, opening), (1, unreachable(NODE2, WEB, other[:28]))])[0]), 2)


def t7_ah():
    inner = tcp(WEB, 40000, DB, 5432, SYN)[20:]
    same(lines([(0, ip(WEB, DB, 51, struct.pack("!BBHIII", 6, 4, 0, 1, 1, 0) + bytes(8) + inner))]),
         [(WEB + ":40000", DB + ":5432", "allow")])
    same(replay([(0, ip(WEB, DB, 50, inner))])[0][0]["protocol"], 50)


def t8_tunnels():
    inner = tcp(WEB, 40000, DB, 5432, SYN)
    wrapped = [
        udp(NODE1, 9, NODE2, 4789, b"\x08\0\0\0\0\0\1\0" + ethernet(inner)),
        udp(NODE1, 9, NODE2, 8472, b"\x08\0\0\0\0\0\1\0" + ethernet(inner)),
        udp(NODE1, 9, NODE2, 6081, b"\0\0\x65\x58\0\0\1\0" + ethernet(inner)),
        ip(NODE1, NODE2, 47, b"\0\0\x08\0" + inner),
        ip(NODE1, NODE2, 47, b"\0\0\x65\x58" + ethernet(inner)),
        ip(NODE1, NODE2, 4, inner),
    ]
    for packet in wrapped + [ip(NODE1, NODE2, 4, ip(NODE1, NODE2, 4, wrapped[0]))]:
        same(lines([(0, packet)]), [(WEB + ":40000", DB + ":5432", "allow")])
    same(lines([(0, udp(WEB, 9, DB, 4789, b"\x08\0\0\0\0\0\1\0" + ethernet(inner)))]),
         [(WEB + ":9", DB + ":4789", "allow")])
    same(replay([(0, udp(NODE1, 9, NODE2, 4789, b"\x08\0\0\0\0\0\1\0" + ARP))])[1]["not_ip"], 1)
    same(replay([(0, ethernet(wrapped[0]), 14 + 60)])[1]["opaque"], 1)


def t9_counting():
    pathlib.Path("one.pcap").write_bytes(pcap([(0, tcp(WEB, 40000, DB, 5432, SYN)), (1, ARP)]))
    pathlib.Path("two.pcap").write_bytes(pcap([(0, tcp(WEB, 40000, DB, 5432, SYN)),
                                               (2, udp(JOB, 1, DB, 2))]))
    out, _ = weir("-r", "one.pcap", "-r", "two.pcap", "-o", "jsonl")
    *flows, last = [json.loads(line) for line in out.splitlines()]
    summary = last["summary"]
    same(flows[0]["interfaces"], ["one.pcap", "two.pcap"])
    same(flows[0]["packets"], {"forward": 2, "reply": 0})
    same(summary["packets"], sum(summary[k] for k in ("allowed", "denied", "ambiguous", "not_ip",
                                                      "opaque", "malformed")))
    same(sum(sum(f["packets"].values()) for f in flows), 3)


def t10_joined_sightings():
    flows, _ = replay([(0, tcp(WEB, 40000, VIP, 80, SYN)), (0.001, tcp(WEB, 40000, DB, 5432, SYN)),
                       (0.002, tcp(DB, 5432, WEB, 40000, SYN | ACK)),
                       (0.003, tcp(VIP, 80, WEB, 40000, SYN | ACK))])
    same(len(flows), 1)
    same((ends(flows[0]), flows[0]["packets"]),
         ((WEB + ":40000", DB + ":5432"), {"forward": 2, "reply": 2}))
    same(flows[0]["service"], {"namespace": "shop", "name": "one", "address": VIP, "port": 80})
    same(flows[0]["to"]["pod"], "shop/db")


def t11_one_verdict():
    late = [(0, ip(JOB, DB, 17, b"x" * 16, offset=1400, number=7)), (1, ARP),
            (2, ip(JOB, DB, 17, udp_header(1, 2, b"y" * 8), more=True, number=7))]
    classes = ["denied", "not_ip", "denied"]
    same([p["class"] for p in replay(late, "--packets")[0]], classes)
    for data in (pcap(late), gzip.compress(pcap(late))):
        out, _ = weir("-r", "-", "-o", "jsonl", "--packets", stdin=data)
        same([json.loads(line)["class"] for line in out.splitlines()[:-1]], classes, "of a stream")
    to_both = [(0, tcp(JOB, 4, BOTH, 80, SYN)), (0.1, tcp(JOB, 4, CACHE, 5432, SYN))]
    same([p["class"] for p in replay(to_both, "--packets")[0]], ["allowed", "allowed"])


def t12_unknown_backend():
    flows, _ = replay([(0, tcp(JOB, 40000, BOTH, 80, SYN)), (1, tcp(WEB, 40000, BOTH, 80, SYN)),
                       (2, tcp(JOB, 40000, VIP, 80, SYN))])
    same([(f["verdict"], f.get("why"), f["to"].get("pod"), f["to"]["address"]) for f in flows],
         [("ambiguous", "unknown-backend", None, BOTH), ("allow", None, None, BOTH),
          ("deny", None, "shop/db", DB)])
    check(all("service" in f for f in flows), flows)


def t13_fragments():
    first = ip(WEB, DB, 17, udp_header(1, 2, b"y" * 8), more=True, number=7)
    later = ip(WEB, DB, 17, b"x" * 16, offset=1400, number=7)
    same(replay([(0, first), (60, later)])[0][0]["packets"]["forward"], 2)
    same(replay([(0, later), (60, first)])[0][0]["packets"]["forward"], 2)
    flows, _ = replay([(0, first), (61, later)])
    same([(f["from"].get("port"), f["verdict"], f.get("why")) for f in flows],
         [(1, "allow", None), (None, "ambiguous", "orphan-fragment")])


def t14_time():
    pathlib.Path("b.pcap").write_bytes(pcap([(5, udp(WEB, 1, DB, 2)), (1, udp(WEB, 3, DB, 4))]))
    pathlib.Path("a.pcap").write_bytes(pcap([(2, udp(WEB, 5, DB, 6)), (6, udp(WEB, 1, DB, 2))]))
    out, _ = weir("-r", "b.pcap", "-r", "a.pcap", "-o", "jsonl")
    flows = [json.loads(line) for line in out.splitlines()[:-1]]
    same([f["from"]["port"] for f in flows], [5, 1, 3])
    back, _ = replay([(5, udp(WEB, 1, DB, 2)), (1, udp(WEB, 1, DB, 2))])
    same([back[0][k][17:19] for k in ("first", "last")], ["21", "25"])
    out_other, _ = weir("-r", "a.pcap", "-r", "b.pcap", "-o", "jsonl")
    others = [json.loads(line) for line in out_other.splitlines()[:-1]]
    same([(f["flow"], ends(f), f["packets"]) for f in others],
         [(f["flow"], ends(f), f["packets"]) for f in flows], "in another order")


def t15_end_of_a_flow():
    syn, rst = tcp(WEB, 40000, DB, 5432, SYN), tcp(DB, 5432, WEB, 40000, RST)
    same(len(replay([(0, syn), (1, rst), (2, syn)])[0]), 2)
    same(len(replay([(0, syn), (1, rst), (2, tcp(WEB, 40000, DB, 5432, ACK))])[0]), 1)
    fins = [(1, tcp(WEB, 40000, DB, 5432, FIN | ACK)), (2, tcp(DB, 5432, WEB, 40000, FIN | ACK))]
    same(len(replay([(0, syn), fins[0], (3, syn)])[0]), 1)
    same(len(replay([(0, syn), *fins, (3, syn)])[0]), 2)
    same(len(replay([(0, syn), (999999, tcp(WEB, 40000, DB, 5432, ACK))])[0]), 1)
    same(len(replay([(0, udp(WEB, 1, DB, 2)), (179, udp(WEB, 1, DB, 2))])[0]), 1)
    same(len(replay([(0, udp(WEB, 1, DB, 2)), (180, udp(WEB, 1, DB, 2))])[0]), 2)


def t16_denied_flows():
    flows, summary = replay([(0, tcp(JOB, 40000, DB, 5432, SYN)),
                             (1, tcp(DB, 5432, JOB, 40000, SYN | ACK)),
                             (2, tcp(JOB, 40000, DB, 5432, ACK))])
    same((len(flows), summary["denied"]), (1, 3))


def t17_node_addresses():
    for address, *arguments in ((NODE1,), ("10.1.1.1",), ("10.1.0.99",),
                                ("203.0.113.5", "--node-address", "n1=203.0.113.5")):
        flows, _ = replay([(0, tcp(address, 40000, DB, 5432, SYN))], *arguments)
        same(flows[0]["from"].get("node"), "n1", address)
    flows, _ = replay([(0, tcp("203.0.113.5", 40000, DB, 5432, SYN)),
                       (1, tcp(NODE2, 40000, DB, 5432, SYN)), (2, tcp(NODE2, 1, WEB, 2, SYN))])
    same([f["from"].get("node") for f in flows], [None, "n2", "n2"])
    same([f["ingress"]["reason"] for f in flows], ["no-rule", "own-node", "not-isolated"])
    same([f["egress"]["reason"] for f in flows], ["not-a-pod", "host-network", "host-network"])


def t18_pcap():
    packet = tcp(WEB, 40000, DB, 5432, SYN)
    same(replay([(0, packet)], snaplen=10)[1]["allowed"], 1)
    for order in "<>":
        for magic, unit in ((0xa1b2c3d4, 1000), (0xa1b23c4d, 1)):
            flows, _ = replay([(0.000004321, packet)], order=order, magic=magic)
            same(flows[0]["first"][19:], ".%09dZ" % (4321 * unit))
    pathlib.Path("old.pcap").write_bytes(pcap([(0, packet)], major=3))
    _, errors = weir("-r", "old.pcap", code=3)
    check("version 3.4 of the format, not 2.x" in errors, errors)
    long = pcap([(0, packet), (0, bytes(256 * 1024 + 1 - 14))])
    pathlib.Path("long.pcap").write_bytes(long)
    out, errors = weir("-r", "long.pcap", "-o", "jsonl", code=3)
    same(json.loads(out.splitlines()[-1])["summary"]["packets"], 1)
    check("a record of 262145 bytes, more than 262144" in errors, errors)


def t19_damage():
    whole = pcap([(0, tcp(WEB, 40000, DB, 5432, SYN)), (5, tcp(JOB, 1, DB, 5432, SYN))])
    pathlib.Path("cut.pcap").write_bytes(whole[:-1])
    pathlib.Path("whole.pcap").write_bytes(pcap([(9, tcp(WEB, 2, DB, 5432, SYN))]))
    out, errors = weir("-r", "cut.pcap", "-r", "whole.pcap", "-o", "jsonl", code=3)
    *flows, last = [json.loads(line) for line in out.splitlines()]
    same([f["from"]["port"] for f in flows], [40000, 2])
    same(last["summary"]["packets"], 2)
    same(errors, "cut.pcap: 94: the file ends inside a record of 54 bytes\n")


def expect(rows, code, *arguments):
    pathlib.Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" if isinstance(row, dict)
                                                  else row for row in rows))
    records = [(0, tcp(WEB, 40000, DB, 5432, SYN)), (1, tcp(JOB, 1, DB, 5432, SYN))]
    pathlib.Path("t.pcap").write_bytes(pcap(records))
    out, errors = weir("-r", "t.pcap", "--expect", "rows.jsonl", "-o", "jsonl", *arguments, code=code)
    return (json.loads(out.splitlines()[-1])["summary"]["expected"] if out else None), errors


def t20_expectations():
    same(expect([{"packet": 2, "verdict": "deny"}, {"packet": 1, "verdict": "allow"}], 0)[0],
         {"matched": 2, "mismatched": 0, "unseen": 0})
    same(expect([{"packet": 1, "verdict": "deny"}, {"packet": 9, "verdict": "deny"}], 1)[0],
         {"matched": 0, "mismatched": 1, "unseen": 1})
    for row in ("not json\n", {"from": "shop/nobody"}, {"from": "shop/web", "verdict": "perhaps"}):
        expect([row], 2)
    same(expect([], 0)[0], {"matched": 0, "mismatched": 0, "unseen": 0})


def t21_bytes():
    flows, _ = replay([(0, tcp(WEB, 40000, DB, 5432, SYN), 60, 1514)])
    same(flows[0]["bytes"], {"forward": 1514, "reply": 0})


def t22_numbers():
    records = [(0, udp(WEB, 1, DB, 2)), (1, ARP), (2, tcp(WEB, 1, DB, 2, SYN)),
               (3, udp(WEB, 3, DB, 4))]
    packets, summary = replay(records, "--packets", "udp")
    same([(p["packet"], p["flow"]) for p in packets], [(1, 1), (4, 2)])
    same(summary["packets"], 2)
    same([f["flow"] for f in replay(records)[0]], [1, 2, 3])


def t23_files_out():
    records = [(0, tcp(WEB, 40000, DB, 5432, SYN)), (1, ARP), (2, tcp(JOB, 1, DB, 5432, SYN)),
               (3, tcp(DB, 1, JOB, 1, ACK))]
    replay(records, "-w", "all.pcapng", "--allowed", "allowed.pcap", "--denied", "denied.pcap")
    same(pathlib.Path("allowed.pcap").read_bytes(), pcap(records[:1]))
    same(pathlib.Path("denied.pcap").read_bytes(), pcap(records[2:3]))
    every = pathlib.Path("all.pcapng").read_bytes()
    same(every[:4], b"\x0a\x0d\x0d\x0a")
    check(b"weir: allow, NetworkPolicy shop/db ingress[0] from[0]" in every, every)
    check(b"weir: ambiguous" in every and b"weir: deny" in every and b"weir: not_ip" in every, every)
    same(sorted(p.name for p in pathlib.Path().iterdir()),
         ["all.pcapng", "allowed.pcap", "cluster.yaml", "denied.pcap", "t.pcap"])


def t24_reasons_of_malformed():
    def in_ipv4(payload, protocol=17):
        return ip(WEB, DB, protocol, payload)

    deep = udp(WEB, 1, DB, 2)
    for _ in range(12):
        deep = ip(NODE1, NODE2, 4, deep)
    packets = {
        "ethernet-header": b"\2" * 10,
        "ip-version": ethernet(b"\x95" + bytes(30)),
        "ip-header-length": ip(WEB, DB, 17, udp_header(1, 2), ihl=4),
        "ip-total-length": ip(WEB, DB, 17, udp_header(1, 2), total=200),
        "ipv6-extension": ethernet(struct.pack("!IHBB", 6 << 28, 8, 0, 1) + bytes(32) +
                                   b"\x11\x09" + bytes(6), 0x86dd),
        "tcp-data-offset": tcp(WEB, 1, DB, 2, SYN, offset=4),
        "udp-length": udp(WEB, 1, DB, 2, length=7),
        "sctp-length": in_ipv4(b"\0\1\0\2", 132),
        "icmp-length": in_ipv4(b"\x08\0", 1),
        "tunnel-depth": deep,
        "fragment": ip(WEB, DB, 17, b"xy", more=True),
    }
    _, summary = replay([(0, packet) for packet in packets.values()])
    same(summary["malformed_by"], {reason: 1 for reason in packets})


def t25_node_ports():
    flows, _ = replay([(0, tcp(OUTSIDE, 40000, NODE2, 30080, SYN))])
    same((flows[0]["service"]["name"], flows[0]["to"]["pod"], flows[0]["verdict"], flows[0]["why"]),
         ("one", "shop/db", "ambiguous", "translated-source"))
    flows, _ = replay([(0, tcp(OUTSIDE, 40000, NODE1, 30080, SYN))])
    same(flows[0]["verdict"], "deny")
    flows, _ = replay([(0, tcp(OUTSIDE, 40000, NODE2, 30080, SYN)),
                       (0.001, tcp(NODE2, 40000, DB, 5432, SYN)),
                       (0.002, tcp(DB, 5432, NODE2, 40000, SYN | ACK))])
    same([(ends(f), f["verdict"]) for f in flows], [((OUTSIDE + ":40000", DB + ":5432"), "allow")])


def t26_fail_on():
    allowed = (0, tcp(WEB, 40000, DB, 5432, SYN))
    for word, packet in (("deny", tcp(JOB, 1, DB, 5432, SYN)), ("ambiguous", tcp(DB, 1, JOB, 1, ACK)),
                         ("malformed", tcp(WEB, 1, DB, 2, SYN, offset=4))):
        replay([allowed], "--fail-on", word)
        replay([allowed, (1, packet)], "--fail-on", word, code=1)
        replay([allowed, (1, packet)], "--fail-on", "malformed,ambiguous,deny", code=1)
    replay([allowed, (1, tcp(JOB, 1, DB, 5432, SYN))], "--fail-on", "malformed,ambiguous")


def run(test):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pathlib.Path("cluster.yaml").write_text(CLUSTER)
        try:
            test()
            print("ok", test.__name__, flush=True)
            return True
        except Failed as why:
            print("FAILED", test.__name__, why, flush=True)
            return False
        finally:
            os.chdir("/")


def main():
    rows = [test for name, test in globals().items() if name[0] == "t" and name[1:2].isdigit()]
    numbers = [int(test.__name__[1:].split("_")[0]) for test in rows]
    page = (pathlib.Path(__file__).resolve().parents[2] / "docs/traces.md").read_text()
    missing = [n for n in range(1, 27) if n not in numbers or "**T%d" % n not in page and
               ", T%d " % n not in page]
    if missing:
        print("FAILED rows without a test, or that docs/traces.md does not have:", missing)
    return not missing and all([run(test) for test in rows])


if __name__ == "__main__":
    WEIR = os.path.abspath(sys.argv[1])
    sys.exit(not main())
