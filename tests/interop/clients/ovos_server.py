"""OVOS' plugin for its TTS server."""

import json
import sys
import tempfile
import wave
from pathlib import Path

from ovos_tts_plugin_server import OVOSServerTTS
from ovos_utils.fakebus import FakeBus

FREE, STRICT, CUT = sys.argv[1:]
SENTENCE = "今天天气很好，我们出去走走吧。"
OTHERS = ["好的。", "明天早上七点叫我起床，别忘了带伞。"]
told = {"hang-up": "not offered", "404": "not asked for"}


def say(address: str, text: str = SENTENCE, **config: object) -> float:
    """Seconds in the file."""
    tts = OVOSServerTTS(config={"host": address, "lang": "zh-cn", **config})
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "said.wav")
        tts.get_tts(text, file, lang="zh-cn")
        size = Path(file).stat().st_size
        with wave.open(file) as said:
            return (size - 44) / said.getframerate() / said.getsampwidth()


def queue(address: str, texts: list[str]) -> list[bytes]:
    """What the plugin puts before OVOS' player, in its order."""
    tts = OVOSServerTTS(config={"host": address, "lang": "zh-cn", "enable_cache": False})
    tts.bus = FakeBus()
    for text in texts:
        tts.execute(text)
    queued = []
    while not tts.queue.empty():
        queued.append(Path(tts.queue.get()[0]).read_bytes())
    return queued


told["length"] = f"{say(FREE):.2f} s"
assert say(FREE, v2=False) > 1
texts = [SENTENCE, *OTHERS]
alone = [file for text in texts for file in queue(FREE, [text])]
assert queue(FREE, texts) == alone
assert len(set(alone)) == len(texts)
told["order"] = "three sentences lie in its player's queue one after the other"
for name, address, text, count in (("429", STRICT, SENTENCE, 5), ("broken connection", CUT, SENTENCE * 4, 1)):
    try:
        for _ in range(count):
            heard = say(address, text)
        told[name] = f"{heard:.2f} s, unnoticed"
    except Exception as error:
        told[name] = f"`{type(error).__name__}`"
print(json.dumps(told))
