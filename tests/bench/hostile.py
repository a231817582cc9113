#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile.py HOST:PORT: until it is killed, 200 clients that mean no good: a request one byte a second that never ends, headers
of a megabyte, one that asks and never reads, one that connects and leaves. What is closed on them is opened again."""
import random
import socket
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)
CLIENTS = 200


class Client:
    def __init__(self, kind):
        self.kind = kind
        self.again()

    def again(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex((host, int(port)))
        self.due = time.monotonic() + 1

    def turn(self):
        try:
            if self.kind == "slow":
                self.socket.send(random.choice([b"G", b"X", b":", b"\r", b"\n", b" "]))
            elif self.kind == "huge":
                self.socket.send(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * (1 << 20))
            elif self.kind == "deaf":
                self.socket.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            else:
                raise OSError
            self.due = time.monotonic() + 1
        except BlockingIOError:
            self.due = time.monotonic() + 1
        except OSError:
            self.socket.close()
            self.again()


clients = [Client(["slow", "huge", "deaf", "fickle"][i % 4]) for i in range(CLIENTS)]
while True:
    now = time.monotonic()
    for client in clients:
        if client.due <= now:
            client.turn()
    time.sleep(0.05)
