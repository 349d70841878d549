import { expect, test } from "vitest";
import { cover } from "../../src/widget/overlay";

test("a wide picture loses its sides, as the video shows it", () => {
  const place = cover({ width: 1280, height: 720 }, { width: 400, height: 300 });
  expect(place.height).toBe(300);
  expect(place.left).toBeCloseTo((400 - (300 * 16) / 9) / 2);
  expect(place.top).toBe(0);
});
