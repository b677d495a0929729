"""Who is let in next, and how long the others will have to wait. Pure.

As many streams are let in as the threads can keep playing at the same time. The rest stand in line: by priority, then
those whose listener waits in the middle of a text, then clients in turn, then first come first served.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

UNMEASURED_STAY_S: Final = 3.0  # a short sentence
OWN_LOAD: Final = 0.8  # of a thread, that a stream may take which has it for itself
_LEAST_RTF: Final = 1e-3
_MEMORY: Final = 0.9


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stream that stands in line."""

    stream: int
    client: str
    priority: int
    since: float  # seconds on the caller's clock
    rtf: float  # what it will cost
    is_heard: bool = False  # its listener waits in the middle of a text


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A stream's place in line: 1 is let in next."""

    stream: int
    position: int
    eta_s: float


@dataclass(slots=True)
class ServiceTime:
    """How long streams stay once they are let in; the past fades."""

    mean_s: float = UNMEASURED_STAY_S
    _is_measured: bool = False

    def learn(self, service_s: float) -> None:
        """One has left."""
        self.mean_s = _MEMORY * self.mean_s + (1 - _MEMORY) * service_s if self._is_measured else service_s
        self._is_measured = True


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """Those who wait to be let in, and what is going on inside."""

    waiting: Mapping[int, Waiting]
    clients: Sequence[str]  # of the streams inside, one each
    load: float  # of the streams inside, in threads
    admitted_at: Sequence[float]  # when each of them was let in
    slots: int
    usable_load: float
    service_s: float

    def first(self, asking: Iterable[int]) -> int | None:
        """Who of these is let in now: the first in line, if there is room."""
        order = self._order({stream: self.waiting[stream] for stream in asking})
        return order[0].stream if order and self._fits(order[0], len(self.clients), self.load) else None

    def places(self, streams: Iterable[int], now: float) -> list[QueuePosition]:
        """The places of those for whom there is no room, in order."""
        order = self._order({stream: self.waiting[stream] for stream in streams})
        inside, load = len(self.clients), self.load
        while order and self._fits(order[0], inside, load):
            inside, load = inside + 1, load + order.pop(0).rtf
        leaving_s = sorted(max(0.0, at + self.service_s - now) for at in self.admitted_at) or [0.0]

        def eta_s(number: int) -> float:
            rounds, which = divmod(number, len(leaving_s))
            return leaving_s[which] + self.service_s * rounds

        return [QueuePosition(each.stream, number + 1, eta_s(number)) for number, each in enumerate(order)]

    def _fits(self, newcomer: Waiting, inside: int, load: float) -> bool:
        return _fits(newcomer.rtf, inside, load, self.slots, self.usable_load)

    def _order(self, waiting: Mapping[int, Waiting]) -> list[Waiting]:
        """By priority, who is heard already, how many streams its client has inside and ahead of it, and time."""
        have: defaultdict[tuple[int, str], int] = defaultdict(int)
        inside = Counter(self.clients)
        keys: dict[int, tuple[int, bool, int, float]] = {}
        for each in sorted(waiting.values(), key=lambda each: each.since):
            ahead = have[each.priority, each.client]
            have[each.priority, each.client] += 1
            keys[each.stream] = (-each.priority, not each.is_heard, inside[each.client] + ahead, each.since)
        return sorted(waiting.values(), key=lambda each: keys[each.stream])


def capacity(rtf: float, slots: int, usable_load: float) -> int:
    """How many streams of this cost are let in together."""
    rtf = max(rtf, _LEAST_RTF)
    return next(inside for inside in count() if not _fits(rtf, inside, inside * rtf, slots, usable_load))


def _fits(newcomer_rtf: float, inside: int, load: float, slots: int, usable_load: float) -> bool:
    """Whether one more is let in. One always is, however slow it is; others only if none of them will stutter."""
    return not inside or load + newcomer_rtf <= usable_load or (inside < slots and newcomer_rtf <= OWN_LOAD)
