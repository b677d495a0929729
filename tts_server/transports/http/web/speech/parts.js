// Long texts, cut into parts that the daemon takes at once.

const MOST = 2000; // characters; the daemon takes 5000, and less is sooner done
const ENDS = [/[^]*\n/, /[^]*[。！？!?…]["'”’）)」』]*/, /[^]*[.;；:：]\s/, /[^]*[，、,]/, /[^]*\s/]; // where it is heard least, first

// Parts {text, at} of a text; `at` in code points. SSML is one part: a document cannot be cut.
export function cut(text, format) {
  const isWhole = format === "ssml" || ((format ?? "auto") === "auto" && text.trimStart().startsWith("<speak"));
  const characters = Array.from(text);
  if (isWhole || characters.length <= MOST) return [{ text, at: 0 }];
  const parts = [];
  for (let at = 0; at < characters.length; ) {
    let part = characters.slice(at, at + MOST).join("");
    if (at + MOST < characters.length) part = untilBreath(part);
    parts.push({ text: part, at });
    at += Array.from(part).length;
  }
  return parts.filter((part) => part.text.trim() !== "");
}

function untilBreath(part) {
  for (const end of ENDS) {
    const found = end.exec(part)?.[0] ?? "";
    if (found.length > part.length / 3) return found;
  }
  return part;
}
