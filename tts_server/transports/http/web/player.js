// The loudspeaker: one utterance at a time, played while it is still coming.

const START_AFTER_S = 0.06; // a little more than one frame: the network's jitter must not be heard

export class Player {
  #devices = new Map(); // sample rate -> {context, node}; a context has one rate for life
  #device = null;
  #utterance = 0;
  #onPosition = () => {};

  // Begins an utterance of `rate` Hz. `onPosition({played, isOver})` tells samples played, delay of the device included.
  async begin(rate, onPosition) {
    const utterance = ++this.#utterance;
    const device = await this.#open(rate);
    if (utterance !== this.#utterance) return null; // another one has begun meanwhile
    this.#device = device;
    this.#onPosition = onPosition;
    device.node.port.postMessage({ type: "begin", utterance, startAfter: Math.round(START_AFTER_S * rate) });
    return utterance;
  }

  // Adds samples (Int16Array).
  push(utterance, samples) {
    const floats = Float32Array.from(samples, (sample) => sample / 32768);
    this.#device?.node.port.postMessage({ type: "samples", utterance, samples: floats }, [floats.buffer]);
  }

  // Says that no more samples come.
  end(utterance) {
    this.#device?.node.port.postMessage({ type: "end", utterance });
  }

  // Falls silent at once.
  stop() {
    this.#utterance++;
    this.#device?.node.port.postMessage({ type: "stop" });
  }

  async #open(rate) {
    if (!this.#devices.has(rate)) {
      this.#devices.set(rate, this.#make(rate));
    }
    const device = await this.#devices.get(rate);
    await device.context.resume();
    return device;
  }

  async #make(rate) {
    const context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    await context.audioWorklet.addModule("/web/player-worklet.js");
    const node = new AudioWorkletNode(context, "speech-player", { numberOfInputs: 0, outputChannelCount: [1] });
    node.connect(context.destination);
    node.port.onmessage = ({ data }) => {
      if (data.utterance !== this.#utterance) return;
      const delay = Math.round((context.outputLatency || context.baseLatency || 0) * rate);
      this.#onPosition({ played: data.isOver ? data.played : Math.max(0, data.played - delay), isOver: data.isOver });
    };
    return { context, node };
  }
}
