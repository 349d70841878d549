import { expect, test } from "vitest";
import { inWords } from "../src/messages";
import { de } from "../src/messages/de";
import { en } from "../src/messages/en";
import { keys } from "./keys";

test("German has a word for everything that English has", () => {
  expect(keys(de)).toEqual(keys(en));
});

test("no text is left in English", () => {
  const same = Object.entries(en).filter(
    ([key, value]) => typeof value === "string" && value === de[key as keyof typeof de],
  );
  expect(same.map(([key]) => key)).toEqual(["useText", "pause"]);
});

test("codes newer than the page stay readable", () => {
  expect(inWords(en.reasons, "low_confidence")).toBe("too uncertain to name one");
  expect(inWords(en.reasons, "level_minimal")).toBe("level minimal");
});

test("nothing says what a person feels", () => {
  const lines = keys(en).map((path) =>
    String(path.split(".").reduce<unknown>((words, key) => (words as never)[key], en)),
  );
  expect(lines.filter((line) => /\bfeel/i.test(line))).toEqual([]);
});
