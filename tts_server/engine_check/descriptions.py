"""Does the engine tell sanely which voices it has?"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from protocol.emotions import EMOTIONS
from tts_server.engine import Voice
from tts_server.engine_check.findings import Finding, Findings, fault, note
from tts_server.engine_check.subject import LANGUAGES, Subject
from tts_server.engine_host import wire

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
LICENCE: Final = re.compile(r"\(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*( (AND|OR|WITH) \(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*)*")
RATES_HZ: Final = (8_000, 48_000)
LEVELS_DBFS: Final = (-45.0, -3.0)


def check_description(subject: Subject) -> Findings:
    """Each field of the voice, as doors and clients rely on it."""
    voice = subject.voice
    yield from _names(subject)
    if not LANGUAGE.fullmatch(voice.language):
        yield fault(f"language {voice.language!r} is no BCP 47 tag such as zh-CN")
    if not subject.language:
        yield fault(f"speaks {voice.speaks!r} has none of {LANGUAGES}: the front end would never let it speak")
    low, high = RATES_HZ
    if type(voice.sample_rate) is not int or not low <= voice.sample_rate <= high:
        yield fault(f"sample_rate {voice.sample_rate!r} is no int between {low} and {high} Hz")
    yield from _emotions(voice)
    yield from _people(voice)
    if not LEVELS_DBFS[0] <= voice.level_dbfs <= LEVELS_DBFS[1]:
        yield fault(f"level_dbfs {voice.level_dbfs} is not between {LEVELS_DBFS[0]} and {LEVELS_DBFS[1]} dBFS")
    try:
        crossed = wire.voice_from_json(json.loads(json.dumps(asdict(voice))))
    except TypeError as error:
        yield fault(f"the description cannot leave the engine host: {error}")
    else:
        if crossed != voice:
            yield fault("the description changes on its way out of the engine host: lists where tuples belong?")


def _names(subject: Subject) -> Iterator[Finding]:
    name = subject.voice.name
    if not NAME.fullmatch(name):
        yield fault(f"name {name!r}: letters, digits, . _ - and at most 64 of them; clients store and type it")
    if sum(other.name == name for other in subject.others) > 1:
        yield fault(f"two voices are called {name!r}")
    if subject.name and subject.voice.engine != subject.name:
        yield fault(f"engine is {subject.voice.engine!r}; the entry point's name is {subject.name!r}")
    if name not in [voice.name for voice in subject.engine.voices]:
        yield fault(f"asked again, the engine has no voice {name!r}")


def _emotions(voice: Voice) -> Iterator[Finding]:
    if voice.emotions[:1] != ("neutral",):
        yield fault(f'emotions {voice.emotions!r}: "neutral" comes first')
    if unknown := sorted(set(voice.emotions) - set(EMOTIONS)):
        yield fault(f"emotions: nobody can ask for {', '.join(unknown)}; canonical names are {', '.join(EMOTIONS)}")
    if len(set(voice.emotions)) != len(voice.emotions):
        yield fault("emotions: a name stands there twice")
    if voice.emotion_strengths and len(voice.emotion_strengths) != len(voice.emotions):
        yield fault(f"emotion_strengths: {len(voice.emotion_strengths)} for {len(voice.emotions)} emotions")
    if wrong := [strength for strength in voice.emotion_strengths if not 0 <= strength <= 1]:
        yield fault(f"emotion_strengths: {wrong!r} are not between 0 and 1")
    if extra := sorted(set(voice.by_signal) - set(voice.emotions) | {"neutral"} & set(voice.by_signal)):
        yield fault(f"by_signal: {', '.join(extra)} can not be made of the signal: not among emotions, or neutral")


def _people(voice: Voice) -> Iterator[Finding]:
    for field in ("description", "attribution", "version"):
        if not str(getattr(voice, field)).strip():
            yield fault(f"{field} is empty")
    if not re.match(r"https?://\S+$", voice.attribution_url):
        yield fault(f"attribution_url {voice.attribution_url!r} is no http address")
    if not LICENCE.fullmatch(voice.licence):
        yield fault(f"licence {voice.licence!r} is no SPDX identifier such as Apache-2.0 or LicenseRef-mine")
    if "-NC" in voice.licence and not voice.notice:
        yield note("a non-commercial licence without a notice: users are told nothing")
    if voice.gender not in ("female", "male", "neutral", ""):
        yield fault(f"gender {voice.gender!r} is none of female, male, neutral and ''")
