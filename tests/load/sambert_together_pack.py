"""Makes a voice pack of full size and random weights:  python -m tests.load.sambert_together_pack FOLDER"""

import sys
from pathlib import Path

from tests.bench.sambert import random_voice
from tts_server.engines.sambert.export.export import build_pack

if __name__ == "__main__":
    build_pack(random_voice(), Path(sys.argv[1], "random"))
