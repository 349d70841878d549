import { describe, expect, test } from "vitest";
import { loudness } from "../../src/analyze/recorder";
import {
  BITS_PER_SECOND,
  endings,
  isLoopback,
  MAX_BYTES,
  MAX_SECONDS,
  mediaTypeOf,
  WAYS,
} from "../../src/analyze/ways";
import { de } from "../../src/analyze/words/de";
import { en } from "../../src/analyze/words/en";
import { WHOLE } from "../../src/live/timeline";
import { keys } from "../keys";

describe("a file", () => {
  test.each([
    ["text", "CV.PDF", "application/pdf"],
    ["text", "notes.md", "text/markdown"],
    ["audio", "call.m4a", "audio/mp4"],
    ["audio", "clip.webm", "audio/webm"],
    ["video", "clip.webm", "video/webm"],
    ["video", "IMG.MOV", "video/mp4"],
    ["video", "face.jpeg", "image/jpeg"],
    ["video", "talk.v2.mkv", "video/webm"],
  ] as const)("that comes as %s and is called %s is %s", (way, name, type) => {
    expect(mediaTypeOf(way, name)).toBe(type);
  });

  test.each([
    ["text", "clip.webm"],
    ["audio", "notes.txt"],
    ["video", "pdf"],
    ["video", ""],
    ["video", "x.constructor"],
  ] as const)("that comes as %s and is called %s is of no known type", (way, name) => {
    expect(mediaTypeOf(way, name)).toBeNull();
  });

  test("of every kind that is offered has a type", () => {
    for (const way of WAYS) {
      for (const ending of endings(way)) expect(mediaTypeOf(way, `x${ending}`)).toMatch("/");
    }
  });
});

test("the longest recording made here is no larger than what a server takes", () => {
  const bits = BITS_PER_SECOND.video + BITS_PER_SECOND.audio;
  // Encoders overshoot.
  expect((1.5 * MAX_SECONDS * bits) / 8).toBeLessThan(MAX_BYTES);
});

test.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["[::1]", true],
  ["127.evil.example", false],
  ["esapr.example", false],
  ["192.168.0.7", false],
])("%s is this machine: %s", (host, local) => {
  expect(isLoopback(host)).toBe(local);
});

test.each([
  [0, 0],
  [0.001, 0],
  [0.1, 2 / 3],
  [1, 1],
])("samples of %s are %s loud", (sample, loud) => {
  expect(loudness(new Float32Array(64).fill(sample))).toBeCloseTo(loud);
});

describe("the axis of a recording", () => {
  test("begins at its beginning and has few marks, however long it is", () => {
    for (const seconds of [1, 7, 61, 600, 3_600]) {
      expect(WHOLE.range(seconds)).toEqual([0, seconds]);
      for (const narrow of [true, false]) {
        const marks = WHOLE.marks(seconds, narrow);
        expect(marks[0]).toBe(0);
        expect(marks.length).toBeLessThanOrEqual(narrow ? 6 : 11);
        expect(marks.length).toBeGreaterThan(1);
      }
    }
  });

  test("names minutes and seconds", () => {
    expect([5, 65, 3_600].map((mark) => WHOLE.name(mark, 0))).toEqual(["0:05", "1:05", "60:00"]);
  });
});

test("German has a word for everything that English has", () => {
  expect(keys(de)).toEqual(keys(en));
});
