"""Whether the clock of this box tells the time. A Raspberry Pi has none that runs on: it wakes up at the hour it fell
asleep, until the network tells it better.
"""

import time
from pathlib import Path
from typing import Final

_SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")
_HARDWARE_CLOCK: Final = Path("/sys/class/rtc/rtc0")
_STEP_S: Final = 30.0  # somebody who sets the clock moves it further than one who keeps it right
_GIVEN_UP_S: Final = 600.0  # after so long, what could set it has done so; without a network nothing ever will


def _offset_s() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


_OFFSET_AT_START: Final = _offset_s()


def is_clock_set(hardware_clock: Path = _HARDWARE_CLOCK, synchronised: Path = _SYNCHRONISED) -> bool:
    """Whether the time of day can be gone by."""
    if hardware_clock.exists() or synchronised.exists():
        return True
    has_stepped = abs(_offset_s() - _OFFSET_AT_START) > _STEP_S
    return has_stepped or time.clock_gettime(time.CLOCK_BOOTTIME) > _GIVEN_UP_S
