"""When a frame may be sent, and how many messages a peer may send. Pure: time comes in as an argument."""

from typing import Final

from protocol.fields import Flow

AT_ONCE: Final = float("-inf")
NOT_YET: Final = float("inf")  # an ack must come first


class Pacer:
    """Keeps one context's sending at most `max_lead_ms` ahead of its playing.

    Playing goes by the clock from the first frame on, or by what the client acknowledges. Positions are in samples.
    """

    def __init__(self, flow: Flow, max_lead_ms: int, sample_rate: int) -> None:
        self._flow = flow
        self._lead_s = max_lead_ms / 1000
        self._sample_rate = sample_rate
        self._started_at: float | None = None  # when sample 0 is played
        self._played_s = 0.0

    def due_at(self, position: int) -> float:
        """When the frame that begins at `position` may be sent: a time, AT_ONCE or NOT_YET."""
        position_s = position / self._sample_rate
        if self._flow == "none":
            return AT_ONCE
        if self._flow == "ack":
            return AT_ONCE if position_s - self._played_s <= self._lead_s else NOT_YET
        return AT_ONCE if self._started_at is None else self._started_at + position_s - self._lead_s

    def sent(self, position: int, now: float) -> float:
        """The frame goes out now. Returns for how many seconds a listener by the clock has had nothing to play."""
        if self._flow != "clock":
            return 0.0
        position_s = position / self._sample_rate
        if self._started_at is None:
            self._started_at = now - position_s
        dry_s = max(0.0, now - self._started_at - position_s)
        self._started_at += dry_s  # who has run dry starts to play again with this frame
        return dry_s

    def played(self, position: int) -> None:
        """The client has played up to here."""
        self._played_s = max(self._played_s, position / self._sample_rate)
