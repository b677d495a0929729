// The words of the page, in the language that was chosen.

import { recall, remember } from "../settings.js";
import { en } from "./en.js";
import { zh } from "./zh.js";

export const WORDS = { en, zh };

let language = recall("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export const currentLanguage = () => language;

export const words = () => WORDS[language];

export function say(key, ...values) {
  return WORDS[language][key].replace(/\{(\d)\}/g, (_, index) => values[index]);
}

// An error in words: by its stable code, in the page's language. Details are the daemon's own, in English.
export function sayError({ code, message }) {
  const known = WORDS[language].errors[code] ?? WORDS[language][code];
  if (known === undefined) return { text: message || code, details: "" };
  if (language === "en" && message) return { text: sentence(message), details: "" };
  return { text: known, details: message };
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// Puts the words of the language into the page.
export function translate(chosen = language) {
  language = chosen;
  remember("language", chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-i18n]")) element.textContent = say(element.dataset.i18n);
  for (const element of document.querySelectorAll("[data-i18n-label]")) element.setAttribute("aria-label", say(element.dataset.i18nLabel));
  for (const element of document.querySelectorAll("[data-i18n-title]")) element.title = say(element.dataset.i18nTitle);
  for (const element of document.querySelectorAll("[data-i18n-placeholder]")) {
    element.placeholder = say(element.dataset.i18nPlaceholder);
  }
}
