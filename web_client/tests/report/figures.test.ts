import { expect, test } from "vitest";
import { clock, shown } from "../../src/report/figures";
import { filled, wordsOf } from "../../src/report/words";

// As tests/server/reports/test_figures.py has it: the page and the documents print the same.
test("numbers are those of the documents", () => {
  expect(shown(0.4231, "share", ",")).toBe("42,3\u00a0%");
  expect(shown(-0.065, "points", ".")).toBe("\u22126.5");
  expect(shown(0.25, "signed", ".")).toBe("+0.25");
  expect(shown(12.5, "rate", ",")).toBe("12,5");
  expect(shown(180_000, "length", ".")).toBe("180.0\u00a0s");
  expect(shown(-23.4, "loudness", ".")).toBe("\u221223.4\u00a0dB");
  expect([0, 62_500, 3_725_000].map(clock)).toEqual(["0:00.0", "1:02.5", "1:02:05.0"]);
});

test("other languages than German read English", () => {
  expect(wordsOf("de").document.title).toBe("Sitzungsbericht");
  expect(wordsOf("fr").document.title).toBe("Session report");
  expect(filled(wordsOf("en").document.shortened, { shown: 25, all: 60 })).toContain("25 of 60");
});

test("every problem has its words in both languages", () => {
  const [english, german] = ["en", "de"].map((language) => wordsOf(language).page.problems);
  expect(Object.keys(german ?? {})).toEqual(Object.keys(english ?? {}));
});
