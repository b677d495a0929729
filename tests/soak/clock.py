"""The time of the home: by default an hour of ours is a day of it. Only the load lives by it, the daemon by its own."""

import asyncio
import random
import time
from typing import Final

DAY_MINUTES: Final = 60.0  # of ours
DAY_S: Final = 86_400.0


class HomeClock:
    """Seconds of the home since its first midnight."""

    def __init__(self, begun_at_s: float, day_minutes: float = DAY_MINUTES) -> None:
        self._begun_at_s = begun_at_s
        self._factor = DAY_S / (60 * day_minutes)
        self._started = time.monotonic()

    @property
    def now_s(self) -> float:
        """Seconds of the home."""
        return self._begun_at_s + self._factor * (time.monotonic() - self._started)

    @property
    def hour(self) -> float:
        """The time of the home's day, 0 to 24."""
        return self.now_s % DAY_S / 3600

    @property
    def is_night(self) -> bool:
        """From ten in the evening to seven in the morning."""
        return not 7 <= self.hour < 22

    async def sleep(self, seconds: float) -> None:
        """Seconds of the home."""
        await asyncio.sleep(seconds / self._factor)

    async def until_next(self, chance: random.Random, a_day: float) -> None:
        """Until the next of so many a day, by chance; in the night a tenth as often."""
        while True:
            await self.sleep(chance.expovariate(a_day / DAY_S))
            if not self.is_night or chance.random() < 0.1:
                return
