"""LiveKit's plugin for OpenAI's speech."""

import asyncio
import json
import sys

from livekit.agents import APIConnectOptions, tts
from livekit.plugins import openai

FREE, STRICT, CUT = sys.argv[1:]
SENTENCE = "今天天气很好，我们出去走走吧。"
REPLY = [
    "今天天气很好，阳光明媚，我们一起出去公园里走走吧。",
    "明天早上七点叫我起床，出门的时候千万别忘了带一把雨伞。",
    "客厅的灯已经打开了，空调的温度设置成了二十六度。",
]
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


async def say_as_an_agent(address: str, *texts: str) -> bytes:
    """Samples of a reply that is handed over word by word, as a model writes it."""
    speech = openai.TTS(base_url=f"{address}/v1", api_key="any", model="tts-1", voice="alloy", response_format="wav")
    heard = b""
    async with tts.StreamAdapter(tts=speech).stream(conn_options=ONCE) as stream:
        for text in texts:
            for character in text:
                stream.push_text(character)
        stream.end_input()
        async for event in stream:
            heard += bytes(event.frame.data)
    await speech.aclose()
    return heard


async def main() -> None:
    told = {"length": f"{await say(FREE):.2f} s (wav)"}
    alone = [await say_as_an_agent(FREE, text) for text in REPLY]
    together = await say_as_an_agent(FREE, *REPLY)
    # It puts 10 ms of silence behind a reply.
    ends = [sound[-480:] for sound in (*alone, together)]
    assert set(ends) == {bytes(480)}
    assert together[:-480] == b"".join(sound[:-480] for sound in alone), (len(together), [len(one) for one in alone])
    told["order"] = "three sentences by `StreamAdapter` one after the other, to the sample"
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
