#!/usr/bin/env bash
# Seen: of a Wyoming SynthesizeVoice the library sends either name and speaker, or the language alone: the rest is gone without a word.
# Whom: clients that ask for "the Chinese one, speaker happy", or for a voice with several languages; servers see none of it.
# Why:  SynthesizeVoice.to_dict and from_dict choose one of two shapes; the fields are in the class, though.
# Way out: build the event's data by hand, and as a server read event.data["voice"] instead of Synthesize.from_event.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet wyoming==1.10.2 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeVoice

print("wyoming", version("wyoming"))
asked = {"language": "zh-CN", "speaker": "happy"}
sent = Synthesize("你好", voice=SynthesizeVoice(**asked)).event().data["voice"]
print("client asks for", asked, "  on the wire:", sent)
named = {"name": "baker", "language": "zh-CN"}
sent_named = Synthesize("你好", voice=SynthesizeVoice(**named)).event().data["voice"]
print("client asks for", named, "  on the wire:", sent_named)
read = Synthesize.from_event(Event("synthesize", {"text": "你好", "voice": asked})).voice
print("on the wire:", asked, "  server reads", read)
lost = sent == {"language": "zh-CN"} and sent_named == {"name": "baker"} and read.speaker is None
if not lost:
    sys.exit("changed: speaker and language now travel together")
PYTHON
