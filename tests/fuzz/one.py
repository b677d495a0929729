"""One target in a process of its own: `python -m tests.fuzz.one NAME RUNS SECONDS FOLDER`; statistics on stderr."""

import logging
import sys
from pathlib import Path

import atheris

DOORS = ("Volcengine's door", "Aliyun", "Xunfei", "PaddleSpeech", "requests of other programs")
HANGS_S = 20


def _untraced(name: str) -> list[str]:
    """What is behind a door has parsers of its own: a door is guided by itself, which doubles its pace."""
    files = Path("tts_server").rglob("*.py") if name in DOORS else ()
    modules = (".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files)
    return [module for module in modules if not module.startswith("tts_server.transports.")]


with atheris.instrument_imports(include=["protocol", "tts_server"], exclude=_untraced(sys.argv[1])):
    from tests.fuzz.targets import TARGETS


def _dictionary(file: Path, words: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        return ()
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words)
    file.write_text("".join(f'"{word}"\n' for word in quoted), encoding="ascii")
    return (f"-dict={file}",)


def main() -> None:
    """Until so many inputs were tried, or so long has passed, or one fails."""
    name, runs, seconds, folder = sys.argv[1:5]
    target = TARGETS[name]
    corpus = Path(folder) / name.replace(" ", "-")
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = (
        *_dictionary(corpus.with_suffix(".words"), target.words),
        *(f"-runs={runs}", f"-max_total_time={seconds}", f"-timeout={HANGS_S}", f"-max_len={target.longest}"),
        *("-print_final_stats=1", "-rss_limit_mb=2048", f"-artifact_prefix={corpus}-"),
    )
    logging.disable()
    for seed in target.seeds:
        target.take(seed)  # what is imported late counts in no input
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
