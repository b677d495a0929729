"""A model hub on loopback, for the real SDK: lists a model's files and hands them out, whole or from a byte on."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Hub:
    """What the hub has, and what it was asked for."""

    models: Mapping[tuple[str, str], Mapping[str, bytes]]  # (name, revision) -> path -> content
    endpoint: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # path, revision, range
    break_after: dict[str, int] = field(default_factory=dict)  # path -> bytes after which the connection breaks, once
    lies: dict[str, str] = field(default_factory=dict)  # path -> the path that is listed instead


def files_of(folder: Path) -> dict[str, bytes]:
    """A folder's files, as a hub has them."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def served(
    handler: type[BaseHTTPRequestHandler], server_class: type[ThreadingHTTPServer] = ThreadingHTTPServer
) -> Iterator[str]:
    """A server of the handler on loopback, in a thread of its own. Yields its address."""
    with server_class(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def running_hub(models: Mapping[tuple[str, str], Mapping[str, bytes]]) -> Iterator[Hub]:
    """A hub with these models."""
    hub = Hub(models)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            named = re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/(repo|repo/files)", url.path)
            files = hub.models.get((named[1], query.get("Revision", ""))) if named else None
            if files is None:
                self._answer(404, json.dumps({"Code": 404, "Message": "not found"}).encode())
            elif named and named[2] == "repo/files":
                self._answer(200, json.dumps(self._listing(files)).encode())
            else:
                self._file(files, query)

        def _listing(self, files: Mapping[str, bytes]) -> dict[str, Any]:
            listed = [
                {
                    "Path": hub.lies.get(path, path),
                    "Name": Path(path).name,
                    "Type": "blob",
                    "Size": len(content),
                    "Sha256": hashlib.sha256(content).hexdigest(),
                }
                for path, content in files.items()
            ]
            return {"Code": 200, "Success": True, "Data": {"Files": listed}}

        def _file(self, files: Mapping[str, bytes], query: Mapping[str, str]) -> None:
            path, wanted = query["FilePath"], self.headers.get("Range", "")
            hub.asked.append((path, query["Revision"], wanted))
            content = files[path]
            start = int(wanted.removeprefix("bytes=").rstrip("-") or 0)
            extra = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if wanted else {}
            stop = hub.break_after.pop(path, None)
            self._answer(206 if wanted else 200, content[start:], stop, **extra)

        def _answer(self, status: int, body: bytes, stop: int | None = None, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:stop])
            self.close_connection = stop is not None

        def log_message(self, *_: Any) -> None:
            pass

    with served(Handler) as hub.endpoint:
        yield hub
