"""Nets by pack: made once, shared by the voices of a pack, let go with the last of them."""

import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Generic, TypeVar

Key = tuple[Path, str]  # folder and version of a pack
Nets = TypeVar("Nets")


class LoadedPacks(Generic[Nets]):
    """Safe to use from several threads."""

    def __init__(self, let_go: Callable[[], object] = lambda: None) -> None:
        """let_go: called when nets were let go."""
        self._nets: dict[Key, Nets] = {}
        self._users: dict[Key, set[str]] = {}  # voices that were loaded and not unloaded since
        self._loading = threading.Lock()
        self._after = let_go

    def get(self, key: Key, voice: str, make: Callable[[], Nets]) -> Nets:
        """The nets of a pack for one of its voices, made where they are not there."""
        with self._loading:
            if key not in self._nets:
                self._nets[key] = make()
            self._users.setdefault(key, set()).add(voice)
            return self._nets[key]

    def unload(self, voice: str) -> None:
        """Let go of the nets, once no other voice of the same pack is loaded."""
        with self._loading:
            for key, users in tuple(self._users.items()):
                users.discard(voice)
                if not users:
                    self._let_go(key)

    def keep(self, keys: Collection[Key]) -> None:
        """Let go of the nets of all other packs: they are gone, or were replaced."""
        with self._loading:
            for key in set(self._nets) - set(keys):
                self._let_go(key)

    def _let_go(self, key: Key) -> None:
        self._nets.pop(key, None)
        self._users.pop(key, None)
        self._after()
