"""LiveKit's plugin for OpenAI's speech."""

import asyncio
import json
import sys

from livekit.agents import APIConnectOptions
from livekit.plugins import openai

FREE, STRICT, CUT = sys.argv[1:]
SENTENCE = "今天天气很好，我们出去走走吧。"
ONCE = APIConnectOptions(max_retry=0, timeout=20)


async def say(address: str, text: str = SENTENCE, voice: str = "alloy", stop_after: int | None = None) -> float:
    """Seconds heard."""
    heard = 0.0
    tts = openai.TTS(base_url=f"{address}/v1", api_key="any", model="tts-1", voice=voice, response_format="wav")
    async with tts.synthesize(text, conn_options=ONCE) as stream:
        async for event in stream:
            heard += event.frame.duration
            if stop_after is not None and heard > stop_after:
                break
    await tts.aclose()
    return heard


async def main() -> None:
    told = {"length": f"{await say(FREE):.2f} s (wav)"}
    await say(FREE, SENTENCE * 40, stop_after=1)
    for name, voice, count in (("404", "nobody", 1), ("429", "alloy", 5)):
        try:
            for _ in range(count):
                await say(STRICT, voice=voice)
        except Exception as error:
            told[name] = f"`{type(error).__name__}` {getattr(error, 'status_code', '')}".strip()
    try:
        told["broken connection"] = f"{await say(CUT, SENTENCE * 4):.2f} s, unnoticed"
    except Exception as error:
        told["broken connection"] = f"`{type(error).__name__}`"
    print(json.dumps(told))


asyncio.run(main())
