import { expect, test } from "vitest";
import { beforeNow, count, decibels, duration, percent, signed } from "../src/format";
import { EsaprError } from "../src/sdk/errors";
import { closeInWords, errorInWords, qualityInWords, reasonInWords } from "../src/words";

test("shares are whole per cents", () => {
  expect([0, 0.424, 1].map(percent)).toEqual(["0%", "42%", "100%"]);
});

test("signs stand before every value but zero", () => {
  expect([0.314, -0.07, 0, -0.001].map(signed)).toEqual(["+0.31", "−0.07", "0.00", "0.00"]);
});

test("durations turn into seconds at one second", () => {
  expect([83.6, 999, 1_240].map(duration)).toEqual(["84 ms", "999 ms", "1.2 s"]);
});

test("silence has no loudness", () => {
  expect([-23.4, 0, -Infinity].map(decibels)).toEqual(["−23 dB", "0 dB", "–"]);
});

test("times count back from now", () => {
  expect([0, 30, 90, 120].map(beforeNow)).toEqual(["now", "−0:30", "−1:30", "−2:00"]);
});

test("one of a thing is singular", () => {
  expect([0, 1, 2].map((number) => count(number, "frame"))).toEqual([
    "0 frames",
    "1 frame",
    "2 frames",
  ]);
});

test("codes newer than the page stay readable", () => {
  expect(reasonInWords("low_confidence")).toBe("too uncertain to name one");
  expect(reasonInWords("level_minimal")).toBe("level minimal");
  expect(qualityInWords(["dark", "head_turned"])).toBe("too dark, head turned");
  expect(closeInWords(4999)).toBe("The server closed the session.");
});

test("a feed that was closed without a word says it by its close code", () => {
  const said = new EsaprError("overloaded", "Full.");
  expect(errorInWords(said)).toBe("Full.");
  expect(errorInWords(new EsaprError("closed_4403", "?"))).toBe(closeInWords(4403));
});
