"""connect.py tcp|udp ADDRESS PORT TIMEOUT: exit 0 when the other side answers.

TCP: the connection opens (and, where the server speaks or answers HTTP, is read to its end). UDP: an
answer comes. A refusal is an answer of the other side's host too: exit 3, so that a firewall's
silence (exit 1) is told from a closed port.
"""
import socket
import sys


def main():
    protocol, address, port, timeout = sys.argv[1:5]
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as s:
        s.settimeout(float(timeout))
        try:
            s.connect((address, int(port)))
            if protocol == "udp":
                s.send(b"hello")
                s.recv(2048)
                return 0
            s.sendall(b"GET / HTTP/1.0\r\nHost: weir.example\r\n\r\n")
            while s.recv(65536):
                pass
            return 0
        except ConnectionRefusedError:
            return 3
        except (TimeoutError, OSError):
            return 1


sys.exit(main())
