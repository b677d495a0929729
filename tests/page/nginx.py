"""nginx in front of a daemon, below a path, as Home Assistant's Ingress is: it takes the path away and tells of it."""

import asyncio
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PATH = "/api/hassio_ingress/a-token"
_CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location {path}/ {{
            proxy_pass http://127.0.0.1:{backend}/;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Ingress-Path {path};
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $http_connection;
            proxy_buffering off;
        }}
        location = /frame {{
            default_type text/html;
            return 200 '<title>Home Assistant</title><iframe src="{path}/" width="900" height="700"></iframe>';
        }}
    }}
}}
"""


@asynccontextmanager
async def nginx_before(backend: int) -> AsyncGenerator[int]:
    """The port of a proxy that shows the daemon at PATH, and a page at /frame that has it in a frame."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert program is not None, "these tests need nginx: apt install nginx-light"
    with TemporaryDirectory() as folder:
        port = _free_port()
        file = Path(folder) / "nginx.conf"
        file.write_text(_CONFIGURATION.format(folder=folder, port=port, backend=backend, path=PATH))
        nginx = await asyncio.create_subprocess_exec(
            *(program, "-p", folder, "-c", str(file), "-e", "stderr"), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await _until_up(port, nginx)
            yield port
        finally:
            if nginx.returncode is None:
                nginx.terminate()
            await nginx.wait()


async def _until_up(port: int, nginx: asyncio.subprocess.Process) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            assert nginx.returncode is None, "nginx has ended"
            await asyncio.sleep(0.05)  # nothing tells when it listens
        else:
            writer.close()
            return
    raise AssertionError("nginx did not start")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
