// The text while it is spoken: what has been heard is dark, what is being said is lit. It lies under the text field, which
// stays as it is; when the text is changed meanwhile, this goes away.

const LONG = 1000; // characters; then a bar shows how far it is
const BLOCK = 200; // characters of one node: a long text is not drawn anew for each word

export class Reading {
  #paper;
  #field;
  #view;
  #characters = [];
  #blocks = [];
  #marks = []; // [from, to, start_ms, end_ms], in order of time
  #at = -1; // the mark that is lit

  constructor(paper, field, view) {
    this.#paper = paper;
    this.#field = field;
    this.#view = view;
    field.addEventListener("scroll", () => (view.scrollTop = field.scrollTop));
  }

  // Shows the text, if it is the one in the field.
  begin(text) {
    this.#marks = [];
    this.#at = -1;
    this.#characters = Array.from(text);
    this.#blocks = [];
    for (let at = 0; at < this.#characters.length; at += BLOCK) {
      this.#blocks.push(Object.assign(document.createElement("span"), { textContent: this.#slice(at, at + BLOCK) }));
    }
    this.#view.replaceChildren(...this.#blocks);
    this.#paper.classList.toggle("is-reading", this.#field.value === text);
    this.#view.scrollTop = this.#field.scrollTop;
  }

  add(marks) {
    this.#marks.push(...marks);
  }

  // How much of the text has been heard: 0 to 1.
  get share() {
    return (this.#marks[this.#at]?.[1] ?? 0) / Math.max(1, this.#characters.length);
  }

  get isLong() {
    return this.#characters.length > LONG;
  }

  heard(ms) {
    let at = this.#at;
    if (this.#marks[at]?.[2] > ms) at = -1; // somebody has gone back
    while (at + 1 < this.#marks.length && this.#marks[at + 1][2] <= ms) at++;
    if (at === this.#at) return;
    this.#at = at;
    const [from, to] = this.#marks[at] ?? [0, 0];
    this.#light(from, to);
  }

  // Whether that character is being said just now.
  isLit(place) {
    const [from, to] = this.#marks[this.#at] ?? [0, 0];
    return this.#paper.classList.contains("is-reading") && from <= place && place < to;
  }

  // The text was changed, or nothing is said any more.
  end() {
    this.#paper.classList.remove("is-reading");
  }

  #light(from, to) {
    let lit = null;
    this.#blocks.forEach((block, index) => {
      const start = index * BLOCK;
      const end = start + BLOCK;
      const state = end <= from ? "heard" : start >= to ? "" : "partly";
      if (state !== "partly") {
        if (block.className === "partly") block.textContent = this.#slice(start, end);
        block.className = state;
        return;
      }
      block.className = "partly";
      const now = part("now", this.#slice(Math.max(start, from), Math.min(end, to)));
      block.replaceChildren(part("heard", this.#slice(start, Math.max(start, from))), now, part("", this.#slice(Math.min(end, to), end)));
      lit ??= now;
    });
    if (lit) this.#follow(lit);
  }

  #follow(lit) {
    const view = this.#view.getBoundingClientRect();
    const word = lit.getBoundingClientRect();
    if (word.bottom <= view.bottom && word.top >= view.top) return;
    this.#field.scrollTop += word.top - view.top - view.height / 3;
    this.#view.scrollTop = this.#field.scrollTop;
  }

  #slice(from, to) {
    return this.#characters.slice(from, to).join("");
  }
}

const part = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent });
