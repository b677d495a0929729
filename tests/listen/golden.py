"""Writes the acoustic figures that `test_golden.py` holds the voices to:  python -m tests.listen.golden"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from tests.listen.acoustics import Figures, figures
from tests.listen.speak import say
from tts_server.engine import Engine
from tts_server.engines.baker.engine import BakerEngine
from tts_server.engines.heart.engine import HeartEngine

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "acoustics.json"
SAID: Final = (
    *(("baker", "neutral", text) for text in ("晚饭好了。", "你明天上班。", "你明天上班？", "你明天上班吗？")),
    *(("baker", "neutral", text) for text in ("你明天上班！", "你明天上班……", "室外只有七度，记得带外套。")),
    *(("baker", emotion, "门没有关好，请检查一下。") for emotion in ("happy", "sad", "angry", "calm")),
    ("heart", "neutral", "It is raining outside, and the cars are moving slowly."),
    ("heart", "happy", "Dinner is ready in five minutes!"),
)


def measured() -> dict[str, Figures]:
    """The figures of each recording, by what is said and how."""
    engines: dict[str, Engine] = {"baker": BakerEngine({}), "heart": HeartEngine({})}
    found = {}
    for name, emotion, text in SAID:
        (voice,) = engines[name].voices
        samples = say(engines[name], text, emotion).astype(np.float64)
        found[f"{name} {emotion} {text}"] = figures(samples, voice.sample_rate)
    return found


if __name__ == "__main__":
    told = {name: {key: round(value, 3) for key, value in asdict(has).items()} for name, has in measured().items()}
    GOLDEN.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
