"""What the Wyoming door tells about its voices, and which of them a request means."""

import logging
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from typing import Any, Final

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from protocol.emotions import CHINESE_NAMES, is_known
from protocol.errors import ErrorCode
from protocol.wyoming import ProtocolError, SynthesizeRequest, encode_event
from tts_server.engine import Voice
from tts_server.errors import BadRequest
from tts_server.events import TEXT_FORMATS, SpeechOptions, TextFormat
from tts_server.voices import SEPARATOR, Catalogue, split_name, unknown_emotion

log = logging.getLogger(__name__)

MAX_ENTRIES: Final = 200  # a list that people can still read
PROGRAM: Final = "tts-server"  # Home Assistant's name for the entity, and part of its identity: never change it


class InfoCache:
    """The `info` event as bytes, made again only when the catalogue is another one."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._encoded = b""

    def encoded(self, catalogue: Catalogue) -> bytes:
        """The bytes that answer `describe`. Equal catalogues give equal bytes, in any process."""
        if catalogue is not self._catalogue:
            self._encoded = encode_event(info(catalogue).event())
            self._catalogue = catalogue
        return self._encoded


def info(catalogue: Catalogue) -> Info:
    """The one program of this door with its voices, and each voice once more per emotion."""
    program = TtsProgram(
        name=PROGRAM,
        attribution=Attribution(PROGRAM, ""),
        installed=True,
        description="A home's voice: Mandarin and English, streamed",
        version=version("tts-server"),
        voices=list(islice(_listed(catalogue), MAX_ENTRIES)),
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])


def options_for(request: SynthesizeRequest, catalogue: Catalogue) -> SpeechOptions:
    """How the core is to speak a request. What is not known here is warned of and left to the default.

    The emotion stands in the context, the speaker or the voice's name. Raises ProtocolError for a control out of range.
    """
    name, emotion = _known_voice(request.voice, catalogue)
    for wanted in (request.speaker, request.emotion):
        if wanted is None:
            continue
        if name and (other := catalogue.find(f"{name}-{wanted}")) is not None and other.speaker_of == name:
            name = other.name
        elif not is_known(wanted):
            log.warning("%s; the default is used", unknown_emotion(wanted))
        else:
            emotion = wanted
    controls: dict[str, Any] = dict(request.controls)
    try:
        return SpeechOptions(
            voice=name,
            language=request.language,
            emotion=emotion,
            text_format=_text_format(request.text_format),
            lenient=True,  # Home Assistant would say nothing at all
            **controls,
        )
    except BadRequest as error:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"context: {error}") from error


def _text_format(wanted: str) -> TextFormat:
    """As the core calls it. Wyoming's `text` carries whatever Home Assistant was given, so its markup is looked for."""
    return next((known for known in TEXT_FORMATS if known == wanted.casefold()), "auto")


def _listed(catalogue: Catalogue) -> Iterator[TtsVoice]:
    """Voices in their order. Other speakers of a model are speakers of its voice; where there are too many entries, the
    voices at the end have none for their emotions."""
    voices = [voice for voice in catalogue.voices if not voice.speaker_of or catalogue.find(voice.speaker_of) is None]
    room = MAX_ENTRIES - len(voices)
    for voice in voices:
        prefix = f"{voice.name}-"
        others = [other.name.removeprefix(prefix) for other in catalogue.voices if other.speaker_of == voice.name]
        entries = list(_entries(voice, others))
        yield from entries if len(entries) - 1 <= room else entries[:1]
        room -= len(entries) - 1


def _entries(voice: Voice, others: Sequence[str]) -> Iterator[TtsVoice]:
    # Home Assistant sorts by description and makes the first the default: the bare name sorts before its variants.
    speakers = [TtsVoiceSpeaker(name) for name in (*voice.emotions, *others)]
    yield _entry(voice, voice.name, voice.name, speakers)
    for emotion in voice.emotions:
        if emotion != "neutral":
            label = f"{voice.name} ({emotion} {CHINESE_NAMES.get(emotion, '')}".rstrip()
            label += ", hardly heard)" if emotion in voice.faint_emotions else ")"
            yield _entry(voice, voice.name + SEPARATOR + emotion, label, None)


def _entry(voice: Voice, name: str, label: str, speakers: list[TtsVoiceSpeaker] | None) -> TtsVoice:
    return TtsVoice(
        name=name,
        attribution=Attribution(voice.attribution, voice.attribution_url),
        installed=True,
        description=label,
        version=voice.version,
        languages=[voice.language],
        speakers=speakers,
    )


def _known_voice(name: str | None, catalogue: Catalogue) -> tuple[str | None, str | None]:
    """The voice's own name and the emotion that the name carries; None where the default is to be used."""
    if name is None:
        return None, None
    voice, emotion = split_name(name)
    if emotion and not is_known(emotion):
        log.warning("%s; the default is used", unknown_emotion(emotion))
        emotion = None
    if (found := catalogue.find(voice)) is not None:
        return found.name, emotion
    # Home Assistant keeps the names of voices that are no longer there.
    log.warning("there is no voice %.64r; the default is used", name)
    return None, emotion
