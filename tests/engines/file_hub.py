"""A hub as Hugging Face's is asked: which commit, which files, and the files, whole or from a byte on."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from tests.support.model_hub import served

COMMIT = "0123456789abcdef0123456789abcdef01234567"  # which a branch or a tag is
ANY = "[0-9a-f]{40}"


@dataclass
class FileHub:
    """What it has, and what it was asked for."""

    repositories: dict[str, dict[str, bytes]]  # name -> path -> content
    endpoint: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, range
    commits: list[str] = field(default_factory=list)  # of which it was asked for lists
    break_after: dict[str, int] = field(default_factory=dict)  # path -> bytes after which the connection breaks, once
    instead: dict[str, bytes] = field(default_factory=dict)  # path -> what is handed out in place of what is listed
    lies: dict[str, Any] = field(default_factory=dict)  # path -> facts of it in lists that are not true
    ranges: bool = True  # whether it can go on in the middle


@contextmanager
def running_file_hub(**repositories: dict[str, bytes]) -> Iterator[FileHub]:
    """Names are given with two underscores for the slash."""
    hub = FileHub({name.replace("__", "/"): files for name, files in repositories.items()})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path)
            if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(?:main|v1)", path):
                known = found[1] in hub.repositories
                self._answer(200 if known else 404, json.dumps({"sha": COMMIT}).encode())
            elif found := re.fullmatch(rf"/api/models/([^/]+/[^/]+)/tree/({ANY})/?(.*)", path):
                hub.commits.append(found[2])
                self._answer(200, json.dumps(self._listing(hub.repositories[found[1]], found[3])).encode())
            elif found := re.fullmatch(rf"/([^/]+/[^/]+)/resolve/{ANY}/(.+)", path):
                self._file(hub.repositories[found[1]], found[2])
            else:
                self._answer(404, b"{}")

        def _listing(self, files: dict[str, bytes], folder: str) -> list[dict[str, Any]]:
            listed = []
            for path, content in files.items():
                if str(PurePosixPath(path).parent) == (folder or "."):
                    facts: dict[str, Any] = {"type": "file", "path": path, "size": len(content)}
                    facts["oid"] = hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()
                    if path.endswith((".onnx", ".bin")):
                        facts["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
                    listed.append({**facts, **hub.lies.get(path, {})})
            return listed

        def _file(self, files: dict[str, bytes], path: str) -> None:
            wanted = self.headers.get("Range", "")
            hub.asked.append((path, wanted))
            content = hub.instead.get(path, files.get(path, b""))
            start = int(wanted.removeprefix("bytes=").rstrip("-") or 0) if hub.ranges else 0
            self._answer(206 if start else 200, content[start:], hub.break_after.pop(path, None))

        def _answer(self, status: int, body: bytes, stop: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:stop])
            self.close_connection = stop is not None

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that hangs up in the middle is what some tests are about."""

    with served(Handler, Server) as hub.endpoint:
        yield hub
