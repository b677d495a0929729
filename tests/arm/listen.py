"""What a recogniser makes of English WAVs, in words:  python -m tests.arm.listen FOLDER...

Prints, as JSON, how many words of each folder's sentences were misheard, and of how many. Runs in the recogniser's
environment.
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
        for wav in sorted(Path(folder).glob("h*.wav")):
            said = words(texts[wav.stem.partition("-")[0]])
            wrong += spelling.edits(said, words(recogniser.transcribe(model, wav, "en")))
            total += len(said)
        found[folder] = [wrong, total]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
