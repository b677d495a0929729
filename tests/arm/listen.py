"""What a recogniser makes of WAVs:  python -m tests.arm.listen FOLDER...

Prints, as JSON, how many words (Mandarin: syllables) of each folder's sentences were misheard, and of how many. Runs in
the recogniser's environment.
"""

import json
import re
import sys
from pathlib import Path

from tests.asr import recogniser, spelling

SENTENCES = Path(__file__).parent.parent / "listen/sentences.tsv"


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def main(folders: list[str]) -> None:
    rows = (line.split("\t") for line in SENTENCES.read_text(encoding="utf-8").splitlines() if line[0] != "#")
    texts = {name: text for name, _, text in rows}
    model = recogniser.load()
    found = {}
    for folder in folders:
        wrong, total = 0, 0
        for wav in sorted(Path(folder).glob("*.wav")):
            language, split = ("en", words) if wav.stem[0] == "h" else ("zh", spelling.syllables)
            said = split(texts[wav.stem.partition("-")[0]])
            wrong += spelling.edits(said, split(recogniser.transcribe(model, wav, language)))
            total += len(said)
        found[folder] = [wrong, total]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
