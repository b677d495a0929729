"""Measuring: what `tts-server bench` shows. Imported by the command line only."""
