# SPDX-License-Identifier: Apache-2.0
"""Sends one body many times at once, from a process of its own, so that whoever measures meanwhile
is not held up: flood.py PORT PATH FILE N prints the N statuses, 0 for a connection that got no
answer."""

import http.client
import sys
import threading


def send(port, path, body, statuses):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    except (OSError, http.client.HTTPException) as problem:
        print(problem, file=sys.stderr)
        statuses.append(0)
    finally:
        connection.close()


def main():
    port, path, file, n = sys.argv[1:]
    statuses = []
    with open(file, "rb") as opened:
        body = opened.read()
    threads = [
        threading.Thread(target=send, args=(int(port), path, body, statuses)) for _ in range(int(n))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*statuses)


if __name__ == "__main__":
    main()
