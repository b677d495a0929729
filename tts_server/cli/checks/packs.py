"""What the command line asks engines about voice packs: which cannot be used, and what speaks them here."""

from collections.abc import Mapping

from tts_server.config.settings import Config, voices_folder


def unusable_packs(config: Config) -> Mapping[str, str]:
    """Packs that are here and cannot be used, and why."""
    from tts_server.engines.onnx_voices.engine import read_packs as read_onnx_packs
    from tts_server.engines.sambert.packs.installed import read_packs

    folder = voices_folder(config)
    return {**read_packs(folder).faults, **read_onnx_packs(folder)[1]}


def precision_of_baker(config: Config) -> tuple[int, str]:
    """In how many bits the voice `baker` multiplies here, and why."""
    from tts_server.engines.baker.precision import choose

    choice = choose(str(config.engines.get("baker", {}).get("precision", "auto")))
    return 8 if choice.precision == "int8" else 32, choice.why


def compiled_decoder() -> str:
    """What Sambert's compiled decoder uses of this processor, "" where it is not there."""
    from tts_server.engines.sambert.runtime.kernel import native

    return native.name()
