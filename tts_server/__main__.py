"""`python -m tts_server` and the command `tts-server`."""

from tts_server.cli.app import main

if __name__ == "__main__":
    main()
