"""Exact pauses between two segments: they stand in place of the pause that a voice makes at the end of a sentence."""

from dataclasses import replace

from tts_server.text.linguistic.segment import Pause, Segment


def taken_from_start(segment: Segment) -> tuple[int, Segment]:
    """How long nothing is to be heard before the segment, in ms, and the segment without that; 0: nothing was asked."""
    leading = [span for span in segment.spans if isinstance(span, Pause) and not span.at]
    ms = sum(pause.ms for pause in leading if not pause.is_added)
    if not ms:
        return 0, segment
    return ms, replace(segment, spans=tuple(span for span in segment.spans if span not in leading))


def put_behind(segment: Segment, ms: int) -> Segment:
    """The segment with a pause of so many ms after its last word."""
    return replace(segment, spans=(*segment.spans, Pause(len(segment.text), ms))) if ms else segment


def behind(segment: Segment) -> int:
    """How long a pause was asked for behind the segment's last word, in ms."""
    return sum(span.ms for span in segment.spans if isinstance(span, Pause) and span.at >= len(segment.text))
