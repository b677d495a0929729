// The controls that say how a text is to be spoken, and the fields of a request they stand for.

import { currentLanguage, say } from "./words.js";

const SLIDERS = [
  { name: "intensity", min: 0, max: 2, step: 0.1, normal: 1, show: (value) => value.toFixed(1) },
  { name: "speed", min: 0.4, max: 2.5, step: 0.05, normal: 1, show: (value) => `${value.toFixed(2)}×` },
  { name: "pitch", min: -12, max: 12, step: 0.5, normal: 0, show: (value) => `${signed(value)} st` },
  { name: "volume", min: -20, max: 12, step: 1, normal: 0, show: (value) => `${signed(value)} dB` },
];

const signed = (value) => (value > 0 ? `+${value}` : String(value));
const element = (id) => document.getElementById(id);

export class StyleControls {
  #voices = [];
  #emotions = new Map(); // name -> {en, zh}
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
    element("sliders").replaceChildren(...SLIDERS.map((slider) => this.#slider(slider)));
    element("voice").onchange = () => (this.#showEmotions(), this.#changed());
    element("emotions").onchange = () => this.#changed();
    element("format").onchange = () => this.#changed();
    element("reset").onclick = () => this.reset();
  }

  // The voices and the names of emotions have come (again).
  show(voices, emotions) {
    const chosen = element("voice").value;
    this.#voices = voices;
    this.#emotions = new Map(emotions.map((emotion) => [emotion.name, emotion]));
    element("voice").replaceChildren(...voices.map((voice) => new Option(`${voice.name} · ${voice.language}`, voice.name)));
    if (voices.some((voice) => voice.name === chosen)) element("voice").value = chosen;
    this.#showEmotions();
    this.#changed();
  }

  // The language of the page has changed.
  translate() {
    for (const { name } of SLIDERS) element(`${name}-name`).textContent = say(name);
    this.#showEmotions();
  }

  reset() {
    for (const slider of SLIDERS) element(slider.name).value = slider.normal;
    element("format").value = "plain";
    element("voice").selectedIndex = 0;
    this.#showEmotions("neutral");
    this.#changed();
  }

  get emotion() {
    return element("emotions").querySelector(":checked")?.value ?? "neutral";
  }

  // Of the voice that was chosen: Hz.
  get rate() {
    return this.#voices.find((voice) => voice.name === element("voice").value)?.rate ?? 24000;
  }

  // The fields of a request; what is as it always is, is left out.
  get fields() {
    const fields = {};
    if (element("voice").value) fields.voice = element("voice").value;
    if (this.emotion !== "neutral") fields.emotion = this.emotion;
    for (const { name, normal } of SLIDERS) {
      const value = Number(element(name).value);
      if (value !== normal && (name !== "intensity" || fields.emotion)) fields[name] = value;
    }
    if (element("format").value !== "plain") fields.text_format = element("format").value;
    return fields;
  }

  emotionName(name) {
    return this.#emotions.get(name)?.[currentLanguage()] ?? name;
  }

  #changed() {
    for (const { name, show } of SLIDERS) element(`${name}-shown`).value = show(Number(element(name).value));
    element("intensity").disabled = this.emotion === "neutral";
    document.documentElement.dataset.emotion = this.emotion;
    this.#onChange();
  }

  #slider({ name, min, max, step, normal }) {
    const label = document.createElement("label");
    label.className = "slider";
    const words = Object.assign(document.createElement("span"), { id: `${name}-name` });
    const shown = Object.assign(document.createElement("output"), { id: `${name}-shown` });
    shown.setAttribute("for", name);
    const input = Object.assign(document.createElement("input"), { id: name, type: "range", min, max, step, value: normal });
    input.oninput = () => this.#changed();
    input.ondblclick = () => ((input.value = normal), this.#changed());
    label.append(words, shown, input);
    return label;
  }

  #showEmotions(wanted = this.emotion) {
    const voice = this.#voices.find((each) => each.name === element("voice").value);
    const names = voice?.emotions ?? [];
    const chosen = names.includes(wanted) ? wanted : "neutral";
    element("emotions").replaceChildren(...names.map((name) => this.#chip(name, name === chosen)));
  }

  #chip(name, isChosen) {
    const label = document.createElement("label");
    label.className = "chip";
    label.dataset.emotion = name;
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "emotion", value: name });
    input.checked = isChosen;
    label.append(input, this.emotionName(name));
    return label;
  }
}
