"""Installs voice packs: of a model on the hub, of a folder or an archive that is here. Removes and checks them.

Packs are made in a hidden folder beside the others and moved into place when all of them passed their own check: a
voice is there whole, or not at all. Who copies a finished pack needs neither torch nor the hub.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.installing.folder import put_in_place, working_folder
from tts_server.engines.installing.progress import Progress
from tts_server.engines.sambert.export.selfcheck import check_pack
from tts_server.engines.sambert.packs import hub
from tts_server.engines.sambert.packs.folder import find_pack
from tts_server.engines.sambert.packs.installed import check_units, speakers_of, usable_pack
from tts_server.engines.sambert.packs.model_source import open_source, read_licence
from tts_server.engines.sambert.packs.pack import MANIFEST, Pack, find_packs, read_pack, sha256
from tts_server.errors import VoiceDataMissing, VoiceUnknown

HUB: Final = "modelscope:"
NAME: Final = re.compile(r"\w[\w.-]{0,63}")
RESERVED: Final = ("baker", "heart", "default")  # embedded voices, and what stands for a voice in the configuration
MAX_PACK_BYTES: Final = 2 << 30


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from."""

    source: str  # "modelscope:damo/..." or the name of what was given
    revision: str
    licence: str


def install(
    source: str,
    folder: Path,
    hub_folders: hub.Folders,
    progress: Progress,
    *,
    offline: bool = False,
    only: Sequence[str] = (),
) -> list[Pack]:
    """Install the voices of a source, or of them `only` those named. Returns the packs, the default one first.

    source: "modelscope:OWNER/NAME[@REVISION]", a folder, or a zip archive. Raises VoiceDataMissing, VoiceUnknown, and
    ValueError for a source that is none.
    """
    model = hub.Model.of(source.removeprefix(HUB)) if source.startswith(HUB) else None
    if model is None and not Path(source).exists():
        raise ValueError(f"there is no {source[:200]}; expected a folder, a zip archive or {HUB}OWNER/NAME[@REVISION]")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported: the box may be speaking meanwhile
    with working_folder(folder) as working:
        try:
            content, origin = _content(source, model, working, hub_folders, progress, offline=offline)
            made = working / "packs"
            made.mkdir()
            if finished := _finished_packs(content):
                _copy_packs(_chosen(finished, only), made, progress)
            else:
                _make_packs(content, origin, made, only, progress)
            packs = sorted((usable_pack(path) for path in find_packs(made)), key=lambda pack: pack.position)
        except VoiceDataMissing as error:  # without the names of folders that are gone by the time it is read
            raise VoiceDataMissing(re.sub(rf"{re.escape(str(working))}/(?:unpacked/)?", "", str(error))) from error
        put_in_place(packs, folder, working)
        return [read_pack(folder / pack.name) for pack in packs]


def _content(
    source: str,
    model: hub.Model | None,
    working: Path,
    hub_folders: hub.Folders,
    progress: Progress,
    *,
    offline: bool,
) -> tuple[Path, Origin]:
    """The folder to install from, fetched or unpacked where necessary."""
    if model is None:
        content = open_source(Path(source), working)
        return content, Origin(Path(source).resolve().name, "local", read_licence(content))
    hub.require_extra()
    content = open_source(hub.fetch(model, hub_folders, progress, offline=offline), working)
    return content, Origin(f"{HUB}{model.name}", model.revision, read_licence(content))


def remove(name: str, folder: Path) -> list[str]:
    """Remove the pack of a voice. Returns the voices that are gone. Raises VoiceUnknown, VoiceDataMissing."""
    pack = find_pack(name, folder)
    gone = [speaker.voice.name for speaker in speakers_of(read_pack(pack))] if _is_readable(pack) else [pack.name]
    with working_folder(folder) as working:
        try:
            pack.rename(working / "removed")  # gone at once; what is left is deleted with the working folder
        except OSError as error:
            raise VoiceDataMissing(f"{pack} cannot be removed: {error.strerror}") from error
    return gone


