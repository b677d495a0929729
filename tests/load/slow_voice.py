"""A voice slower than real time, with its start held back and without: what does a listener hear?

    python -m tests.load.slow_voice [--rtf 1.4]

A tone of 2.6 s that takes `rtf` seconds of sleep for each second of it. Exits with 1 when a gap is heard though the
start is held back.
"""

import argparse
import asyncio
import sys

from tests.support.core import running_core
from tts_server.measure.speech import Heard, heard_by_one
from tts_server.scheduling.prebuffer import Prebuffer
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer

TEXT = "今天天气真的很好我们一起去公园散步吧好不好呢我的朋友"


class Hasty(Turns):
    """Plays everything as it comes."""

    def prebuffer(self, stream: int, voice: str) -> Prebuffer:
        """None."""
        return Prebuffer()


async def hear(turns: Turns, rtf: float) -> Heard:
    """One listener."""
    async with running_core(engine_settings={"tone": {"rtf": rtf, "tells_all": True}}) as core:
        turns.scheduler.costs.learn("tone", 1.02 * rtf, 1.0)
        synthesizer = Synthesizer(core.link, turns, core.synthesizer.limits)
        return await heard_by_one(synthesizer, synthesizer.catalogue.choose("tone"), TEXT)


def main() -> None:
    """Listen both ways and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtf", type=float, default=1.4)
    rtf = parser.parse_args().rtf
    gaps_s = []
    for name, kind in (("played as it comes", Hasty), ("its start held back", Turns)):
        heard = asyncio.run(hear(kind(Scheduler(2)), rtf))
        print(f"{name}: first audio after {heard.first_s:.2f} s, then {heard.gap_s:.2f} s of gaps")
        gaps_s.append(heard.gap_s)
    sys.exit(gaps_s[-1] > 0)


if __name__ == "__main__":
    main()
