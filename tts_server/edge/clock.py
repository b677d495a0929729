"""Whether the clock of this box tells the time. A Raspberry Pi has none that runs on: it wakes up at the hour it fell
asleep, until the network tells it better.
"""

import time
from pathlib import Path
from typing import Final

_SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")
_HARDWARE_CLOCK: Final = Path("/sys/class/rtc/rtc0")
_ALIKE_S: Final = 86400.0  # a hardware clock may keep local time; one that lost its battery is years behind
_STEP_S: Final = 30.0  # somebody who sets the clock moves it further than one who keeps it right
_GIVEN_UP_S: Final = 600.0  # after so long, what could set it has done so; without a network nothing ever will


def _offset_s() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


_OFFSET_AT_START: Final = _offset_s()


def is_clock_set(hardware_clock: Path = _HARDWARE_CLOCK, synchronised: Path = _SYNCHRONISED) -> bool:
    """Whether the time of day can be gone by."""
    if synchronised.exists() or _tells_the_day(hardware_clock):
        return True
    has_stepped = abs(_offset_s() - _OFFSET_AT_START) > _STEP_S
    return has_stepped or time.clock_gettime(time.CLOCK_BOOTTIME) > _GIVEN_UP_S


def _tells_the_day(hardware_clock: Path) -> bool:
    """Whether it agrees with the system. That of a Raspberry Pi 5 starts at 1970 when it has no battery."""
    try:
        told_s = int((hardware_clock / "since_epoch").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    return abs(told_s - time.time()) < _ALIKE_S
