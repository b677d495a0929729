"""Is the speech understood? Speaks sentences with `tts-server say` and scores what a recogniser hears.

    make asr                                            20 sentences, neutral and every emotion of the voice
    make asr ARGS="--emotions neutral --show"            only neutral, with what was heard
    make asr ARGS="--sentences mix8 --emotions neutral"  8 sentences with English words
    make asr ARGS="--sentences everyday --emotions neutral"  80 more: one misheard syllable of 20 sentences tells little
    make asr ARGS="--emotions neutral --voice kokoro"    another voice than the default one
    make asr ARGS="--emotions neutral --openai http://localhost:8080 --format mp3"  by a daemon, as OpenAI's clients

per: errors in toneless syllables and Latin words; tones: how many more with their tones; cer: in characters (homophones
count). About 0.015 per is the recogniser's own floor on clean speech, which also writes words where tones were wrong.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from tests.asr import recogniser, spelling

HERE = Path(__file__).parent
EVERYDAY = HERE.parent / "golden" / "everyday.tsv"
SPELLED_OTHERWISE = re.compile("[0-9A-Za-z%℃]")  # by a recogniser than they are written
BARS = {"neutral": 0.03}
BAR_OF_EMOTIONS = 0.08
EMOTIONS = "neutral happy sad angry calm affectionate serious fear surprise"


def main() -> int:
    """Print a line for each emotion; 1 when a bar is not met."""
    options = _arguments()
    model = recogniser.load()
    sentences = _sentences(options.sentences)
    missed = False
    for emotion in options.emotions.split():
        pairs = [(heard_as, _speak_and_hear(model, options, text, emotion)) for text, heard_as in sentences]
        per, cer = _rate(pairs, spelling.syllables), _rate(pairs, spelling.characters)
        bar = BARS.get(emotion, BAR_OF_EMOTIONS)
        tones = round(_rate(pairs, spelling.toned) - per, 4)
        missed |= options.sentences == "zh20" and per > bar
        figures = {"per": per, "tones": tones, "cer": cer, "bar": bar}
        print(json.dumps({"emotion": emotion, "sentences": len(pairs), **figures}))
        if options.show:
            for said, heard in pairs:
                print(f"  {said}\n  {heard}")
    return int(missed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="tts-server", help="the program that speaks")
    parser.add_argument("--sentences", choices=["zh20", "mix8", "everyday"], default="zh20")
    parser.add_argument("--voice", help="another one than the default one")
    parser.add_argument("--emotions", default=EMOTIONS, help="space-separated; NAME or NAME:INTENSITY")
    parser.add_argument("--openai", metavar="URL", help="let a daemon speak there, over OpenAI's route")
    parser.add_argument("--format", default="wav", help="of the audio: wav, mp3, opus, flac, aac")
    parser.add_argument("--show", action="store_true", help="print what was said and heard")
    return parser.parse_args()


def _sentences(name: str) -> list[tuple[str, str]]:
    """(written text, text as heard) of each line of the list."""
    if name == "everyday":
        lines = EVERYDAY.read_text(encoding="utf-8").splitlines()
        texts = [line.split("\t")[0] for line in lines if not line.startswith("#")]
        plain = [text for text in texts if 8 <= len(text) <= 30 and not SPELLED_OTHERWISE.search(text)]
        return [(text, text) for text in plain[:: len(plain) // 80][:80]]
    lines = (HERE / f"sentences_{name}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(text, heard) for _, text, heard in rows]


def _speak_and_hear(model: object, options: argparse.Namespace, text: str, emotion: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        audio = Path(folder) / f"said.{options.format}"
        if options.openai:
            audio.write_bytes(_by_openai(options, text, emotion))
        else:
            voice = ["--voice", options.voice] if options.voice else []
            command = [*options.command.split(), "say", text, "--emotion", emotion, *voice, "-o", str(audio)]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return recogniser.transcribe(model, audio)


def _by_openai(options: argparse.Namespace, text: str, emotion: str) -> bytes:
    """A whole file from `/v1/audio/speech`."""
    fields = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": options.format}
    body = json.dumps({**fields, "instructions": f"Sound {emotion}."}).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer any"}
    wanted = urllib.request.Request(f"{options.openai}/v1/audio/speech", body, headers)
    with urllib.request.urlopen(wanted, timeout=60) as answer:
        audio: bytes = answer.read()
    return audio


def _rate(pairs: list[tuple[str, str]], units: object) -> float:
    assert callable(units)
    wrong = sum(spelling.edits(units(said), units(heard)) for said, heard in pairs)
    return round(wrong / sum(len(units(said)) for said, _ in pairs), 4)


if __name__ == "__main__":
    sys.exit(main())
