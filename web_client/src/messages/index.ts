/** Which words an element uses. */

import { de } from "./de";
import { en, type Messages } from "./en";

export type { Messages };

const LANGUAGES: Readonly<Record<string, Messages>> = { en, de };

/**
 * The messages for an element: of the language that is in force where it stands, English where
 * there is none, with what a site has written itself in their place.
 */
export function messagesFor(element: Element, own: Partial<Messages> | null): Messages {
  const words = LANGUAGES[languageOf(element)] ?? en;
  return own === null ? words : { ...words, ...own };
}

/** The language that is in force where an element stands, without its region; "en" if none is. */
export function languageOf(element: Element): string {
  const lang = element.closest<HTMLElement>("[lang]")?.lang ?? "";
  return lang.toLowerCase().split("-")[0] || "en";
}

/** A code in words; one that is newer than this file is still readable. */
export function inWords(words: Readonly<Record<string, string>>, code: string): string {
  return words[code] ?? code.replaceAll("_", " ");
}
