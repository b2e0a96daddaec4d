"""hold.py ADDRESS PORT NAME: an open connection; asks for a page once there is a file NAME.go."""
import os
import socket
import sys
import time

with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as stream:
    print("open", flush=True)
    while not os.path.exists(sys.argv[3] + ".go"):
        time.sleep(0.05)
    stream.settimeout(2)
    try:
        stream.sendall(b"GET / HTTP/1.0\r\nHost: weir.example\r\n\r\n")
        print("goes on" if stream.recv(1000) else "has ended")
    except TimeoutError:
        print("has ended")
