"""What a listener need not care for, where its protocol has no word for it."""

from tts_server.engine import Samples
from tts_server.errors import TTSError


class QuietListener:
    """A Listener that is told of everything and does nothing."""

    async def sentence(self, text: str) -> None:
        """See Listener."""

    async def audio(self, samples: Samples) -> None:
        """See Listener."""

    async def sentence_ended(self) -> None:
        """See Listener."""

    async def ended(self, error: TTSError | None, is_stopped: bool) -> None:
        """See Listener."""
