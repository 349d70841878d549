/** Which words the room uses: those of all elements, and its own. */

import { languageOf, type Messages, messagesFor } from "../../messages";
import { de } from "./de";
import { en, type RoomMessages } from "./en";

export type Words = Messages & RoomMessages;

const LANGUAGES: Readonly<Record<string, RoomMessages>> = { en, de };

/** The words for an element, as `messagesFor` has them. */
export function wordsFor(element: Element, own: Partial<Words> | null): Words {
  const words = LANGUAGES[languageOf(element)] ?? en;
  return { ...words, ...messagesFor(element, own), ...own };
}
