"""Tests, and programs that measure. They keep to the house as the daemon does, what they start included."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
