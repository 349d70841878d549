import { expect, test } from "vitest";
import type { Cover } from "../../src/sdk/client";
import { coverable, coversOf, withOrWithout } from "../../src/widget/consent_view";

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
