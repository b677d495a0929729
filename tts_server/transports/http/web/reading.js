// The text while it is spoken: what has been heard is dark, what is being said is lit.

export class Reading {
  #paper;
  #view;
  #characters = [];
  #marks = []; // [from, to, start_ms, end_ms], in order of time
  #next = 0; // the first mark that has not begun
  #lit = [];

  constructor(paper, view) {
    this.#paper = paper;
    this.#view = view;
  }

  begin(text) {
    this.#characters = Array.from(text, (character) => {
      const span = document.createElement("span");
      span.textContent = character;
      return span;
    });
    this.#marks = [];
    this.#next = 0;
    this.#lit = [];
    this.#view.replaceChildren(...this.#characters);
    this.#view.scrollTop = 0;
    this.#paper.classList.add("is-reading");
  }

  add(marks) {
    this.#marks.push(...marks);
  }

  heard(ms) {
    while (this.#next < this.#marks.length && this.#marks[this.#next][2] <= ms) {
      for (const span of this.#lit) span.className = "heard";
      const [from, to] = this.#marks[this.#next++];
      this.#lit = this.#characters.slice(from, to);
      for (const span of this.#lit) span.className = "now";
      this.#lit[0]?.classList.add("first-lit");
      this.#lit.at(-1)?.classList.add("last-lit");
      this.#follow(this.#lit[0]);
    }
  }

  end() {
    this.#paper.classList.remove("is-reading");
  }

  #follow(span) {
    if (!span) return;
    const view = this.#view.getBoundingClientRect();
    const word = span.getBoundingClientRect();
    if (word.bottom > view.bottom || word.top < view.top) this.#view.scrollTop += word.top - view.top - view.height / 3;
  }
}
