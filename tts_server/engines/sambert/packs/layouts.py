"""Where the files of a published voice are: model folders of either generation, single voice folders, own files.

Generation 2 (ModelScope 1.2 and later): `voices/voices.json`; for each voice `am/` and `voc/`, each with `config.yaml`
and `ckpt/checkpoint_<steps>.pth`. Generation 1: settings in `configuration.json`, weights in `pytorch_model.bin`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tts_server.errors import VoiceDataMissing

MAX_CONFIG_BYTES: Final = 1 << 20
CHECKPOINT: Final = re.compile(r"checkpoint.*_(\d+)\.pth")
# Names that generation 1 gave to the vocoder's settings.
OLD_VOCODER_NAMES: Final = {
    "num_mels": "in_channels",
    "upsample_rates": "upsample_scales",
    "upsample_kernel_sizes": "upsample_kernal_sizes",
    "upsample_initial_channel": "channels",
    "resblock_dilation_sizes": "resblock_dilations",
}
OLD_VOCODER_DEFAULTS: Final = {
    "kernel_size": 7,
    "causal": True,
    "nonlinear_activation_params": {"negative_slope": 0.1},
}

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VoiceFiles:
    """One voice's settings, read, and the files that hold its weights."""

    name: str
    acoustic: Config  # the published parameters
    acoustic_weights: Path
    vocoder: Config
    vocoder_weights: Path
    language: str  # of the symbols: "PinYin"
    speakers: tuple[str, ...]
    sample_rate: int  # Hz
    mvn: Path | None = None  # mean and deviation of f0
    speaker_vector: Path | None = None


@contextmanager
def as_published(what: str) -> Iterator[None]:
    """Settings are read as published ones are built. Raises VoiceDataMissing for what is built in another way."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise VoiceDataMissing(f"{what}: the settings are not built as expected: {str(error)[:200]}") from error


def find_voices(folder: Path) -> list[VoiceFiles]:
    """The voices in a model folder or a single voice's folder, the default one first. Raises VoiceDataMissing."""
    with as_published(folder.name):
        return _found(folder)


def _found(folder: Path) -> list[VoiceFiles]:
    configuration = _read_mapping(folder / "configuration.json", required=False)
    if (folder / "voices" / "voices.json").is_file():
        names = _read_mapping(folder / "voices" / "voices.json").get("voices")
        if not isinstance(names, list) or not names:
            raise VoiceDataMissing(f"{folder / 'voices' / 'voices.json'}: the list of voices is empty")
        folders = [folder / "voices" / _plain_name(name, folder) for name in names]
        # as published: a voice that is listed and not there is passed over
        found = [_voice(there, configuration) for there in folders if there.is_dir()]
        if not found:
            raise VoiceDataMissing(f"{folder / 'voices'}: none of the voices {', '.join(names)[:200]} is there")
        return found
    if (folder / "am").is_dir():
        return [_voice(folder, configuration)]
    if (folder / "voices.zip").is_file():
        raise VoiceDataMissing(f"{folder / 'voices.zip'} must be unpacked first")
    raise VoiceDataMissing(f"{folder} is no voice: expected voices/voices.json, or am/ and voc/")


def own_voice(
    voice_name: str,
    am_ckpt: Path,
    voc_ckpt: Path,
    am_config: Path,
    voc_config: Path,
    *,
    audio_config: Path | None = None,
    se_file: Path | None = None,
    mvn_file: Path | None = None,
) -> VoiceFiles:
    """A voice from files named one by one, with the names that ModelScope's `custom_ckpt` gives them.

    A folder in place of a checkpoint means the one of most steps in it.
    """
    acoustic, vocoder = _read_mapping(am_config), _read_mapping(voc_config)
    linguistic = acoustic.get("linguistic_unit") or {}
    return VoiceFiles(
        name=voice_name,
        acoustic=_part(am_config, acoustic, "Model", "KanTtsSAMBERT", "params"),
        acoustic_weights=_latest(am_ckpt),
        vocoder=_part(voc_config, vocoder, "Model", "Generator", "params"),
        vocoder_weights=_latest(voc_ckpt),
        language=linguistic.get("language", "PinYin"),
        speakers=_names(am_config, linguistic),
        sample_rate=_sample_rate(vocoder, audio_config),
        mvn=mvn_file,
        speaker_vector=se_file,
    )


