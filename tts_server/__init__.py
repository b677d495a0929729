"""A home's voice: streams speech to Home Assistant, chatbots and voice devices."""

from importlib.metadata import version

__version__ = version("tts-server")
