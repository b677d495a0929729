"""What the voice's samples are like."""

from typing import Final

SAMPLE_RATE: Final = 24000
LEVEL_DBFS: Final = -24.6  # median of the net's own output over 8 sentences and single words; each is brought to it
