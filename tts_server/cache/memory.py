"""What was spoken last, at hand."""

import time
from collections import OrderedDict

from tts_server.cache.recording import Recording


class Memory:
    """Recordings in memory, bounded in bytes and age; the longest unused goes first."""

    def __init__(self, max_bytes: int, max_age_s: float) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._recordings: OrderedDict[str, Recording] = OrderedDict()
        self.size = 0

    def get(self, key: str) -> Recording | None:
        if (recording := self._recordings.get(key)) is None:
            return None
        if time.time() - recording.made_at > self._max_age_s:
            self._drop(key)
            return None
        self._recordings.move_to_end(key)
        return recording

    def put(self, key: str, recording: Recording) -> None:
        self._drop(key)
        self._recordings[key] = recording
        self.size += recording.size
        while self.size > self._max_bytes:
            self._drop(next(iter(self._recordings)))

    def _drop(self, key: str) -> None:
        if (recording := self._recordings.pop(key, None)) is not None:
            self.size -= recording.size
