"""One simulated box: the real doors, the real line, the real cache; an engine of fixed cost that needs no processor.

python -m tests.scale.box '{"rtf": 0.25, "threads": 2}'     prints its ports, then serves until killed
"""

import asyncio
import gc
import json
import sys
from dataclasses import replace
from typing import Any

from tests.support.core import CoreLimits, running_core
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.shared.server import SharedServer
from tts_server.shared.settings import SharedSettings
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.agent_check import AgentCheck
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.listening import listen
from tts_server.transports.wyoming.door import WyomingDoor, WyomingLimits

LIMITS = CoreLimits(max_contexts=200)
VOICE = "tone"
TIMEOUT_S = 0.01  # as by default


async def serve(wanted: dict[str, Any]) -> None:
    """Serve until killed."""
    rtf, threads = float(wanted["rtf"]), int(wanted["threads"])
    slow_s = float(wanted.get("slow_s", 0.0))
    limits = replace(LIMITS, when_full=wanted.get("when_full", "refuse"))
    engine = {"engine_settings": {VOICE: {"rtf": rtf, "slow_s": slow_s}}, "threads": threads}
    async with running_core(limits, **engine) as core:
        turns = Turns(Scheduler(threads))
        turns.scheduler.costs.learn(VOICE, 100 * rtf, 100.0)
        server = SharedServer(SharedSettings(wanted["shared"], TIMEOUT_S)) if wanted.get("shared") else None
        keys = KeyMaker({}, {}) if server else None
        cache = SegmentCache(core.link, turns, keys, 2**24, shared=server)
        synthesizer = Synthesizer(core.link, turns, limits, cache=cache)
        http = HttpDoor(synthesizer, HttpSettings(max_connections=500, max_connections_per_address=500))
        wyoming = WyomingDoor(synthesizer, WyomingLimits(max_connections=500, max_connections_per_address=500))
        agent = AgentCheck(synthesizer, HttpSettings().networks)
        doors = {name: listen("127.0.0.1", 0) for name in ("wyoming", "http", "agent")}
        await wyoming.start(doors["wyoming"])
        await http.start(doors["http"])
        await agent.start(doors["agent"])
        gc.collect()
        gc.freeze()
        print(*(sockets[0].getsockname()[1] for sockets in doors.values()), flush=True)
        await cache.run() if server else await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
