"""openai for Python."""

import asyncio
import json
import sys

import openai

FREE, STRICT, CUT = sys.argv[1:]
SENTENCE = "今天天气很好，我们出去走走吧。"
OTHERS = ["好的。", "明天早上七点叫我起床，别忘了带伞。"]
told = {}


def client(address: str, **options: object) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{address}/v1", api_key="any", **options)


def say(address: str, text: str = SENTENCE, voice: str = "alloy", form: str = "pcm", retries: int = 0) -> bytes:
    speech = client(address, max_retries=retries).audio.speech
    return speech.create(model="tts-1", voice=voice, input=text, response_format=form).content


async def say_at_once(address: str, texts: list[str]) -> list[bytes]:
    """What each of them gives, asked for by one client at the same time."""
    async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="any") as ours:
        made = [
            ours.audio.speech.create(model="tts-1", voice="alloy", input=text, response_format="pcm") for text in texts
        ]
        return [answer.content for answer in await asyncio.gather(*made)]


told["length"] = f"{len(say(FREE)) / 48000:.2f} s"
for form in ("mp3", "wav", "opus", "flac", "aac"):
    assert say(FREE, form=form)
alone = [say(FREE, text) for text in (SENTENCE, *OTHERS)]
assert asyncio.run(say_at_once(FREE, [SENTENCE, *OTHERS])) == alone
assert say(FREE, SENTENCE + OTHERS[0]).startswith(alone[0][: len(alone[0]) // 2])
told["order"] = "three at once: each its own sound; a reply begins with its first sentence"
streamed = client(FREE).audio.speech.with_streaming_response
with streamed.create(model="tts-1", voice="alloy", input=SENTENCE * 40, response_format="pcm") as answer:
    next(answer.iter_bytes(4096))
try:
    say(STRICT, voice="nobody")
except openai.NotFoundError as error:
    told["404"] = f"`NotFoundError`, `{error.code}`"
try:
    for _ in range(5):
        say(STRICT)
except openai.RateLimitError as error:
    told["429"] = f"`RateLimitError`, Retry-After {error.response.headers['retry-after']}"
try:
    told["broken connection"] = f"{len(say(CUT, SENTENCE * 4))} bytes, unnoticed"
except Exception as error:
    told["broken connection"] = f"`{type(error).__name__}`"
print(json.dumps(told))
