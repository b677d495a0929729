"""Checkpoints and settings of published Sambert voices, which are somebody's downloads. Imports torch when asked to.

What is fuzzed of a checkpoint is its pickle: the archive around it is made right, else nothing behind it is reached.
"""

import io
import struct
import zipfile
from contextlib import suppress
from typing import Final

from tests.fuzz.target import FOLDER, Target, file_of, keys_in
from tts_server.engines.sambert.packs import layouts, shape
from tts_server.errors import TTSError

SEPARATOR: Final = b"\n---\n"  # between settings
_ACOUSTIC: Final = {"SE": False, "NSF": False}


def _archive(pickle: bytes) -> bytes:
    """As torch.save makes it, with one storage of 16 numbers."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        for name, content in (
            ("data.pkl", pickle),
            ("byteorder", b"little"),
            ("data/0", struct.pack("<16f", *range(16))),
            ("version", b"3\n"),
        ):
            opened.writestr(f"a/{name}", content)
    return out.getvalue()


def checkpoints(data: bytes) -> None:
    from tts_server.engines.sambert.nets import checkpoint

    if not checkpoint.__dict__.get("is_traced"):
        _trace_unpickler()
        checkpoint.__dict__["is_traced"] = True
    content = _archive(data[1:]) if data[:1] != b"0" else data[1:]
    with file_of(content, "checkpoint_1.pth") as path:
        files = layouts.VoiceFiles("a", _ACOUSTIC, path, {}, path, "PinYin", ("a",), 16_000)
        with suppress(TTSError):
            checkpoint.load_voice(files)
        with suppress(TTSError):
            checkpoint._folded(checkpoint._renamed(checkpoint._state(path, ("model", "generator"))), path)


def _trace_unpickler() -> None:
    """Guided by which opcodes are reached, where atheris is."""
    import torch
    from torch import _weights_only_unpickler as unpickler

    torch.set_num_threads(1)
    with suppress(ImportError):
        import atheris

        unpickler.Unpickler.load = atheris.instrument_func(unpickler.Unpickler.load)


def settings(data: bytes) -> None:
    """Of both nets, and of what lies beside them."""
    import torch

    from tts_server.engines.sambert.nets import checkpoint

    tables = dict.fromkeys(_TABLES, torch.empty(256, 8))
    parts = data.split(SEPARATOR)
    folder = FOLDER / "a"
    for number, name in enumerate(_FILES):
        content = parts[number] if number < len(parts) else b""
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with suppress(TTSError):
        for files in layouts.find_voices(folder):
            checkpoint._shapes(files, tables)


_FILES: Final = ("am/config.yaml", "voc/config.yaml", "audio_config.yaml", "configuration.json")
_PICKLE: Final = (
    b"1\x80\x02}q\x00(X\x05\x00\x00\x00modelq\x01}q\x02(X\x05\x00\x00\x00fsnetq\x03}q\x04X\x0a\x00\x00\x00a.weight_gq\x05"
    b"ctorch._utils\n_rebuild_tensor_v2\nq\x06((X\x07\x00\x00\x00storageq\x07ctorch\nFloatStorage\nq\x08"
    b"X\x01\x00\x00\x000q\x09X\x03\x00\x00\x00cpuq\x0aK\x10tq\x0bQK\x00K\x02K\x01K\x01\x87q\x0cK\x01K\x01K\x01\x87q\x0d"
    b"\x89ccollections\nOrderedDict\nq\x0e)Rq\x0ftq\x10Rq\x11su."
)
_SETTINGS: Final = SEPARATOR.join(
    (
        b'{"Model":{"KanTtsSAMBERT":{"params":{"NSF":true,"SE":true,"nsf_norm_type":"global"}}},'
        b'"linguistic_unit":{"language":"PinYin","speaker_list":"a,b"}}',
        b'{"Model":{"Generator":{"params":{"nsf_params":{"sampling_rate":16000,"nb_harmonics":7},"bias":true}}},'
        b'"Loss":{"mel_loss":{"params":{"fs":16000}}}}',
        b"audio_config: {sampling_rate: 16000}",
        b'{"model":{"sample_rate":16000}}',
    )
)
_TABLES: Final = (
    *(f"text_encoder.{name}.weight" for name in ("sy_emb", "tone_emb", "syllable_flag_emb", "ws_emb")),
    *("text_encoder.byte_index_emb.weight", "emo_tokenizer.weight", "spk_tokenizer.weight"),
)
TARGETS: Final = {
    "Sambert checkpoints": Target(checkpoints, (_PICKLE,), 600, ("ctorch\n", "_rebuild_parameter\n", "weight_v")),
    "Sambert settings": Target(settings, (_SETTINGS,), 600, (*keys_in(layouts, shape), "null", "[]", "{}", "1e999")),
}
