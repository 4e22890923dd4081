# SPDX-License-Identifier: Apache-2.0
"""A model hub on the loopback interface, as far as huggingface_hub and nestd use one, and the host that it redirects large files
to, which has a port of its own. It says what it was asked, and goes wrong as it is told to."""

import contextlib
import hashlib
import http.server
import json
import os
import re
import threading
import time
import urllib.parse

COMMIT = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
TOKEN = "hf_TestTokenThatMustNotBeSeen"


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Asked:
    """A request that a host was asked."""

    def __init__(self, handler):
        self.host = handler.server.role
        self.method = handler.command
        self.path = handler.path
        self.headers = dict(handler.headers)

    def __repr__(self):
        return f"<{self.host} {self.method} {self.path} {self.headers.get('Range', '')}>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        hub = self.server.hub
        hub.asked.append(Asked(self))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for fault in hub.faults:
                if fault(self):
                    return
            getattr(hub, f"answer_{self.server.role}")(self)

    do_HEAD = do_GET

    def send(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_json(self, value, headers=()):
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json", **dict(headers)})

    def refuse(self, status, code="", message="", headers=()):
        named = {"X-Error-Code": code, "X-Error-Message": message}
        self.send(status, message.encode(), {**{k: v for k, v in named.items() if v}, **dict(headers)})

    def send_content(self, content, headers=()):
        """All of it, or from where a Range says."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found.group(1)) if found else 0
        headers = {"Accept-Ranges": "bytes", **dict(headers)}
        if found and start >= len(content):
            self.send(416, headers={"Content-Range": f"bytes */{len(content)}"})
            return
        if found:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        hub = self.server.hub
        self.send_response(206 if found else 200)
        for name, value in {**headers, "Content-Length": str(len(content) - start)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        for at in range(start, len(content), hub.piece_bytes):
            self.wfile.write(content[at : at + hub.piece_bytes])
            if hub.piece_pause_s:
                self.wfile.flush()
                time.sleep(hub.piece_pause_s)


class Host(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub, role, tls):
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub
        self.role = role
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server_address[1]}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.shutdown()
        self.server_close()


class Repository:
    """`files`: path -> bytes. Files named *.safetensors are held by Git LFS."""

    def __init__(self, files, commit=COMMIT, private=False):
        self.files = files
        self.commit = commit
        self.private = private
        self.sha256 = {p: hashlib.sha256(c).hexdigest() for p, c in files.items() if p.endswith(".safetensors")}
        self.git = {p: git_hash(c) for p, c in files.items()}

    def etag(self, path):
        return self.sha256.get(path) or self.git[path]

    def entry(self, path):
        content = self.files[path]
        entry = {"type": "file", "oid": self.git[path], "size": len(content), "path": path}
        if path in self.sha256:
            entry["lfs"] = {"oid": self.sha256[path], "size": len(content), "pointerSize": 135}
        return entry

    def tree(self):
        folders = sorted({os.path.dirname(p) for p in self.files} - {""})
        return [{"type": "directory", "oid": "0" * 40, "size": 0, "path": f} for f in folders] + [
            self.entry(p) for p in sorted(self.files)
        ]


class FakeHub:
    """`tls` and `store_tls`: an ssl.SSLContext each, for hosts that speak TLS."""

    def __init__(self, tls=None, store_tls=None):
        self.repositories = {}  # name -> Repository
        self.asked = []
        self.faults = []  # functions of a handler: true where they have answered
        self.page_entries = 1000
        self.piece_bytes = 1 << 20
        self.piece_pause_s = 0
        self.hub = Host(self, "hub", tls)
        self.store = Host(self, "store", store_tls)
        self.url = self.hub.url

    def close(self):
        self.hub.close()
        self.store.close()

    def add(self, name, files, **more):
        self.repositories[name] = Repository(files, **more)
        return self.repositories[name]

    def environment(self, cache, **more):
        """For nestd and huggingface_hub alike; no token of the machine is read."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HUB_CACHE": str(cache),
            "HF_HOME": str(cache) + ".home",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "no_proxy": "127.0.0.1",
            **more,
        }

    def fail(self, role, pattern, answer, times=1):
        """The next `times` requests to that host whose path matches are answered by `answer`."""
        left = [times]
        lock = threading.Lock()

        def fault(handler):
            if handler.server.role != role or not re.search(pattern, handler.path):
                return False
            with lock:
                if left[0] == 0:
                    return False
                left[0] -= 1
            return answer(handler) is not False

        self.faults.append(fault)

    def count(self, role, pattern):
        return sum(a.host == role and bool(re.search(pattern, a.path)) for a in self.asked)

    # Answers.

    def answer_hub(self, handler):
        path = urllib.parse.unquote(urllib.parse.urlsplit(handler.path).path)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query)
        found = re.fullmatch(
            r"(?:/api/models)?/([^/]+/[^/]+)(?:/(revision|tree|resolve)/([^/]+|refs/pr/\d+)(?:/(.*))?)?", path
        )
        repository = self.repositories.get(found.group(1)) if found else None
        if repository is None or (
            repository.private and handler.headers.get("Authorization") != f"Bearer {TOKEN}"
        ):
            handler.refuse(401, "RepoNotFound", "Repository not found")
            return
        kind, revision, rest = found.group(2), found.group(3), found.group(4)
        if revision not in (None, "main", repository.commit):
            handler.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        elif kind == "tree":
            self.answer_tree(handler, repository, query)
        elif kind == "resolve":
            self.answer_file(handler, repository, rest)
        else:
            siblings = [{"rfilename": p} for p in sorted(repository.files)]
            handler.send_json({"id": found.group(1), "sha": repository.commit, "siblings": siblings})

    def answer_tree(self, handler, repository, query):
        entries = repository.tree()
        start = int(query.get("cursor", ["0"])[0])
        end = start + self.page_entries
        headers = {}
        if end < len(entries):
            base = handler.path.split("?")[0]
            headers["Link"] = f'<https://hub.invalid{base}?recursive=true&cursor={end}>; rel="next"'
        handler.send_json(entries[start:end], headers)

    def answer_file(self, handler, repository, path):
        named = {"X-Repo-Commit": repository.commit}
        if path not in repository.files:
            handler.refuse(404, "EntryNotFound", "Entry not found", named)
        elif path in repository.sha256:
            etag = repository.sha256[path]
            more = {
                "Location": f"{self.store.url}/{etag}?signature=xyz",
                "ETag": f'"{repository.git[path]}"',
                "X-Linked-Etag": f'"{etag}"',
                "X-Linked-Size": str(len(repository.files[path])),
            }
            handler.send(302, b"Found", {**named, **more})
        else:
            handler.send_content(repository.files[path], {**named, "ETag": f'"{repository.git[path]}"'})

    def answer_store(self, handler):
        sha256 = handler.path.split("?")[0][1:]
        for repository in self.repositories.values():
            for path, etag in repository.sha256.items():
                if etag == sha256:
                    handler.send_content(repository.files[path], {"ETag": '"store"'})
                    return
        handler.send(404)


def folder_files(folder):
    """A model's folder as a repository's files."""
    files = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files
