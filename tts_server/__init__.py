"""A home's voice: streams speech to Home Assistant, chatbots and voice devices."""

import os
from importlib.metadata import version

# onnxruntime reports its use to its makers, and is told not to by this alone: its call that switches reports off comes
# after the import that has already begun them. Every process and command of ours imports this file first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = version("tts-server")
