// What this browser remembers of the page; where it may not, the page works all the same.

const PREFIX = "tts-server.";

export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null; // no storage, or something else was in it
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // no storage, or no room in it
  }
}
