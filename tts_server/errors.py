"""What we refuse or fail to do. Doors turn these into wire codes (`transports/error_codes.py`).

TTSError
├── BadRequest            the peer asked for something that cannot be read or done
│   ├── TextTooLong
│   │   └── AddressTooLong  a query of more bytes than we read
│   ├── TextBacklog       text comes faster than it is spoken
│   ├── VoiceUnknown
│   ├── EmotionUnknown
│   ├── FormatUnsupported
│   ├── MarkupInvalid     SSML that cannot be read
│   ├── WrongState        a message that does not fit where the conversation stands
│   ├── PhraseUnknown     no phrase of that name is kept here
│   ├── WordUnknown       the house's dictionary has no such word
│   ├── TooMany           more is kept than there is room for
│   └── AudioGone         a stored reply that is no longer kept
├── NotKept               what was to be kept cannot be written
├── Refused               host, origin, address or scope not allowed
│   └── HostRefused       a host name that is none of ours
├── Unauthorized          no token, or none that is good here
├── RateLimited           more than the peer may ask for in a minute
├── EngineError
│   ├── EngineLoading
│   ├── EngineBusy
│   ├── EngineFailed
│   └── EngineTimeout
├── ShuttingDown
├── Preempted             cut off for something more important
├── ConfigInvalid
├── PortUnavailable
└── VoiceDataMissing      a voice's data files are not installed, or damaged
"""


class TTSError(Exception):
    """Something we refuse or fail to do. The message is one sentence a user can act on."""

    retry_after_s = 1.0  # where trying again may help


class BadRequest(TTSError):
    """The peer sent something that cannot be read or done as it stands."""


class TextTooLong(BadRequest):
    """More text than a limit allows."""


class AddressTooLong(TextTooLong):
    """An address with a longer query than we read."""


class TextBacklog(BadRequest):
    """Text arrives faster than it is spoken; try again when some of it has been."""


class VoiceUnknown(BadRequest):
    """No voice of that name here."""


class EmotionUnknown(BadRequest):
    """Not a name of an emotion, in any spelling we know."""


class FormatUnsupported(BadRequest):
    """An audio or text format that we do not offer."""


class MarkupInvalid(BadRequest):
    """SSML that cannot be read. The message tells the line and the column."""


class WrongState(BadRequest):
    """A message that does not fit the state of its context."""


class AudioGone(BadRequest):
    """A stored reply that was never there or is no longer kept."""


class PhraseUnknown(BadRequest):
    """No phrase of that name is kept here."""


class WordUnknown(BadRequest):
    """The house's dictionary has no such word."""


class TooMany(BadRequest):
    """More is kept than there is room for."""


class NotKept(TTSError):
    """What was to be kept cannot be written: the disk is full, or not ours."""


class Refused(TTSError):
    """The peer's address, host name or origin is not allowed in, or its token not for this."""


class HostRefused(Refused):
    """A host name that is none of ours: it may be somebody's page that was made to point here."""

    def __init__(self, host: str) -> None:
        super().__init__(f"the host name {host!r} is not one of ours (server.host_names)")
        self.host = host


class Unauthorized(TTSError):
    """A token is needed, and there is none, or it is not good here."""


class RateLimited(TTSError):
    """The peer has asked for all it may ask for now."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineError(TTSError):
    """The engine side could not speak."""


class EngineLoading(EngineError):
    """The engine host is not ready yet; try again soon."""


class EngineBusy(EngineError):
    """More is being spoken than this box can carry; try again soon."""

    retry_after_s = 5.0  # OpenAI's clients ask three times in all: with one second between, they give up after two


class EngineFailed(EngineError):
    """The engine raised, or its process ended, in the middle of an utterance."""


class EngineTimeout(EngineError):
    """The engine did not answer within the time allowed for a chunk."""


class ShuttingDown(TTSError):
    """The daemon is stopping and takes no new requests."""


class Preempted(TTSError):
    """Speech was cut off for something more important."""


class ConfigInvalid(TTSError):
    """The configuration cannot be used. The message names the key."""


class PortUnavailable(TTSError):
    """A door cannot listen where it was told to. Not a ConfigInvalid: another program may let go of the port."""


class VoiceDataMissing(TTSError):
    """A voice's data files are not installed, or are damaged."""
