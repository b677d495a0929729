// The phrases of the house: a big button for each, for everybody. The star keeps what stands in the field; editing needs
// the right to write.

import { ask, getJson, sendJson } from "./api.js";
import { showError } from "./problems.js";
import { snippets } from "./snippets.js";
import { copy } from "./transport.js";
import { say } from "./words/words.js";

const element = (id) => document.getElementById(id);
const SHORT = 16; // characters of a text that its phrase is called by, until somebody says otherwise

export class Phrases {
  #phrases = [];
  #onSpeak;
  #request;
  #onLocked;
  #edited = null; // the phrase in the dialog; null: a new one

  // onSpeak(request): say it. request(): what the page stands at now. onLocked(): a token is needed.
  constructor(onSpeak, request, onLocked) {
    this.#onSpeak = onSpeak;
    this.#request = request;
    this.#onLocked = onLocked;
    element("star").onclick = () => this.#open(null);
    element("phrase-edit").onclick = () => this.#toggle();
    element("phrase-cancel").onclick = () => element("phrase").close();
    element("phrase-form").onsubmit = (event) => (event.preventDefault(), this.#keep());
    element("phrase-remove").onclick = () => this.#remove();
    element("phrase-copy").onclick = () => copy(snippets.phrase(this.#edited.name), element("phrase-told"));
  }

  async load() {
    try {
      const { phrases, can_edit } = await getJson("api/phrases");
      this.#phrases = phrases;
      element("star").hidden = element("phrase-edit").hidden = !can_edit;
    } catch {
      this.#phrases = []; // the state says what is wrong
    }
    this.show();
  }

  show() {
    element("phrases-block").hidden = this.#phrases.length === 0;
    element("phrases").replaceChildren(...this.#phrases.map((phrase) => this.#button(phrase)));
    element("phrase-edit").textContent = say(this.#isEditing ? "editDone" : "edit");
  }

  get #isEditing() {
    return element("phrases-block").classList.contains("is-editing");
  }

  #toggle() {
    element("phrases-block").classList.toggle("is-editing");
    this.show();
  }

  #button(phrase) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: phrase.name, title: phrase.text });
    button.dataset.emotion = phrase.emotion ?? "neutral";
    button.onclick = () => (this.#isEditing ? this.#open(phrase) : this.#onSpeak(asRequest(phrase)));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #open(phrase) {
    this.#edited = phrase;
    const { text } = phrase ?? this.#request();
    element("phrase-text").textContent = text;
    element("phrase-name").value = phrase?.name ?? Array.from(text.replace(/\s+/g, " ").trim()).slice(0, SHORT).join("");
    element("phrase-remove").hidden = element("phrase-copy").hidden = phrase === null;
    element("phrase-told").textContent = "";
    element("phrase").showModal();
  }

  async #keep() {
    const name = element("phrase-name").value.trim().replace(/\//g, "／"); // a name is a part of an address
    if (!name) return;
    const old = this.#edited?.name;
    await this.#change(async () => {
      await sendJson("PUT", path(name), asRequest(this.#edited ?? this.#request()));
      if (old && old !== name) await ask(path(old), { method: "DELETE" });
    });
  }

  #remove() {
    return this.#change(() => ask(path(this.#edited.name), { method: "DELETE" }));
  }

  async #change(change) {
    try {
      await change();
      element("phrase").close();
      await this.load();
    } catch (error) {
      element("phrase").close();
      if (error.status === 401) this.#onLocked();
      else showError(error);
    }
  }
}

const path = (name) => `api/phrases/${encodeURIComponent(name)}`;

// The fields of a request: what a phrase says and how, without what is as always.
function asRequest(phrase) {
  const { text_format: _, name: __, ...fields } = phrase;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}
