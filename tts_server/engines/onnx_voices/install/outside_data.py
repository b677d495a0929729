"""Weights of a graph that lie in other files of its folder, taken into the graph.

Exporters put them there ("external data") once they are large, or when they are told to. A pack has whole graphs only,
so that onnxruntime never looks for another file: what may be taken from where is decided here, and nowhere else.
"""

import stat
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path, PurePosixPath
from typing import Final

from onnx import TensorProto

from tts_server.errors import VoiceDataMissing

BYTES: Final[Mapping[int, int]] = {  # of a number; other types are packed, or are no numbers
    TensorProto.FLOAT: 4,
    TensorProto.DOUBLE: 8,
    TensorProto.FLOAT16: 2,
    TensorProto.BFLOAT16: 2,
    TensorProto.INT8: 1,
    TensorProto.INT16: 2,
    TensorProto.INT32: 4,
    TensorProto.INT64: 8,
    TensorProto.UINT8: 1,
    TensorProto.UINT16: 2,
    TensorProto.UINT32: 4,
    TensorProto.UINT64: 8,
    TensorProto.BOOL: 1,
}
MAX_DIGITS: Final = 18
DEFAULTS: Final = {"location": "", "offset": "0", "length": ""}


def take_in(tensors: Iterable[TensorProto], folder: Path, most_bytes: int) -> None:
    """Fill those tensors that name a file in the folder with what stands there. Raises VoiceDataMissing."""
    left = most_bytes
    for tensor in tensors:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        told = DEFAULTS | {entry.key: entry.value for entry in tensor.external_data}
        size = _size(tensor, told["length"])
        if size > left:
            raise VoiceDataMissing(f"with the weights in other files it has more than {most_bytes >> 20} MiB")
        left -= size
        content = _read(folder, told["location"], _whole(told["offset"], "offset"), size)
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")
        tensor.raw_data = content


def _size(tensor: TensorProto, length: str) -> int:
    """Bytes of a tensor, by its shape; what is told of its length must agree."""
    if tensor.data_type not in BYTES or any(dim < 0 for dim in tensor.dims):
        raise VoiceDataMissing(f"weights {tensor.name[:40]!r} are of a type or shape that cannot lie in another file")
    size: int = prod(tensor.dims) * BYTES[tensor.data_type]
    if length and _whole(length, "length") != size:
        raise VoiceDataMissing(
            f"weights {tensor.name[:40]!r} have {length} bytes in another file; their shape has {size}"
        )
    return size


def _path(folder: Path, location: str) -> Path:
    """The file of that name, when it is a plain file and nothing on the way to it is a link."""
    parts = PurePosixPath(location).parts
    if not parts or parts[0] == "/" or ".." in parts or not location.isprintable():
        raise VoiceDataMissing(f"it has weights in {location[:80]!r}, which is no file of its folder")
    path = folder
    for part in parts:
        path /= part
        if path.is_symlink():
            raise VoiceDataMissing(f"it has weights in {location[:80]!r}, which is a link: put the file itself there")
    return path


def _read(folder: Path, location: str, offset: int, size: int) -> bytes:
    try:
        path = _path(folder, location)
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):  # opening a pipe would wait for somebody who writes
            raise VoiceDataMissing(f"it has weights in {location[:80]!r}, which is no plain file")
        if offset + size > there.st_size:
            end = f"weights up to byte {offset + size}"
            raise VoiceDataMissing(f"it has {end} of {location[:80]!r}, which has {there.st_size} bytes")
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read(size)
    except OSError as error:
        raise VoiceDataMissing(f"its weights in {location[:80]!r} cannot be read: {error.strerror}") from error
    if len(content) != size:
        raise VoiceDataMissing(f"{location[:80]!r} was changed while it was read")
    return content


def _whole(written: str, what: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= MAX_DIGITS):
        raise VoiceDataMissing(f"{what} of weights in another file is {written[:40]!r}; a whole number is expected")
    return int(written)
