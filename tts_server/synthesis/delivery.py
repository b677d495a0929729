"""Who says a context's text, and how: what its options, its client's changes and the cues in the text ask for."""

import logging
from dataclasses import replace
from typing import Any

from protocol.emotions import AUTO, NORMAL_INTENSITY, nearest
from tts_server.engine import Voice
from tts_server.errors import VoiceUnknown
from tts_server.events import SpeechOptions, check_range
from tts_server.markup.mood import NO_MOOD, Mood, MoodFollower
from tts_server.markup.tokens import Cue, EmotionCue
from tts_server.synthesis.speaking_style import SpeakingStyle
from tts_server.text.linguistic.language import own_language
from tts_server.text.linguistic.segment import Before, Language, Segment, Span, Style
from tts_server.text.linguistic.utterance import Prosody
from tts_server.voices import Catalogue, emotion_for, split_name

log = logging.getLogger(__name__)


class Delivery:
    """The voice and the prosody of text from here on; `voice` and `prosody` change as the text goes on."""

    def __init__(
        self, catalogue: Catalogue, options: SpeechOptions, default_emotion: str, style: SpeakingStyle
    ) -> None:
        """Raises VoiceUnknown, EngineLoading, EmotionUnknown (strict)."""
        self._catalogue = catalogue
        self._strict = options.strict
        self._distances = style.distances
        self._night = style.night_now()
        self._moods = MoodFollower()
        self._before: Prosody | None = None  # how the last segment was said
        self._language = (options.language or "").replace("_", "-").split("-")[0].lower()  # asked for
        self._is_named = options.voice is not None or options.language is not None
        self._heard = ""  # the language of the last segment that told of its own
        self.voice = self._own_voice = catalogue.choose(options.voice, options.language)
        # What was asked for outside the text: that is what the end of an element goes back to.
        mood = split_name(options.voice)[1] if options.voice else None
        self._own_emotion = (options.emotion or mood or default_emotion, options.intensity)
        used = self._used(self._own_emotion[0], self._strict)
        pauses = options.pauses.over(style.pauses)
        said = (used, options.intensity, options.speed, options.pitch, options.volume or 0.0)
        self.prosody = Prosody(*said, sentence_pause_ms=pauses.sentence_ms, clause_pause_ms=pauses.clause_ms)

    @property
    def emotion_used(self) -> str:
        """What text from here on gets for `emotion_asked`; neutral stands for AUTO, where each sentence decides."""
        return "neutral" if self.prosody.emotion == AUTO else self.prosody.emotion

    def change(self, voice: Voice | None, emotion: str | None, **controls: float) -> None:
        """A change that the client asks for beside the text. Raises EmotionUnknown (strict), BadRequest."""
        for name, value in controls.items():
            check_range(name, value)
        if voice is not None:
            self.voice = self._own_voice = voice
            self._is_named = True
        used = self._used(emotion or self.emotion_asked, self._strict)
        changed: dict[str, Any] = {"emotion": used, **controls}
        self.prosody = replace(self.prosody, **changed)
        if emotion is not None:
            self._own_emotion = (emotion, self.prosody.intensity)

    def for_one_segment(self, emotion: str, intensity: float) -> Prosody:
        """The prosody of a single segment with another emotion. Raises EmotionUnknown (strict), BadRequest."""
        check_range("intensity", intensity)
        asked, used = emotion_for(self.voice, emotion, self._strict, self._distances)
        return replace(self.prosody, emotion=AUTO if asked == AUTO else used, intensity=intensity)

    def follow(self, cue: Cue) -> Prosody:
        """How to go on after a cue in the text. One that cannot be followed changes nothing."""
        if isinstance(cue, EmotionCue):
            name, intensity = (cue.name, cue.intensity) if cue.name is not None else self._own_emotion
            intensity = NORMAL_INTENSITY if intensity is None else intensity
            self.prosody = replace(self.prosody, emotion=self._used(name), intensity=intensity)
        else:
            self._speak_as(cue.name)
        return self.prosody

    def finished(self, segment: Segment) -> Segment:
        """The segment as it is to be said: in its own mood, if that is asked for, hushed at night, smoothly begun."""
        is_auto = segment.prosody.emotion == AUTO
        mood = self._moods.mood_of(segment.text) if is_auto else NO_MOOD
        spans: list[Span] = []
        for span in segment.spans:
            if isinstance(span, Style):
                spans.append(replace(span, prosody=self._said(span.prosody, mood)))
            else:
                spans.append(span)
        said = replace(segment, spans=tuple(spans)).prosody
        before, self._before = self._before, said
        if before is not None and (before.emotion, before.intensity) != (said.emotion, said.intensity):
            spans.append(Before(before))
        spans += self._language_of(segment.text)
        return replace(segment, spans=tuple(spans))

    def _language_of(self, text: str) -> list[Span]:
        """What a text that does not tell is said in, where that is not the voice's first language.

        With a voice or a language asked for, that decides; else what was said before.
        """
        own = own_language(text)
        if own is not None:
            self._heard = own
            return []
        speaks = self.voice.speaks
        wanted = self._language if self._language in speaks else ""
        if not wanted and (not self._is_named or len(speaks) > 1):
            wanted = self._heard
        return [Language(wanted)] if wanted and wanted != speaks[0] else []

    def _said(self, prosody: Prosody, mood: Mood) -> Prosody:
        """With what the mood, the night and the voice make of an emotion."""
        if prosody.emotion == AUTO:
            prosody = replace(prosody, emotion=mood.emotion, intensity=mood.intensity)
        if self._night is not None:
            prosody = self._night.hushed(prosody)
        return replace(prosody, emotion=nearest(prosody.emotion, self.voice.emotions, self._distances))

    def _used(self, name: str, strict: bool = False) -> str:
        """The emotion of the prosody for one that is asked for, which is noted; AUTO is decided for each segment."""
        self.emotion_asked, used = emotion_for(self.voice, name, strict, self._distances)
        return AUTO if self.emotion_asked == AUTO else used

    def _speak_as(self, name: str | None) -> None:
        try:
            self.voice = self._own_voice if name is None else self._catalogue.choose(name)
        except VoiceUnknown as error:
            log.warning("a voice asked for in the text is not here: %s", error)
        self.prosody = replace(self.prosody, emotion=self._used(self.emotion_asked))
