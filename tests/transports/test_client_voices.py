"""An address has a voice of its own at every door, and a request that names another one has that."""

from pathlib import Path

import httpx
import pytest

from tests.engines.doors import heard_at_every_door
from tests.support.daemon import running_daemon

TEXT = "The light is on."


@pytest.mark.timeout(60)
async def test_an_address_has_its_voice_at_every_door(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[clients."127.0.0.0/8"]\nvoice = "heart"\nvolume = -6.0\n', encoding="utf-8")
    async with running_daemon("-c", str(file)) as daemon:
        given = await heard_at_every_door(daemon, TEXT, None, 24_000)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", trust_env=False) as client:
            wanted = {"text": TEXT, "voice": "heart", "volume": -6, "format": "pcm"}
            named = await client.post("/api/tts", json=wanted)
            other = await client.post("/api/tts", json={"text": "灯开了。", "voice": "baker"})
            openai = await client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "wav"})
            guest = await client.get("/compat/gpt_sovits", params={"text": TEXT, "text_language": "en"})
    assert set(given.values()) == {named.content}
    assert named.headers["x-voice"] == "heart"
    assert other.headers["x-voice"] == "baker"
    assert openai.headers["x-voice"] == "heart"
    assert guest.headers["x-voice"] == "heart"
