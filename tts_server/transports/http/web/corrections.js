// "That was wrong": how a text is read, syllable by syllable; another reading is heard first, and kept in the dictionary of
// the house.

import { ask, getJson, sendJson } from "./api.js";
import { hideProblem, showError } from "./problems.js";
import { say } from "./words/words.js";
import { isPinyin, withMark } from "./words/pinyin.js";

const element = (id) => document.getElementById(id);
const MOST = 400; // characters whose readings are asked for: an address takes no more

export class Corrections {
  #onHear;
  #text = "";
  #syllables = []; // {char, pinyin, spoken, from, to, others}
  #words = []; // {word, from, to}
  #chosen = null; // one of them

  // onHear(text, format): say it, without keeping it among what was heard.
  constructor(onHear) {
    this.#onHear = onHear;
    element("readings-close").onclick = () => element("readings").close();
    element("reading-form").onsubmit = (event) => (event.preventDefault(), this.#keep());
    element("reading-hear").onclick = () => this.#hear();
  }

  // Shows how the text is read around a place, which is chosen; without a place, from its beginning.
  async open(text, place = null) {
    const characters = Array.from(text);
    const start = place === null ? 0 : Math.max(0, place - MOST / 2);
    this.#text = characters.slice(start, start + MOST).join("");
    this.#chosen = null;
    hideProblem();
    element("reading-form").hidden = true;
    if (!element("readings").open) element("readings").showModal();
    await this.#load(place === null ? null : place - start);
  }

  async #load(place) {
    try {
      const [{ syllables, words }] = await Promise.all([getJson(`api/readings?text=${encodeURIComponent(this.#text)}`), this.#loadWords()]);
      this.#syllables = syllables;
      this.#words = located(this.#text, words, syllables);
      this.#chosen = this.#words.find(({ from, to }) => place !== null && from <= place && place < to) ?? null;
      this.#show();
    } catch (error) {
      showError(error);
    }
  }

  #show() {
    const characters = Array.from(this.#text);
    const shown = [];
    let at = 0;
    for (const word of this.#words) {
      shown.push(characters.slice(at, word.from).join(""), this.#button(word));
      at = word.to;
    }
    element("readings-text").replaceChildren(...shown, characters.slice(at).join(""));
    element("reading-form").hidden = this.#chosen === null;
    if (this.#chosen) this.#showChosen();
  }

  #button(word) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "word" });
    button.setAttribute("aria-pressed", String(word === this.#chosen));
    const syllables = this.#of(word);
    for (const { char, spoken } of syllables) {
      const ruby = document.createElement("ruby");
      ruby.append(char, Object.assign(document.createElement("rt"), { textContent: withMark(spoken) }));
      button.append(ruby);
    }
    if (syllables.length === 0) button.textContent = word.word;
    button.onclick = () => ((this.#chosen = word), this.#show());
    return button;
  }

  #of({ from, to }) {
    return this.#syllables.filter((syllable) => syllable.from >= from && syllable.to <= to);
  }

  #showChosen() {
    const syllables = this.#of(this.#chosen);
    const said = syllables.map(({ pinyin }) => pinyin);
    element("reading-word").textContent = this.#chosen.word;
    element("reading-said").value = said.join(" ");
    element("reading-others").replaceChildren(
      ...syllables.flatMap(({ char, others }, index) =>
        others.map((other) => {
          const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: `${char} ${withMark(other)}` });
          button.onclick = () => {
            said[index] = other;
            element("reading-said").value = said.join(" ");
          };
          return button;
        }),
      ),
    );
  }

  #hear() {
    const said = element("reading-said").value.trim();
    const { word, from, to } = this.#chosen;
    const [before, after] = [Array.from(this.#text).slice(0, from).join(""), Array.from(this.#text).slice(to).join("")];
    const isSound = /^\/.+\/$/.test(said); // IPA
    if (isSound || (this.#of(this.#chosen).length && isPinyin(said))) {
      const phoneme = `<phoneme alphabet="${isSound ? "ipa" : "py"}" ph="${escaped(said)}">${escaped(word)}</phoneme>`;
      this.#onHear(`<speak>${escaped(lastSentence(before))}${phoneme}${escaped(firstSentence(after))}</speak>`, "ssml");
    } else this.#onHear(lastSentence(before) + said + firstSentence(after), "plain");
  }

  async #keep() {
    const { word, from } = this.#chosen;
    try {
      const kept = await (await sendJson("PUT", path(word), { said: element("reading-said").value })).json();
      hideProblem();
      element("readings-kept").textContent = say("readingKept", word, kept.said.split(" ").map(withMark).join(" "));
      await this.#load(from);
    } catch (error) {
      showError(error);
    }
  }

  async #loadWords() {
    const { words, can_edit } = await getJson("api/dictionary");
    element("reading-keep").hidden = !can_edit;
    element("house-words").replaceChildren(...words.map(({ word, said }) => this.#entry(word, said, can_edit)));
    element("house-words-title").hidden = words.length === 0;
  }

  #entry(word, said, canEdit) {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("span"), { textContent: `${word} · ${said.split(" ").map(withMark).join(" ")}` }));
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×", hidden: !canEdit });
    remove.setAttribute("aria-label", `${say("remove")}: ${word}`);
    remove.onclick = () => ask(path(word), { method: "DELETE" }).then(() => this.#load(null), showError);
    item.append(remove);
    return item;
  }
}

const path = (word) => `api/dictionary/${encodeURIComponent(word)}`;
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
const lastSentence = (text) => /[^。！？!?\n]*$/.exec(text)[0];
const firstSentence = (text) => /^[^。！？!?\n]*[。！？!?]?/.exec(text)[0];

// Where the words stand in the text. What the dictionaries do not cut, such as a name in Latin letters, is a word as it is.
function located(text, words, syllables) {
  const characters = Array.from(text);
  const found = [];
  let at = 0;
  for (const word of words.filter((each) => /[\p{L}\p{N}]/u.test(each))) {
    const length = Array.from(word).length;
    for (let from = at; from + length <= characters.length; from++) {
      if (characters.slice(from, from + length).join("") !== word) continue;
      found.push({ word, from, to: from + length });
      at = from + length;
      break;
    }
  }
  const isCovered = ({ from }) => found.some((word) => word.from <= from && from < word.to);
  const single = syllables.filter((each) => !isCovered(each)).map(({ char, from, to }) => ({ word: char, from, to }));
  return [...found, ...single].sort((one, other) => one.from - other.from);
}
