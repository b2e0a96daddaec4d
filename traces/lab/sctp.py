"""sctp.py serve PORT...; sctp.py connect ADDRESS PORT TIMEOUT: associations, for kernels without SCTP.

Speaks as little of RFC 9260 as an association needs, on a raw socket over IPv4: the four-way
handshake, one DATA chunk, its SACK, and the shutdown, with verification tags and CRC32c, so that
connection tracking takes it for what it is. Needs root. Nothing is sent again: the network loses
nothing but what a firewall drops.

serve answers on its ports and sends an ABORT from every other. connect exits 0 when the association was
made, and shut down, 3 when it was refused, 1 when nobody answered.
"""
import random
import socket
import struct
import sys
import time

DATA, INIT, INIT_ACK, SACK, ABORT = 0, 1, 2, 3, 6
SHUTDOWN, SHUTDOWN_ACK, COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE = 7, 8, 10, 11, 14
COOKIE = 7  # the parameter of INIT ACK
WHOLE_MESSAGE = 3  # the flags of DATA: its beginning and its end


def crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def padded(data):
    return data + bytes(-len(data) % 4)


def packet(source, target, tag, kind, value=b"", flags=0):
    """A packet of one chunk."""
    chunk = padded(struct.pack("!BBH", kind, flags, 4 + len(value)) + value)
    header = struct.pack("!HHI", source, target, tag)
    return header + struct.pack("<I", crc32c(header + bytes(4) + chunk)) + chunk


def unpack(frame):
    """Ports, tag, and kind and value of the first chunk, of a packet with its IPv4 header."""
    sctp = frame[(frame[0] & 15) * 4:]
    source, target, tag = struct.unpack("!HHI", sctp[:8])
    kind, _, length = struct.unpack("!BBH", sctp[12:16])
    return source, target, tag, kind, sctp[16:12 + length]


def opening(tag, first):
    """What INIT and INIT ACK begin with: tag, window, streams out and in, the first TSN."""
    return struct.pack("!IIHHI", tag, 65536, 1, 1, first)


def raw():
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)


def serve(ports):
    peers = {}  # (address, its port, our port): the tag that it wants to see
    with raw() as s:
        while True:
            frame, (address, _) = s.recvfrom(65535)
            source, target, _, kind, value = unpack(frame)
            key = address, source, target

            def answer(*chunk):
                s.sendto(packet(target, source, peers[key], *chunk), (address, 0))

            if kind == INIT:
                peers[key] = struct.unpack("!I", value[:4])[0]
                if target in ports:
                    cookie = struct.pack("!HH", COOKIE, 12) + random.randbytes(8)
                    answer(INIT_ACK, opening(random.getrandbits(32) or 1, 1) + cookie)
                else:
                    answer(ABORT)
            elif key not in peers:
                continue
            elif kind == COOKIE_ECHO:
                answer(COOKIE_ACK)
            elif kind == DATA:
                answer(SACK, value[:4] + struct.pack("!IHH", 65536, 0, 0))
            elif kind == SHUTDOWN:
                answer(SHUTDOWN_ACK)
            elif kind in (SHUTDOWN_COMPLETE, ABORT):
                del peers[key]


def connect(address, port, timeout):
    own_tag, tag, own_port = random.getrandbits(32) or 1, 0, random.randrange(32768, 61000)
    with raw() as s:
        s.connect((address, 0))
        deadline = time.monotonic() + timeout

        def ask(kind, value, wanted, flags=0):
            s.send(packet(own_port, port, tag, kind, value, flags))
            while True:
                s.settimeout(max(deadline - time.monotonic(), 0.001))
                source, target, seen, got, answer = unpack(s.recv(65535))
                if (source, target, seen) != (port, own_port, own_tag):
                    continue
                if got == ABORT:
                    raise ConnectionRefusedError
                if got == wanted:
                    return answer

        try:
            answer = ask(INIT, opening(own_tag, 1), INIT_ACK)
            tag = struct.unpack("!I", answer[:4])[0]
            ask(COOKIE_ECHO, answer[20:], COOKIE_ACK)
            ask(DATA, struct.pack("!IHHI", 1, 0, 0, 0) + b"hello", SACK, WHOLE_MESSAGE)
            ask(SHUTDOWN, struct.pack("!I", 0), SHUTDOWN_ACK)
            s.send(packet(own_port, port, tag, SHUTDOWN_COMPLETE))
            return 0
        except ConnectionRefusedError:
            return 3
        except OSError:
            return 1


if sys.argv[1] == "serve":
    serve({int(port) for port in sys.argv[2:]})
else:
    sys.exit(connect(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
