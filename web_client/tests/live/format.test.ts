import { expect, test } from "vitest";
import { beforeNow, decibels, duration, percent, signed } from "../../src/live/format";

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
  expect([0, 30, 90, 120].map((seconds) => beforeNow(seconds))).toEqual([
    "now",
    "−0:30",
    "−1:30",
    "−2:00",
  ]);
});
