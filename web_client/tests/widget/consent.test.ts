import { expect, test } from "vitest";
import type { Cover } from "../../src/sdk/client";
import { de } from "../../src/messages/de";
import { en } from "../../src/messages/en";
import {
  coverable,
  coversOf,
  factsOf,
  traitsCoverable,
  withOrWithout,
} from "../../src/widget/consent_view";

test("only what the server does is asked for", () => {
  expect(coverable({ covers: ["records", "text", "recommendations"] }, ["face"])).toEqual([
    "records",
    "recommendations",
  ]);
  expect(coverable({ covers: [] }, ["face"])).toEqual([]);
  // A site's own notice, or a server that does not say.
  expect(coverable({}, ["face"])).toEqual(["records"]);
  expect(coverable(null, ["face"])).toEqual(["records"]);
});

test("traits are asked for only where text is offered", () => {
  expect(coverable({ covers: ["records", "traits"] }, ["face", "text"])).toEqual([
    "records",
    "traits",
  ]);
  expect(coverable({ covers: ["records", "traits"] }, ["face", "voice"])).toEqual(["records"]);
});

test("a baseline is asked for where the page keeps it, of a face or a voice", () => {
  const covers: Cover[] = ["records", "baseline"];
  expect(coverable({ covers }, ["voice"], true)).toEqual(["records", "baseline"]);
  expect(coverable({ covers }, ["voice"])).toEqual(["records"]);
  expect(coverable({ covers }, ["text"], true)).toEqual(["records"]);
});

test("a page that keeps nothing asks for traits alone, and only of text", () => {
  expect(traitsCoverable({ covers: ["records", "traits"] }, ["text"])).toEqual(["traits"]);
  expect(traitsCoverable({ covers: ["records", "traits"] }, ["face", "voice"])).toEqual([]);
  expect(traitsCoverable({ covers: ["records"] }, ["text"])).toEqual([]);
  expect(traitsCoverable(null, ["text"])).toEqual([]);
});

test.each([
  ["en", en, ["extraversion", "weak guess", "Only if you tick it"]],
  ["de", de, ["Extraversion", "schwache Vermutung", "Nur wenn Sie es unten ankreuzen"]],
] as const)("whoever is asked for traits reads first what they are (%s)", (_, words, said) => {
  const told = factsOf({ words, host: "esapr.example", coverable: ["records", "traits"] });
  const [title, text] = told.at(-1)!;

  expect(title).toBe(words.traitsTitle);
  for (const part of said) expect(text).toContain(part);
  const others = factsOf({ words, host: "esapr.example", coverable: ["records"] });
  expect(others).toEqual(told.slice(0, -1));
});

test("a receipt covers what was ticked of what was asked for", () => {
  expect(coversOf(["records", "recommendations"], new Set(["recommendations", "text"]))).toEqual({
    covers: ["recommendations"],
  });
  expect(coversOf(["records"], new Set())).toEqual({});
});

test("a choice is made and unmade", () => {
  const chosen = withOrWithout(new Set(["face"]), "text", true);

  expect([...chosen]).toEqual(["face", "text"]);
  expect([...withOrWithout(chosen, "face", false)]).toEqual(["text"]);
});
