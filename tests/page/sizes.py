"""The screens of a house, in CSS pixels."""

from typing import Final

SIZES: Final = [
    ("panel", 800, 480),
    ("wide panel", 1024, 600),
    ("iPad upright", 768, 1024),
    ("iPad wide", 1180, 820),
    ("phone", 390, 844),
    ("desk", 1280, 900),
]
