// The controls that say how a text is to be spoken, and the fields of a request they stand for.

import { recall, remember } from "./settings.js";
import { currentLanguage, say, words } from "./words/words.js";

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
  #stored = recall("style") ?? {}; // from an earlier visit, until the voices are here

  // onChange(); onPreview(request): somebody wants to hear the voice as it is.
  constructor(onChange, onPreview) {
    this.#onChange = onChange;
    element("sliders").replaceChildren(...SLIDERS.map((slider) => this.#slider(slider)));
    element("voice").onchange = () => (this.#showEmotions(), this.#changed());
    element("emotions").onchange = element("faint").onchange = () => this.#changed();
    element("preview").onclick = () => onPreview({ text: words().previews[this.#language] ?? words().previews.en, voice: element("voice").value });
    element("format").value = this.#stored.text_format ?? "auto";
    element("format").onchange = () => this.#changed();
    element("reset").onclick = () => this.reset();
  }

  // The voices and the names of emotions have come (again).
  show(voices, emotions) {
    const chosen = element("voice").value || this.#stored.voice;
    this.#voices = voices;
    this.#emotions = new Map(emotions.map((emotion) => [emotion.name, emotion]));
    element("voice").replaceChildren(...voices.map((voice) => new Option(`${voice.name} · ${voice.language}`, voice.name)));
    if (voices.some((voice) => voice.name === chosen)) element("voice").value = chosen;
    this.#showEmotions(this.#stored.emotion ?? this.emotion);
    this.#stored = {};
    this.#changed();
  }

  // The language of the page has changed.
  translate() {
    for (const { name } of SLIDERS) element(`${name}-name`).textContent = say(name === "volume" ? "loudness" : name);
    this.#showEmotions();
  }

  reset() {
    for (const slider of SLIDERS) element(slider.name).value = slider.normal;
    element("format").value = "auto";
    element("voice").selectedIndex = 0;
    this.#showEmotions("neutral");
    this.#changed();
  }

  get emotion() {
    return document.querySelector(".chips :checked")?.value ?? "neutral";
  }

  // Of the voice that was chosen: Hz.
  get rate() {
    return this.#voice?.rate ?? 24000;
  }

  get #voice() {
    return this.#voices.find((voice) => voice.name === element("voice").value);
  }

  // Of the voice: "zh".
  get #language() {
    return (this.#voice?.language ?? "").split("-")[0];
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
    if (element("format").value !== "auto") fields.text_format = element("format").value;
    return fields;
  }

  emotionName(name) {
    return this.#emotions.get(name)?.[currentLanguage()] ?? name;
  }

  #changed() {
    for (const { name, show } of SLIDERS) element(`${name}-shown`).value = show(Number(element(name).value));
    element("intensity").disabled = this.emotion === "neutral";
    document.documentElement.dataset.emotion = this.emotion;
    if (this.#voices.length) remember("style", this.fields);
    this.#onChange();
  }

  #slider({ name, min, max, step, normal }) {
    const label = document.createElement("label");
    label.className = "slider";
    const words = Object.assign(document.createElement("span"), { id: `${name}-name` });
    const shown = Object.assign(document.createElement("output"), { id: `${name}-shown` });
    shown.setAttribute("for", name);
    const input = Object.assign(document.createElement("input"), { id: name, type: "range", min, max, step, value: this.#stored[name] ?? normal });
    input.oninput = () => this.#changed();
    input.ondblclick = () => ((input.value = normal), this.#changed());
    label.append(words, shown, input);
    return label;
  }

  #showEmotions(wanted = this.emotion) {
    const voice = this.#voice;
    const names = voice?.emotions ?? [];
    const faint = new Set(voice?.faint_emotions ?? []);
    const chosen = names.includes(wanted) ? wanted : "neutral";
    const strengths = voice?.emotion_strengths ?? {};
    const chips = (isFaint) =>
      names.filter((name) => faint.has(name) === isFaint).map((name) => this.#chip(name, name === chosen, strengths[name] ?? 1));
    element("emotions").replaceChildren(...chips(false));
    element("faint").replaceChildren(...chips(true));
    element("faint-title").hidden = faint.size === 0;
    if (voice) element("voice-about").textContent = this.#about(voice);
  }

  #about({ gender, speaks, description, licence }) {
    const spoken = speaks.map((language) => words().languages[language] ?? language).join(", ");
    const told = currentLanguage() === "en" && description ? [description] : [words().genders[gender], spoken];
    told.push(`${say("licence")} ${licence}`);
    return told.filter(Boolean).join(" · ");
  }

  #chip(name, isChosen, strength) {
    const label = document.createElement("label");
    label.className = "chip";
    label.dataset.emotion = name;
    label.style.setProperty("--strength", strength);
    if (strength < 1) label.title = say("strength", Math.round(100 * strength));
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "emotion", value: name });
    input.checked = isChosen;
    label.append(input, this.emotionName(name));
    return label;
  }
}
