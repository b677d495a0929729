"""Which voice packs are in a folder, the voices they hold, and what is wrong with the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tts_server.engine import Voice
from tts_server.engines.sambert.packs.pack import Pack, find_packs, read_pack
from tts_server.errors import TTSError, VoiceDataMissing


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of the speakers in a pack, as a voice."""

    pack: Pack
    name: str
    voice: Voice


@dataclass(frozen=True, slots=True)
class Installed:
    """What a folder of packs holds."""

    speakers: Mapping[str, Speaker]  # by the voice's name
    faults: Mapping[str, str]  # packs that cannot be used, by folder name: why


def read_packs(folder: Path) -> Installed:
    """All packs of a folder, those installed first at the head; manifests only are read."""
    packs, faults = [], {}
    for path in find_packs(folder):
        try:
            packs.append(usable_pack(path))
        except TTSError as error:
            faults[path.name] = str(error)
    speakers: dict[str, Speaker] = {}
    for pack in sorted(packs, key=lambda pack: (pack.installed, pack.position, pack.name)):
        for speaker in speakers_of(pack):
            speakers.setdefault(speaker.voice.name, speaker)
    return Installed(speakers, faults)


def usable_pack(path: Path) -> Pack:
    """Read a pack that this version can speak with. Raises VoiceDataMissing."""
    pack = read_pack(path)
    check_units(pack.name, pack.language, using_byte=pack.acoustic.using_byte)
    return pack


def check_units(name: str, language: str, *, using_byte: bool) -> None:
    """Raise VoiceDataMissing when a voice needs units that no front end here makes."""
    if language != "PinYin" or using_byte:
        units = "byte" if using_byte else language
        raise VoiceDataMissing(f"voice {name} speaks {units} units, for which there is no front end")


def speakers_of(pack: Pack) -> list[Speaker]:
    """The speakers in a pack; the first has the pack's own name."""
    # a pack with a speaker's vector has that speaker only, whatever its list says
    names = pack.speakers if pack.acoustic.speakers else pack.speakers[:1]
    called = [pack.name if index == 0 else f"{pack.name}-{name}" for index, name in enumerate(names)]
    return [Speaker(pack, name, _voice(pack, voice)) for name, voice in zip(names, called, strict=True)]


def _voice(pack: Pack, name: str) -> Voice:
    return Voice(
        name=name,
        engine="sambert",
        language="zh-CN",
        speaks=("zh", "en"),
        sample_rate=pack.sample_rate,
        emotions=tuple(pack.emotions),
        description=f"Mandarin with English words, Sambert-HiFiGAN, {pack.sample_rate // 1000} kHz",
        attribution="Alibaba DAMO Academy, Speech Lab (ModelScope)",
        attribution_url="https://github.com/alibaba-damo-academy/KAN-TTS",
        licence=pack.licence,
        version=pack.revision,
        revision=pack.version,
    )
