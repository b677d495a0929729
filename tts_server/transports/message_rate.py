"""How fast messages of one connection may come. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class RateLimit:
    """A bucket of `burst` tokens that fills with `per_s` tokens a second."""

    per_s: float
    burst: int
    _used: float = 0.0
    _at: float = 0.0

    def take(self, now: float) -> bool:
        """Take a token. Says whether there was one."""
        self._used = max(0.0, self._used - (now - self._at) * self.per_s)
        self._at = now
        if self._used + 1 > self.burst:
            return False
        self._used += 1
        return True

    def wait_s(self, now: float) -> float:
        """Take a token that may not be there yet: how long to wait for it."""
        self._used = max(0.0, self._used - (now - self._at) * self.per_s) + 1
        self._at = now
        return max(0.0, self._used - self.burst) / self.per_s