def _voice(folder: Path, configuration: Config) -> VoiceFiles:
    if (folder / "am" / "pytorch_model.bin").is_file():
        return _old_voice(folder, configuration)
    am, voc, audio = folder / "am", folder / "voc", folder / "audio_config.yaml"
    voice = own_voice(
        folder.name,
        am / "ckpt",
        voc / "ckpt",
        am / "config.yaml",
        voc / "config.yaml",
        audio_config=audio if audio.is_file() else None,
        se_file=am / "se.npy" if (am / "se.npy").is_file() else None,
        mvn_file=am / "mvn.npy" if (am / "mvn.npy").is_file() else None,
    )
    stated = (configuration.get("model") or {}).get("sample_rate")
    if stated is not None and stated != voice.sample_rate:
        raise VoiceDataMissing(f"{folder}: configuration.json says {stated} Hz, the vocoder {voice.sample_rate} Hz")
    return voice


def _old_voice(folder: Path, configuration: Config) -> VoiceFiles:
    """Of generation 1, where all voices share the settings in configuration.json."""
    where = folder.parent.parent / "configuration.json"
    model = configuration.get("model") or {}
    acoustic = _part(where, model, "am", "am")
    given = _part(where, model, "vocoder")
    vocoder = {OLD_VOCODER_NAMES.get(name, name): value for name, value in (given.get("generator") or given).items()}
    return VoiceFiles(
        name=folder.name,
        acoustic=acoustic,
        acoustic_weights=folder / "am" / "pytorch_model.bin",
        vocoder={**OLD_VOCODER_DEFAULTS, **vocoder},
        vocoder_weights=folder / "vocoder" / "pytorch_model.bin",
        language="PinYin",
        speakers=_names(where, model["am"].get("linguistic_unit") or {}),
        sample_rate=int(model.get("sample_rate", 16_000)),
    )


def _sample_rate(vocoder: Config, audio_config: Path | None) -> int:
    """What the settings say, the nearest to the vocoder first."""
    source = vocoder["Model"]["Generator"]["params"].get("nsf_params") or {}
    loss = ((vocoder.get("Loss") or {}).get("mel_loss") or {}).get("params") or {}
    audio = (_read_mapping(audio_config).get("audio_config") or {}) if audio_config else {}
    rates = (source.get("sampling_rate"), loss.get("fs"), audio.get("sampling_rate"), 16_000)
    return int(next(rate for rate in rates if rate))


def _latest(place: Path) -> Path:
    """The checkpoint of most steps in a folder; a file is taken as it is."""
    if not place.is_dir():
        return place
    steps = {path: int(found[1]) for path in place.iterdir() if (found := CHECKPOINT.fullmatch(path.name))}
    if not steps:
        raise VoiceDataMissing(f"{place} has no checkpoint_<steps>.pth")
    return max(steps, key=lambda path: steps[path])


def _read_mapping(path: Path, required: bool = True) -> Config:
    """A YAML or JSON file that holds a mapping."""
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise VoiceDataMissing(f"{path} is larger than {MAX_CONFIG_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
        read = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except FileNotFoundError as error:
        if not required:
            return {}
        raise VoiceDataMissing(f"{path} is missing") from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise VoiceDataMissing(f"{path} cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise VoiceDataMissing(f"{path} holds no settings: expected a mapping")
    return read


def _part(where: Path, settings: Config, *keys: str) -> Config:
    """A table within settings."""
    part = settings
    for index, key in enumerate(keys):
        inner = part.get(key)
        if not isinstance(inner, Mapping):
            raise VoiceDataMissing(f"{where}: expected a table {'.'.join(keys[: index + 1])}")
        part = inner
    return part


def _names(where: Path, linguistic: Any) -> tuple[str, ...]:
    listed = linguistic.get("speaker_list") or "" if isinstance(linguistic, Mapping) else ""
    if not isinstance(listed, str):
        raise VoiceDataMissing(f"{where}: linguistic_unit.speaker_list must be names with commas between")
    return tuple(name.strip() for name in listed.split(",") if name.strip()) or ("F7",)


def _plain_name(name: Any, folder: Path) -> str:
    """A voice's name as it may stand in a path."""
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,64}", name) or name.startswith("."):
        raise VoiceDataMissing(f"{folder / 'voices' / 'voices.json'}: {name!r} is no name of a voice")
    return name
