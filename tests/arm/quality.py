"""How good WAVs sound to DistillMOS:  python -m tests.arm.quality FOLDER...

Prints, as JSON, the mean of each folder. Runs in the environment of requirements/emotion.txt.
"""

import json
import statistics
import sys
from pathlib import Path

from tests.emotion.measure import load_quality


def main(folders: list[str]) -> None:
    quality = load_quality()
    heard = {folder: statistics.mean(quality(wav) for wav in sorted(Path(folder).glob("*.wav"))) for folder in folders}
    print(json.dumps(heard))


if __name__ == "__main__":
    main(sys.argv[1:])
