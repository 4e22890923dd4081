# SPDX-License-Identifier: Apache-2.0
"""Ends a client's process that looks past this machine, as for telemetry: Python imports this module
by itself where its folder is in PYTHONPATH."""

import os
import sys

LOCAL = {"127.0.0.1", "::1", "localhost", None}
ASKS_FOR_A_HOST = {"socket.getaddrinfo": lambda host, *_: host, "socket.connect": lambda _, to: to}


def refuse_other_hosts(event, arguments):
    if event not in ASKS_FOR_A_HOST:
        return
    host = ASKS_FOR_A_HOST[event](*arguments)
    host = host[0] if isinstance(host, tuple) else host
    if host not in LOCAL:
        os.write(2, f"{event} of {host!r}: nothing may leave this machine\n".encode())
        os._exit(97)


sys.addaudithook(refuse_other_hosts)
