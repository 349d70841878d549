import { expect, test } from "vitest";
import { lane, pointAt, probabilities, stretches } from "../../src/report/columns";
import { REPORT } from "./recorded";

test("a probability holds as long as its state, and is missing where there is none", () => {
  const [times, ...series] = probabilities(REPORT);
  const happy = series[3] ?? [];
  const at = times.map((time, index) => [Math.round(time), happy[index]]);
  expect(at).toEqual([
    [0, 0.7],
    [1, 0.7],
    [1, 0.7],
    [2, 0.7],
    [2, null],
    [3, null],
    [3, null], // The hole begins.
    [5, 0.05],
    [6, 0.05],
  ]);
  expect(times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0))).toBe(true);
});

test("a lane has weight, coverage and marks where the quality is poor", () => {
  const [, weight, coverage, flagged] = lane(REPORT, "face");
  expect(weight?.slice(0, 2)).toEqual([0.6, 0.6]);
  expect(coverage?.slice(0, 2)).toEqual([0.8, 0.8]);
  expect(flagged?.slice(0, 4)).toEqual([null, null, 0, 0]);
  expect(
    lane(REPORT, "voice")
      .slice(1)
      .flat()
      .every((value) => value === null),
  ).toBe(true);
});

test("the point at a time is the one that began last", () => {
  const at = (seconds: number) => pointAt(REPORT.timeline, seconds)?.t_start_ms ?? null;
  expect([-1, 0, 0.99, 1, 4.9, 5, 99].map(at)).toEqual([null, 0, 0, 1_000, 2_000, 5_000, 5_000]);
});

test("what is the highest is one stretch as long as it lasts, cut to what is shown", () => {
  expect(stretches(REPORT.timeline, [0, 10])).toEqual([
    { label: "happy", from: 0, to: 0.2 },
    { label: "sad", from: 0.5, to: 0.6 },
  ]);
  expect(stretches(REPORT.timeline, [1, 2])).toEqual([{ label: "happy", from: 0, to: 1 }]);
});
