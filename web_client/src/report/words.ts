/** The words of a report: those of its documents, and what only the page says. */

import deDocument from "../../../server/reports/words.de.json";
import enDocument from "../../../server/reports/words.en.json";
import { PAGE_WORDS, type PageWords } from "./messages";

type DocumentWords = typeof enDocument;

const DOCUMENT_WORDS: Readonly<Record<string, DocumentWords>> = { en: enDocument, de: deDocument };

export interface Words {
  language: "en" | "de";
  document: DocumentWords;
  page: PageWords;
}

export function wordsOf(language: string): Words {
  const known = language === "de" ? "de" : "en";
  return {
    language: known,
    document: DOCUMENT_WORDS[known] ?? enDocument,
    page: PAGE_WORDS[known] as PageWords,
  };
}

/** Fills in what stands in braces. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
