import { expect, test } from "vitest";
import { cover, mapTransform, opacities } from "../../src/widget/overlay";

test("a wide picture loses its sides, as the video shows it", () => {
  const place = cover({ width: 1280, height: 720 }, { width: 400, height: 300 });
  expect(place.height).toBe(300);
  expect(place.left).toBeCloseTo((400 - (300 * 16) / 9) / 2);
  expect(place.top).toBe(0);
});

test("only what spoke for the expression is shown, beside the strongest cell", () => {
  expect(
    opacities([
      [0.4, -0.3],
      [0.1, 0],
    ]),
  ).toEqual([1, 0, 0.25, 0]);
});

test("a map without anything that spoke for it shows nothing", () => {
  expect(opacities([[-1, -2]])).toEqual([0, 0]);
});

test("a map is laid over the turned face, each cell where it belongs", () => {
  // A quarter turn clockwise: the map's rows run down the picture's columns, right to left.
  const map = {
    label: "happy",
    cells: [
      [0, 0],
      [0, 1],
    ],
    corners: [0.75, 0.25, 0.75, 0.75, 0.25, 0.25],
  };
  const place = { left: 10, top: 20, width: 400, height: 200 };
  const [a, b, c, d, e, f] = mapTransform(map, place);
  const placed = (x: number, y: number) => [a * x + c * y + e, b * x + d * y + f];
  expect(placed(0, 0)).toEqual([310, 70]);
  expect(placed(2, 0)).toEqual([310, 170]);
  expect(placed(0, 2)).toEqual([110, 70]);
});
