"""A home's voice: streams speech to Home Assistant, chatbots and voice devices."""

import os

# onnxruntime reports its use to its makers, and is told not to by this alone: its call that switches reports off comes
# after the import that has already begun them. Every process and command of ours imports this file first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# pydantic would read the description of every installed package, in search of plug-ins of its own: 0.05 s a process.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

__version__ = "0.1.0"  # as in pyproject.toml: asking what is installed takes 30 ms
