import { expect, test } from "vitest";
import type { Recommendations } from "../../src/protocol";
import { wordsOf } from "../../src/recommendations/messages";
import { basisInWords, nothingNamed } from "../../src/recommendations/view";

const [en, de] = [wordsOf("en"), wordsOf("de")];
const EMPTY: Recommendations = {
  session: "s",
  catalogue: "1",
  help_lines: [],
  basis: null,
  abstain: null,
  items: [],
};

test("what they follow from is said with its figures, as the reader writes numbers", () => {
  const basis = { seconds: 252.4, valence: -0.408, arousal: 0.3 };

  expect(basisInWords(en, basis, "en")).toBe(
    "Over 4 min 12 s of expression, what was shown lay on average at valence −0.41 and arousal 0.30, each from −1 to 1.",
  );
  expect(basisInWords(de, basis, "de")).toContain("Valenz −0,41 und Erregung 0,30");
  expect(basisInWords(en, { ...basis, seconds: 31 }, "en")).toContain("Over 31 s of");
});

test("why nothing is named is said", () => {
  const because = (reason: "not_agreed" | "purpose_excluded" | "too_little_evidence") =>
    nothingNamed(en, { ...EMPTY, abstain: { reason, needed_seconds: 30 } });

  expect(because("not_agreed")).toContain("not agreed");
  expect(because("purpose_excluded")).toContain("purpose");
  expect(because("too_little_evidence")).toContain("less than 30 seconds");
  expect(nothingNamed(en, EMPTY)).toContain("Nothing in the catalogue");
});

test("a language without words of its own gets English", () => {
  expect(wordsOf("fr")).toBe(en);
});

test("nothing says what a person feels", () => {
  expect(JSON.stringify({ en, because: String(Object.values(en.because)) })).not.toMatch(/\bfeel/i);
});
