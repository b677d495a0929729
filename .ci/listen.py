"""Says whether a WAV file holds speech: listen.py FILE. Needs nothing but Python; exit code 1 = it does not."""

import array
import sys
import wave

MIN_SOUND_S = 0.5
WINDOW_S = 0.02
LOUD = 328  # 1 % of full scale: above any noise floor, far below a vowel


def main(path: str) -> None:
    """Measure the sound in a file and end with what was found."""
    with wave.open(path, "rb") as file:
        assert (file.getsampwidth(), file.getnchannels()) == (2, 1), "not 16 bit mono"
        rate = file.getframerate()
        samples = array.array("h", file.readframes(file.getnframes()))
    window = int(rate * WINDOW_S)
    sounding = sum(max(map(abs, samples[at : at + window])) >= LOUD for at in range(0, len(samples), window))
    sound_s = sounding * WINDOW_S
    sys.stdout.write(f"{len(samples) / rate:.2f} s at {rate} Hz, {sound_s:.2f} s of it sound\n")
    if sound_s <= MIN_SOUND_S:
        sys.exit("too little sound to be the sentence")


if __name__ == "__main__":
    main(sys.argv[1])
