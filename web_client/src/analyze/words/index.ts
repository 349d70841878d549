/** Which words the page uses. */

import { languageOf } from "../../messages";
import { de } from "./de";
import { en, type Words } from "./en";

export type { Words };

/** Those of the language in force where an element stands, English where there is none. */
export function wordsFor(element: Element): Words {
  return languageOf(element) === "de" ? de : en;
}
