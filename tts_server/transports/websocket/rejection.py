"""A message that is not done, and what an `error` tells about it."""

from protocol.errors import ErrorCode


class Rejected(Exception):
    """The message is answered with an error; nothing else happens."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        param: str | None = None,
        received: int | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.received = received
        self.retry_after_ms = retry_after_ms
