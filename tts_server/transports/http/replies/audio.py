"""Audio that is there already, as an answer: whole, unchanged since last time, or the part that was asked for."""

import asyncio
import hashlib
import re
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tts_server.audio.encode import FILES, FormatName, encode_whole
from tts_server.transports.http.replies.stored_audio import Kept, StoredAudio

PIECE_BYTES: Final = 64 * 1024
_RANGE: Final = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


async def kept_as(store: StoredAudio, audio_id: str, form: FormatName | None) -> "AudioFile":
    """A kept reply in a format. Raises AudioGone."""
    kept = store.get(audio_id)
    form = form or kept.form
    # Nobody can change what is kept under an id, so the id is as good as the content.
    tag = hashlib.sha256(audio_id.encode()).hexdigest()[:24] + "-" + form
    return AudioFile(form, await _in(store, kept, form), tag)


async def answer_again(store: StoredAudio, kept: Kept, tag: str) -> "AudioFile":
    """The answer to a request that was answered before; tag: of the request."""
    return AudioFile(kept.form, await _in(store, kept, kept.form), tag, **kept.headers)


async def _in(store: StoredAudio, kept: Kept, form: FormatName) -> bytes | memoryview:
    if form == "wav":
        return memoryview(kept.wav)
    if form == "pcm":
        return kept.pcm
    if form not in kept.coded:
        coded = await asyncio.to_thread(encode_whole, form, kept.pcm, kept.sample_rate)
        store.remember(kept, form, coded)
        return coded
    return kept.coded[form]


class AudioFile(Response):
    """Sent in pieces, so that a slow reader costs no memory. Answers If-None-Match and a single Range."""

    def __init__(self, form: FormatName, content: bytes | memoryview, tag: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(media_type=FILES[form].media_type, headers=named)
        self._content = content
        self.headers.update({"etag": f'"{tag}"', "accept-ranges": "bytes"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        part = self._content
        if scope["method"] == "GET" and self.headers["etag"] in asked.get("if-none-match", ""):
            self.status_code, part = 304, b""
        elif scope["method"] == "GET" and (span := self._span(asked)) is not None:
            part = self._part(*span)
        if self.status_code != 304:
            self.headers["content-length"] = str(len(part))
        else:
            del self.headers["content-length"]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(part), PIECE_BYTES):
            piece = bytes(part[start : start + PIECE_BYTES])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # `send` gives way to slow readers only
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _span(self, asked: Headers) -> tuple[int, int] | None:
        """First byte and the one after the last of a Range, perhaps empty; None: the whole is asked for."""
        if asked.get("if-range", self.headers["etag"]) != self.headers["etag"]:
            return None
        found = _RANGE.fullmatch(asked.get("range", "").replace(" ", ""))
        if found is None or not any(found.groups()):
            return None
        size = len(self._content)
        if not found[1]:  # the last so many
            return max(0, size - int(found[2])), size
        return int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)

    def _part(self, start: int, end: int) -> bytes | memoryview:
        size = len(self._content)
        if start >= min(end, size):
            self.status_code = 416
            self.headers["content-range"] = f"bytes */{size}"
            return b""
        self.status_code = 206
        self.headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        return self._content[start:end]
