"""Log lines for people and for journald. The only file that configures logging."""

import contextvars
import json
import logging
import os
import sys
from typing import Literal

LogFormat = Literal["auto", "text", "journal", "json"]
request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")

# syslog priorities, which journald reads from a "<n>" before the line
_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request = request_id.get()
        return True


class _Journal(logging.Formatter):
    """No time stamp (journald has one), a priority before each line of the message."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        return prefix + super().format(record).replace("\n", "\n" + prefix)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request": getattr(record, "request", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def configure(level: str, log_format: LogFormat = "auto") -> None:
    """Send all log lines of this process to stderr. `auto` finds out whether journald listens."""
    if log_format == "auto":
        log_format = "journal" if _stderr_is_journal() else "text"
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RequestId())
    handler.setFormatter(_formatter(log_format))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("asyncio", "zeroconf", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))


def _formatter(log_format: LogFormat) -> logging.Formatter:
    if log_format == "json":
        return _Json()
    line = "%(levelname)s %(name)s [%(request)s] %(message)s"
    if log_format == "journal":
        return _Journal("%(name)s [%(request)s] %(message)s")
    return logging.Formatter("%(asctime)s " + line, "%H:%M:%S")


def _stderr_is_journal() -> bool:
    """Whether stderr is the stream that $JOURNAL_STREAM (device:inode) names."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        stat = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(stat.st_dev), str(stat.st_ino))
