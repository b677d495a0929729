"""Texts as arguments: one that begins with a minus ("-5度") is a text, and no option."""

import re
import sys
from typing import Any, Final

from typer.core import TyperCommand

from tts_server.errors import BadRequest

# Options are a minus and Latin letters.
_IS_TEXT: Final = re.compile(r"-[^A-Za-z-].*", re.DOTALL)


class TakesText(TyperCommand):
    """A command whose argument is a text."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As ever, with such texts behind a `--`."""
        options_here = [param for param in self.params if param.param_type_name == "option"]
        takes_value = {name for option in options_here if not getattr(option, "is_flag", False) for name in option.opts}
        options: list[str] = []
        texts: list[str] = []
        for index, word in enumerate(args):
            if word == "--":
                options, texts = [*options, *args[index:]], []
                break
            is_value = index > 0 and args[index - 1] in takes_value
            (texts if _IS_TEXT.fullmatch(word) and not is_value else options).append(word)
        return super().parse_args(ctx, [*options, "--", *texts] if texts else args)


def read(text: str) -> str:
    """The text, or that of standard input for "-". Raises BadRequest."""
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"standard input is not text in UTF-8: byte {error.start} cannot be read") from None
