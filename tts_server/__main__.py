"""`python -m tts_server` and the command `tts-server`."""

import sys

from tts_server.cli import early


def main() -> None:
    """Run a command."""
    early.start(sys.argv[1:])
    from tts_server.cli.app import main as run_command

    run_command()


if __name__ == "__main__":
    main()
