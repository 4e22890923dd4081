# SPDX-License-Identifier: Apache-2.0
"""Nothing leaves the machine but replies (promise 12)."""

import os
import pathlib
import re
import socket


def inet_sockets(pid):
    """(kind, local port) of every Internet socket that the process holds."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(fd))
        except FileNotFoundError:  # closed meanwhile
            continue
        inodes |= {found[1]} if found else set()
    sockets = []
    for kind in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        table = pathlib.Path(f"/proc/{pid}/net/{kind}")
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            fields = line.split()
            if fields[9] in inodes:
                sockets.append((kind, int(fields[1].rpartition(":")[2], 16)))
    return sockets


def test_foreign_sockets_are_seen():
    """The test below would see one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.connect(("127.0.0.1", 9))
        assert ("udp", ours.getsockname()[1]) in inet_sockets(os.getpid())


def test_server_connects_to_nobody(start, model):
    server = start(model)
    seen = []
    server.wait_listening()
    for _ in range(20):  # while the model is being loaded
        seen += inet_sockets(server.process.pid)
    server.wait_ready()
    for path in ("/", "/docs", "/info", "/metrics", "/openapi.json", "/v1/models"):
        assert server.get(path).status == 200
        seen += inet_sockets(server.process.pid)
    server.embed(input=["a cat", "https://example.com/"])
    seen += inet_sockets(server.process.pid)
    assert seen and set(seen) == {("tcp", server.port)}
