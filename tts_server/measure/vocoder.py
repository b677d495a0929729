"""A vocoder alone against the most that the processor could do: 1 would be no instruction but multiply-adds."""

from collections.abc import Mapping
from typing import Any

from tts_server.engine_host.voices import load_voices
from tts_server.measure.figures import Figure
from tts_server.measure.processor_peak import ProcessorPeak, best_rate


def measure_vocoder(
    voice: str, engines: Mapping[str, str], settings: Mapping[str, Mapping[str, Any]], peak: ProcessorPeak
) -> list[Figure]:
    """Nothing for an engine that offers no such task. Loads the voice into this process."""
    found = load_voices(engines, settings).get(voice)
    task = getattr(found[0], "vocoder_task", None) if found else None
    if task is None:
        return []
    vocoder = task(voice)
    per_second = best_rate(vocoder.run, vocoder.audio_s)
    share = 2 * vocoder.macs_per_s * per_second / peak.peak_flops
    return [
        Figure(voice, "vocoder alone", 1 / per_second, "CPU s / s"),
        Figure(voice, "vocoder, share of the peak", 100 * share, "%", share, more_is_better=True),
    ]
