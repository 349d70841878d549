import { expect, test } from "vitest";
import { coverable, coversOf, withOrWithout } from "../../src/widget/consent_view";

test("only what the server does is asked for", () => {
  expect(coverable({ covers: ["records", "text", "recommendations"] })).toEqual([
    "records",
    "recommendations",
  ]);
  expect(coverable({ covers: [] })).toEqual([]);
  // A site's own notice, or a server that does not say.
  expect(coverable({})).toEqual(["records"]);
  expect(coverable(null)).toEqual(["records"]);
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
