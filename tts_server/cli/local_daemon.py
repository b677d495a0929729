"""The daemon that runs on this box, if there is one: it has its voices loaded, and speaks at once."""

import http.client
import json
from pathlib import Path
from typing import Final

from tts_server.config import settings
from tts_server.config.settings import Config
from tts_server.errors import ConfigInvalid

_PATIENCE_S: Final = 2.0  # a box that is busy with speaking answers late, and would take longer to load voices of ours


def find(config: Config, token: str | None) -> str | None:
    """Its address as `say --server` takes it; None where none is ready, or it does not let us speak."""
    server = _of_the_service(config)
    if not server.server.http_port or server.http.tls_cert_file is not None:
        return None
    host = server.server.host if server.server.host not in ("", "0.0.0.0", "::") else "127.0.0.1"
    connection = http.client.HTTPConnection(host, server.server.http_port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/api/engine", headers={} if token is None else {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        told = json.loads(answer.read(65_536)) if answer.status == 200 else {}
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    is_ready = isinstance(told, dict) and told.get("state") == "ready" and "real_time_factor" in told
    return f"ws://{f'[{host}]' if ':' in host else host}:{server.server.http_port}" if is_ready else None


def _of_the_service(config: Config) -> Config:
    """The service's own configuration, where we may read it, for its port; else ours."""
    if not (file := Path(settings.SERVICE_FILE)).is_file():
        return config
    try:
        return settings.load(settings.read_file(file))
    except ConfigInvalid:
        return config
