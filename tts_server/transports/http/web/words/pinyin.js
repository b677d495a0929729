// Pinyin for people: chong2 becomes chóng. What is no syllable of it stays as it is.

const MARKS = { a: "āáǎà", e: "ēéěè", i: "īíǐì", o: "ōóǒò", u: "ūúǔù", ü: "ǖǘǚǜ" };

export function withMark(syllable) {
  const found = /^([a-zêü:]+)([1-5])$/.exec(syllable);
  if (!found) return syllable;
  const [letters, tone] = [found[1].replace(/v|u:/g, "ü"), found[2]];
  if (tone === "5") return letters;
  const at = place(letters);
  return at < 0 ? letters : letters.slice(0, at) + MARKS[letters[at]][tone - 1] + letters.slice(at + 1);
}

// Over which letter the mark stands: a or e, the o of ou, else the last vowel.
function place(letters) {
  const first = letters.search(/[ae]/);
  if (first >= 0) return first;
  const ou = letters.indexOf("ou");
  if (ou >= 0) return ou;
  return Math.max(...[..."iouü"].map((vowel) => letters.lastIndexOf(vowel)));
}

// Whether somebody has written pinyin, with marks or digits, and not a word to be said instead.
export const isPinyin = (text) => /^[a-zü:\s'’0-9\u0300-\u036f]+$/i.test(text.normalize("NFD").replace(/[üÜ]/g, "u")) && /[1-5]|[\u0300\u0301\u0304\u030c]/.test(text.normalize("NFD"));