def verify(name: str, folder: Path) -> dict[str, float]:
    """The largest difference of each stage of a pack's own check. Raises VoiceUnknown, VoiceDataMissing."""
    return check_pack(usable_pack(find_pack(name, folder)))


def _is_readable(pack: Path) -> bool:
    try:
        read_pack(pack)
    except VoiceDataMissing:
        return False
    return True


def _finished_packs(content: Path) -> list[Path]:
    return [content] if (content / MANIFEST).is_file() else find_packs(content)


def _chosen(packs: Sequence[Path], only: Sequence[str]) -> list[Path]:
    names = [read_pack(path).name for path in packs]
    _check_only(only, names)
    return [path for path, name in zip(packs, names, strict=True) if not only or name in only]


def _check_only(only: Sequence[str], names: Sequence[str]) -> None:
    if missing := [name for name in only if name not in names]:
        raise VoiceUnknown(f"there is no voice {missing[0][:64]!r} in this model; it has {', '.join(names)}")


def _copy_packs(packs: Sequence[Path], made: Path, progress: Progress) -> None:
    """Packs made elsewhere: copied, and checked here."""
    for path in packs:
        pack = read_pack(path)
        progress.step(f"checking {pack.name}")
        size = sum((path / name).stat().st_size for name in pack.sha256)
        if size > MAX_PACK_BYTES:
            raise VoiceDataMissing(f"{path} has {size >> 20} MiB; a voice pack has at most {MAX_PACK_BYTES >> 20}")
        check_room(made, size, f"copying {pack.name}")
        target = made / _free_name(pack.name, made)
        target.mkdir()
        for name in (*pack.sha256, MANIFEST):
            shutil.copyfile(path / name, target / name)
        check_pack(usable_pack(target))
        _note(target, installed=_now())


def _make_packs(content: Path, origin: Origin, made: Path, only: Sequence[str], progress: Progress) -> None:
    """Packs of published checkpoints."""
    hub.require_extra("onnx", "pyyaml", "torch")
    from tts_server.engines.sambert.export.export import build_pack
    from tts_server.engines.sambert.export.precisions import add_precisions
    from tts_server.engines.sambert.nets.checkpoint import load_voice
    from tts_server.engines.sambert.packs.layouts import find_voices

    found = find_voices(content)
    _check_only(only, [files.name for files in found])
    for position, files in enumerate(found):
        if only and files.name not in only:
            continue
        check_units(files.name, files.language, using_byte=bool(files.acoustic.get("using_byte")))
        progress.step(f"making a voice pack of {files.name}")
        weights = (files.acoustic_weights, files.vocoder_weights)
        check_room(made, sum(path.stat().st_size for path in weights), f"making a pack of {files.name}")
        target = made / _free_name(files.name, made)
        voice = load_voice(files)
        build_pack(voice, target, source=origin.source, revision=origin.revision, licence=origin.licence)
        progress.step(f"finding out in how few bits {files.name} is the same voice")
        for line in add_precisions(read_pack(target)):
            progress.note(line)
        read = {str(path.relative_to(content)): sha256(path) for path in weights}
        _note(target, installed=_now(), position=position, checkpoints=read)


def _note(pack: Path, **facts: Any) -> None:
    """Add to a pack's manifest what its maker cannot know."""
    path = pack / MANIFEST
    manifest: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, **facts}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _free_name(name: str, made: Path) -> str:
    """The name, when a folder may have it and no other voice here does. Raises VoiceDataMissing."""
    if not NAME.fullmatch(name) or name in RESERVED:
        raise VoiceDataMissing(f"{name[:80]!r} cannot be the name of an installed voice: rename its folder")
    if (made / name).exists():
        raise VoiceDataMissing(f"the voice {name} is there twice")
    return name
