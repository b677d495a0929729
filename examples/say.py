"""Let a tts-server speak a text into a WAV file, with nothing but the client that comes with it.

Use: python examples/say.py ws://HOST:8080 "你好。" hello.wav
"""

import asyncio
import sys
import wave

from protocol.client import Chunk, TtsClient


async def main(url: str, text: str, path: str) -> None:
    """Speak the text; the file grows while it is spoken."""
    with wave.open(path, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        # Without flow control: nobody listens to a file at playing speed.
        async with TtsClient(url) as tts, tts.open(emotion="happy", flow="none") as speech:
            wav.setframerate(speech.sample_rate)
            await speech.say_all(text)
            async for event in speech:
                if isinstance(event, Chunk):
                    wav.writeframes(event.pcm)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit((__doc__ or "").splitlines()[2])
    asyncio.run(main(*sys.argv[1:4]))
