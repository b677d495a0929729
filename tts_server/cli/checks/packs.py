"""What the command line asks engines about voice packs: which cannot be used, and what speaks them here."""

from collections.abc import Mapping
from typing import Final

from tts_server.config.settings import Config, voices_folder

BITS: Final = {"fp32": 32, "bf16": 16, "int8": 8}


def unusable_packs(config: Config) -> Mapping[str, str]:
    """Packs that are here and cannot be used, and why."""
    from tts_server.engines.onnx_voices.engine import read_packs as read_onnx_packs
    from tts_server.engines.sambert.packs.installed import read_packs

    folder = voices_folder(config)
    return {**read_packs(folder).faults, **read_onnx_packs(folder)[1]}


def precisions(config: Config) -> Mapping[str, tuple[int, str]]:
    """In how many bits the products of voices are here, and why, by the voice's name."""
    from tts_server.engines.baker.precision import choose
    from tts_server.engines.sambert.engine import SambertEngine

    of_baker = choose(str(config.engines.get("baker", {}).get("precision", "auto")))
    sambert = SambertEngine({**config.engines.get("sambert", {}), "voices_dir": voices_folder(config)})
    chosen = {"baker": of_baker} | {voice.name: sambert.precision(voice.name) for voice in sambert.voices}
    return {name: (BITS[choice.precision], choice.why) for name, choice in chosen.items()}


def compiled_decoder() -> str:
    """What Sambert's compiled decoder uses of this processor, "" where it is not there."""
    from tts_server.engines.sambert.runtime.kernel import native

    return native.name()
