"""A pack's own check: does it say here what the published nets said where it was built?"""

from typing import Final

import numpy as np

from tts_server.engines.sambert.packs.pack import Pack, check_hashes, read_arrays
from tts_server.engines.sambert.runtime.graphs import Nets, UnitInputs
from tts_server.engines.sambert.runtime.source import given_source
from tts_server.engines.sambert.runtime.stream import Stream
from tts_server.errors import VoiceDataMissing

# Against gross faults of a processor or a library. Where a postnet amplifies, two float32 runs of the published nets
# are 2e-4 apart already; a voice must not be refused for that.
TOLERANCE: Final = 1e-3
CHUNK_FRAMES: Final = 7


def check_pack(pack: Pack) -> dict[str, float]:
    """The largest difference of each stage. Raises VoiceDataMissing when one is too large, or a file has changed."""
    check_hashes(pack)
    nets, case = Nets(pack), read_arrays(pack, "check.npz")
    lines = nets.fill(UnitInputs(case["units"], nets.speakers[case["speakers"]], nets.emotions[case["emotions"]]))
    inflected, log_durations = nets.predict_durations(lines, nets.encode(lines))
    score = nets.compose(lines, inflected, case["repeats"].astype(np.float32))
    mel = Stream(nets, score).next_mel(score.frames)
    hop = pack.vocoder.hop_length
    source = given_source(case["phase"], case["noise"], pack.sample_rate, hop) if "phase" in case else None
    stream, parts = Stream(nets, score, source), []
    while not stream.is_done:
        parts.append(stream.next(CHUNK_FRAMES))
    made = {"log_durations": log_durations, "mel": mel, "samples": np.concatenate(parts)}
    differences = {name: float(np.abs(array - case[name]).max(initial=0)) for name, array in made.items()}
    for name, difference in differences.items():
        if not difference <= TOLERANCE:
            raise VoiceDataMissing(
                f"voice pack {pack.name}: {name} differ by {difference:.1e} from the published nets'"
            )
    return differences
