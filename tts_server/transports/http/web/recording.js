// What was said during this visit: kept in the page's memory only, for hearing again and for saving.

const MOST = 20; // utterances
const MOST_SAMPLES = 24000 * 60 * 15; // all together, so that an open page does not grow for days

export class Recording {
  chunks = []; // Int16Array
  samples = 0;
  #starts = []; // of each chunk
  marks = [];

  constructor(request, rate, used) {
    this.request = request; // {text, voice, emotion, ...}: the fields of POST /api/tts
    this.rate = rate;
    this.used = used; // {voice, emotion}
    this.isWhole = false;
  }

  push(samples) {
    this.#starts.push(this.samples);
    this.chunks.push(samples);
    this.samples += samples.length;
  }

  // Samples from a place on, as many as there are of `count`: Float32Array, -1 to 1.
  read(from, count) {
    const read = new Float32Array(Math.min(count, this.samples - from));
    let index = this.#chunkAt(from);
    for (let done = 0; done < read.length; index++) {
      const chunk = this.chunks[index];
      for (let i = from + done - this.#starts[index]; i < chunk.length && done < read.length; i++) read[done++] = chunk[i] / 32768;
    }
    return read;
  }

  // The last chunk that begins at that sample or before it.
  #chunkAt(sample) {
    let [first, last] = [0, this.#starts.length - 1];
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if (this.#starts[middle] <= sample) first = middle;
      else last = middle - 1;
    }
    return first;
  }

  get seconds() {
    return this.samples / this.rate;
  }

  // A WAV file: 16 bit, mono.
  wav() {
    const header = new DataView(new ArrayBuffer(44));
    const ascii = (at, text) => [...text].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
    const bytes = 2 * this.samples;
    ascii(0, "RIFF");
    header.setUint32(4, 36 + bytes, true);
    ascii(8, "WAVEfmt ");
    header.setUint32(16, 16, true);
    header.setUint16(20, 1, true);
    header.setUint16(22, 1, true);
    header.setUint32(24, this.rate, true);
    header.setUint32(28, 2 * this.rate, true);
    header.setUint16(32, 2, true);
    header.setUint16(34, 16, true);
    ascii(36, "data");
    header.setUint32(40, bytes, true);
    return new Blob([header, ...this.chunks], { type: "audio/wav" });
  }

  fileName(extension) {
    const words = this.request.text.replace(/[\s\p{P}\p{S}]+/gu, " ").trim().slice(0, 24).trim();
    return `${words || "speech"}.${extension}`;
  }
}

// Forgets the oldest recordings beyond the bounds.
export function trim(recordings) {
  let samples = 0;
  return recordings.slice(0, MOST).filter((recording) => (samples += recording.samples) <= MOST_SAMPLES);
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
