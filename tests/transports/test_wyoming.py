from tests.support.core import Core
from tests.transports.wyoming_peers import audio_s, connected, kinds, serving

async def test_smoke(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer:
        await peer.send("synthesize", text="你好，世界。")
        events = await peer.read_until("audio-stop")
        print(kinds(events), audio_s(events))
        await peer.send("synthesize-start")
        await peer.send("synthesize-chunk", text="你好，世界。")
        await peer.send("synthesize-stop")
        events = await peer.read_until("synthesize-stopped")
        print(kinds(events), audio_s(events))
        assert 0
