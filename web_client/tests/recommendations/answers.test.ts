import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Recommendation } from "../../src/protocol";
import { answered, keepAnswers, ordered, readAnswers } from "../../src/recommendations/answers";

type Step = Recommendation["because"]["step"];

function item(id: string, step: Step = "match"): Recommendation {
  return {
    id,
    title: id,
    kind: "music",
    language: "zxx",
    licence: "CC0-1.0",
    minutes: 3,
    evidence: { note: "n", source: "s" },
    because: { step, valence: 0, arousal: 0 },
  };
}

const ids = (steps: Recommendation[][]) => steps.map((step) => step.map(({ id }) => id));

test("what did good comes first, what is not for them last, and the rest stays in order", () => {
  const items = ["a", "b", "c", "d", "e"].map((id) => item(id));
  const steps = ordered(items, { a: "declined", b: "done", d: "liked" });

  expect(ids(steps)).toEqual([["d", "c", "e", "b", "a"]]);
});

test("an answer moves nothing into another step", () => {
  const items = [item("a"), item("b", "towards"), item("c", "goal"), item("d", "goal")];

  expect(ids(ordered(items, { d: "liked", a: "declined" }))).toEqual([["a"], ["b"], ["d", "c"]]);
});

test("without answers the order is the server's", () => {
  expect(ids(ordered([item("b"), item("a")], {}))).toEqual([["b", "a"]]);
  expect(ordered([], {})).toEqual([]);
});

test("the same answer twice is none", () => {
  const once = answered({ b: "done" }, "a", "liked");

  expect(once).toEqual({ b: "done", a: "liked" });
  expect(answered(once, "a", "done")).toEqual({ b: "done", a: "done" });
  expect(answered(once, "a", "liked")).toEqual({ b: "done" });
});

describe("in the browser", () => {
  let kept: Map<string, string>;

  beforeEach(() => {
    kept = new Map();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
  });

  afterEach(() => vi.unstubAllGlobals());

  test("answers come back, and nothing is left of forgotten ones", () => {
    keepAnswers({ a: "liked" });
    expect(readAnswers()).toEqual({ a: "liked" });

    keepAnswers({});
    expect(readAnswers()).toEqual({});
    expect(kept.size).toBe(0);
  });

  test.each(["{", "null", '"text"', '{"a": "adored", "b": 3}', "[1]"])(
    "%s is no answer",
    (text) => {
      kept.set("esapr-recommendations", text);
      expect(readAnswers()).toEqual({});
    },
  );

  test("a browser that keeps nothing is no error", () => {
    const closed = () => {
      throw new DOMException("denied", "SecurityError");
    };
    vi.stubGlobal("localStorage", { getItem: closed, setItem: closed, removeItem: closed });

    keepAnswers({ a: "liked" });
    expect(readAnswers()).toEqual({});
  });
});
