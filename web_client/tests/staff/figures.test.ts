import { expect, test } from "vitest";
import type { RecordedSession } from "../../src/protocol";
import { clock, coverageOf, lengthOf, standingOf } from "../../src/staff/figures";

const DROPPED = { frames: 0, windows: 0, lines: 0 };
const ENDED: RecordedSession = {
  session: "a".repeat(32),
  participant: "Ada",
  room: "ward",
  opened_at: "2026-11-23T10:00:00Z",
  closed_at: "2026-11-23T10:50:05.400Z",
  reason: "closed",
  modalities: ["face"],
  totals: { states: 200, fused: 150, frames: 0, windows: 0, lines: 0, dropped: DROPPED },
};
const UNENDED = { ...ENDED, closed_at: null, reason: null, totals: null };

test("a length is written as a clock shows it", () => {
  expect(lengthOf(ENDED)).toBe(3_005_400);
  expect(clock(3_005_400)).toBe("50:05");
  expect(clock(42_999)).toBe("0:42");
  expect(clock(3_723_000)).toBe("1:02:03");
});

test("coverage is the share of states with an expression", () => {
  expect(coverageOf(ENDED)).toBe(0.75);
  const silent = { states: 0, fused: 0, frames: 0, windows: 0, lines: 0, dropped: DROPPED };
  expect(coverageOf({ ...ENDED, totals: silent })).toBeNull();
});

test("a session without an end is open only while it is in a room", () => {
  expect([lengthOf(UNENDED), coverageOf(UNENDED)]).toEqual([null, null]);
  expect(standingOf(UNENDED, new Set([ENDED.session]))).toBe("open");
  expect(standingOf(UNENDED, new Set())).toBe("unseen");
  expect(standingOf(ENDED, new Set([ENDED.session]))).toBe("closed");
});
