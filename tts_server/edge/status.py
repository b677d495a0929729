"""The one line that `systemctl status` shows, in English and in Chinese."""

from enum import StrEnum
from typing import Final, Literal

from tts_server.edge.notify import Notifier

Language = Literal["en", "zh"]

_PROBLEM_CHARS: Final = 300


class State(StrEnum):
    """What the daemon is doing, as its owner sees it."""

    LOADING = "loading"
    READY = "ready"
    SPEAKING = "speaking"
    RECOVERING = "recovering"
    SILENT = "silent"
    RELOADING = "reloading"
    STOPPING = "stopping"
    MISTAKE = "mistake"


_LINES: Final[dict[State, dict[Language, str]]] = {
    State.LOADING: {"en": "Loading the voices", "zh": "正在加载音色"},
    State.READY: {"en": "Ready, {voices}", "zh": "就绪，{voices} 个音色"},
    State.SPEAKING: {"en": "Speaking {texts}, {voices}", "zh": "正在说 {texts} 段文本，{voices} 个音色"},
    State.RECOVERING: {"en": "The engines are starting again", "zh": "语音引擎正在重新启动"},
    State.SILENT: {"en": "No voice can speak; see the journal", "zh": "没有可用的音色，请查看日志"},
    State.RELOADING: {"en": "Reading the configuration again", "zh": "正在重新读取配置"},
    State.MISTAKE: {"en": "The configuration has a mistake: {problem}", "zh": "配置有误：{problem}"},
    State.STOPPING: {"en": "Stopping after {texts}", "zh": "正在停止，还有 {texts} 段文本未说完"},
}


class StatusLine:
    """Tells systemd the state."""

    def __init__(self, notifier: Notifier, language: Language) -> None:
        self._notifier = notifier
        self.language: Language = language

    def show(self, state: State, voices: int = 0, texts: int = 0, problem: str = "") -> None:
        """Show a state; nothing is sent while it stays the same."""
        self._notifier.status(status_line(state, self.language, voices, texts, problem))


def status_line(state: State, language: Language, voices: int = 0, texts: int = 0, problem: str = "") -> str:
    """The line for a state. One line, and short enough to be read in one."""
    told = " ".join(problem.split())[:_PROBLEM_CHARS]
    counted = {name: _counted(count, name, language) for name, count in (("voice", voices), ("text", texts))}
    return _LINES[state][language].format(voices=counted["voice"], texts=counted["text"], problem=told)


def _counted(count: int, noun: str, language: Language) -> str:
    return f"{count} {noun}{'s' * (count != 1)}" if language == "en" else str(count)
