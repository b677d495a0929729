"""The whole daemon with its door locked: tokens as systemd hands them over, TLS, rate limits."""

import os
import ssl
from pathlib import Path

import httpx
import pytest

from tests.support.certificate import write_certificate
from tests.support.daemon import running_daemon

SECRET = "a-secret-of-the-house"


@pytest.mark.timeout(120)  # a whole daemon
async def test_a_locked_daemon_lets_in_who_has_the_token(tmp_path: Path) -> None:
    cert_file, key_file = write_certificate(tmp_path)
    (tmp_path / "tokens").write_text(f"panel {SECRET} tts\n", encoding="utf-8")
    environment = {
        "CREDENTIALS_DIRECTORY": str(tmp_path),
        "TTS_SERVER__ACCESS__MODE": "token",
        "TTS_SERVER__ACCESS__REQUESTS_PER_MIN": "2",
        "TTS_SERVER__HTTP__TLS_CERT_FILE": str(cert_file),
        "TTS_SERVER__HTTP__TLS_KEY_FILE": str(key_file),
        "TTS_SERVER__LOG__LEVEL": "debug",
    }
    trust = ssl.create_default_context(cafile=str(cert_file))
    async with (
        running_daemon(environment=environment) as daemon,
        httpx.AsyncClient(base_url=f"https://127.0.0.1:{daemon.http_port}", verify=trust, trust_env=False) as client,
    ):
        request, headers = {"text": "你好。", "format": "mp3"}, {"Authorization": f"Bearer {SECRET}"}
        statuses = [(await client.post("/api/tts", json=request)).status_code]
        statuses += [(await client.post("/api/tts", json=request, headers=headers)).status_code for _ in range(3)]
        assert statuses == [401, 200, 200, 429]
        assert (await client.get("/metrics", headers=headers)).status_code == 403
        assert (await client.get("/api/voices", params={"token": SECRET})).status_code == 400
        await daemon.stop()
    assert SECRET not in "\n".join(daemon.log)
    assert any("token=panel" in line and "POST /api/tts 200" in line for line in daemon.log)


async def test_a_certificate_that_cannot_be_used_ends_the_start_with_the_reason(tmp_path: Path) -> None:
    environment = {
        "TTS_SERVER__HTTP__TLS_CERT_FILE": os.devnull,
        "TTS_SERVER__HTTP__TLS_KEY_FILE": str(tmp_path / "nothing"),
    }
    with pytest.raises(AssertionError, match="tls_cert_file: cannot use"):
        async with running_daemon(environment=environment):
            pass
