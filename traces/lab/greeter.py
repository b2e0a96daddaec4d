"""greeter.py PORT: a TCP server that greets as MySQL 8.0 does, then hangs up."""
import socketserver
import sys

GREETING = bytes.fromhex("4a0000000a382e302e333600080000001a3f5b2d6c7a1c0b00ffffff0200ffdf15000000"
                         "00000000000000") + b"abcdefghijkl\x00caching_sha2_password\x00"


class Greeter(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(GREETING)
        self.request.settimeout(1)
        try:
            self.request.recv(1024)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("0.0.0.0", int(sys.argv[1])), Greeter).serve_forever()
