"""Pipecat's service for OpenAI's speech."""

import asyncio
import json
import sys
import time

from loguru import logger
from pipecat.frames.frames import ErrorFrame, InterruptionFrame, TTSAudioRawFrame, TTSSpeakFrame
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.tests.utils import SleepFrame, run_test

FREE, STRICT, CUT = sys.argv[1:]
SENTENCE = "今天天气很好，我们出去走走吧。"
OTHERS = ["好的。", "明天早上七点叫我起床，别忘了带伞。"]
logger.remove()


def service(address: str) -> OpenAITTSService:
    settings = OpenAITTSService.Settings(voice="alloy")
    return OpenAITTSService(api_key="any", base_url=f"{address}/v1", sample_rate=24000, settings=settings)


async def hear(address: str, *texts: str) -> tuple[bytes, list[str]]:
    """Samples, and errors."""
    down, up = await run_test(
        service(address), frames_to_send=[TTSSpeakFrame(text) for text in texts], start_timeout=30.0
    )
    samples = b"".join(frame.audio for frame in down if isinstance(frame, TTSAudioRawFrame))
    return samples, [frame.error for frame in up if isinstance(frame, ErrorFrame)]


async def say(address: str, *texts: str) -> tuple[float, list[str]]:
    """Seconds heard, and errors."""
    samples, errors = await hear(address, *texts)
    return len(samples) / 48000, errors


async def main() -> None:
    texts = [SENTENCE, *OTHERS]
    alone = [(await hear(FREE, text))[0] for text in texts]
    together, _ = await hear(FREE, *texts)
    assert together == b"".join(alone), (len(together), [len(one) for one in alone])
    told = {
        "length": f"{len(alone[0]) / 48000:.2f} s",
        "order": "three sentences one after the other, to the sample",
        "404": "refuses such a name itself",
    }
    interrupted = [TTSSpeakFrame(SENTENCE * 40), SleepFrame(2), InterruptionFrame(), SleepFrame(1)]
    await run_test(service(FREE), frames_to_send=interrupted, start_timeout=30.0)
    started_at = time.monotonic()
    for name, address, text, count in (("429", STRICT, SENTENCE, 5), ("broken connection", CUT, SENTENCE * 4, 1)):
        heard, errors = await say(address, *[text] * count)
        took_s = time.monotonic() - started_at
        told[name] = f"{heard:.2f} s in {took_s:.0f} s, {'an ErrorFrame' if errors else 'no error'}"
        started_at = time.monotonic()
    print(json.dumps(told))


asyncio.run(main())
