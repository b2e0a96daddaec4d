"""Packets made by hand, and one cluster for which their verdicts are known without asking anybody."""
import struct

POD = {4: bytes([10, 1, 0, 1]), 6: bytes.fromhex("fd0000010000000000000000000000a1")}
OTHER = {4: bytes([192, 0, 2, 1]), 6: bytes.fromhex("20010db8000000000000000000000001")}
OPEN_PORT = 1000  # and the nine behind it

# The pod takes UDP on ten ports, from anybody; nothing else may come to it.
CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: app}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: app}
spec: {nodeName: n1, containers: [{name: c, image: c}]}
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: "fd00:1::a1"}]}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: app}
spec:
  podSelector: {}
  ingress:
    - ports: [{port: 1000, endPort: 1009, protocol: UDP}]
"""

ETHERNET = {4: bytes(12) + b"\x08\x00", 6: bytes(12) + b"\x86\xdd"}
ARP = b"\xff" * 6 + b"\x02\0\0\0\0\1" + b"\x08\x06" + bytes.fromhex("0001080006040001") + bytes(20)
UDP, FRAGMENT = 17, 44


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(family, protocol, payload, source=None, identification=0, offset=0, more=False):
    """A frame; fragments when there is an offset, in bytes, or more to follow."""
    source = source or OTHER[family]
    if family == 6:
        if offset or more:
            payload = struct.pack(">BBHI", protocol, 0, offset | more, identification) + payload
            protocol = FRAGMENT
        return ETHERNET[6] + struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + source + POD[6] + payload
    fields = (0x45, 0, 20 + len(payload), identification & 0xFFFF, more << 13 | offset >> 3, 64, protocol)
    addresses = source + POD[4]
    total = checksum(struct.pack(">BBHHHBBH", *fields, 0) + addresses)
    return ETHERNET[4] + struct.pack(">BBHHHBBH", *fields, total) + addresses + payload


def datagram(family, port, source_port, payload=b"", **how):
    udp = struct.pack(">HHHH", source_port, port, 8 + len(payload), 0) + payload
    return ip(family, UDP, udp, **how)


def known(count, sizes=(0, 18, 500, 1400)):
    """Frames, and those of them that may pass: all differ, of both families, ARP among them."""
    frames, allowed = [], []
    for i in range(count):
        number = struct.pack(">I", i)
        payload = number + bytes(sizes[i % len(sizes)])
        if i % 7 == 6:
            frame, passes = ARP + number, True
        else:
            passes = i % 3 != 0
            port = OPEN_PORT + i % 10 if passes else OPEN_PORT + 10 + i % 10
            frame = datagram(4 if i % 2 else 6, port, 2000 + i % 97, payload)
        frames.append(frame)
        allowed += [frame] if passes else []
    return frames, allowed


def write_pcap(path, frames, order="<"):
    with open(path, "wb") as file:
        file.write(struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for frame in frames:
            file.write(struct.pack(order + "IIII", 1, 0, len(frame), len(frame)) + frame)
