"""What a command is doing, on stderr: with a bar on a terminal, in lines elsewhere."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Bytes(DownloadColumn):
    """Bytes so far and in all, once it is bytes that are counted."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total else Text()


class ProgressBar:
    """Tells on stderr what is being done: with a bar on a terminal, in lines elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), _Bytes(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console, transient=True)
        self._task: TaskID | None = None

    def __enter__(self) -> "ProgressBar":
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._bar.stop()

    def step(self, what: str) -> None:
        """Something else is being done now."""
        if not self._console.is_terminal:
            self._console.print(what, markup=False, highlight=False, soft_wrap=True)
            return
        if self._task is not None:
            self._bar.refresh()  # the end of a quick step is seen too
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=None)

    def note(self, what: str) -> None:
        """Something to know about what is being done, which goes on."""
        self._console.print(what, markup=False, highlight=False, soft_wrap=True)

    def fetched(self, count: int, total: int) -> None:
        """So many more bytes of so many have arrived."""
        if self._task is not None:
            self._bar.update(self._task, advance=count, total=total)
