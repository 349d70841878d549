import { expect, test } from "vitest";
import { History, SpeakingShare, WINDOW_SECONDS } from "../../src/live/history";
import type { State } from "../../src/protocol";
import { golden } from "../golden";

function state(endSeconds: number, changes: Partial<State> = {}): State {
  return {
    ...golden("state"),
    t_start_ms: (endSeconds - 1) * 1_000,
    t_end_ms: endSeconds * 1_000,
    ...changes,
  };
}

test("one column a class, in seconds of the session", () => {
  const history = new History(7);
  const shown = golden("state").fused?.probs;
  history.add(state(1));
  history.add(state(2));
  expect(history.columns).toEqual([[1, 2], ...(shown ?? []).map((share) => [share, share])]);
});

test("a state without an expression leaves a hole", () => {
  const history = new History(7);
  history.add(state(1, { fused: null, abstain: { reason: "no_face" } }));
  expect(history.columns[1]).toEqual([null]);
});

test("skipped states leave a hole", () => {
  const history = new History(7);
  history.add(state(1));
  history.add(state(5));
  expect(history.columns[0]).toEqual([1, 3, 5]);
  expect(history.columns[1]?.[1]).toBeNull();
});

test("nothing older than the window is kept", () => {
  const history = new History(7);
  for (let second = 1; second <= 500; second += 1) history.add(state(second));
  expect(history.columns.map((column) => column.length)).toEqual(
    Array.from({ length: 8 }, () => WINDOW_SECONDS + 1),
  );
  expect(history.columns[0][0]).toBe(500 - WINDOW_SECONDS);
});

test("a session that takes the place of another goes on where the page is", () => {
  const history = new History(7);
  const created = golden("session.created");
  history.begin({ ...created, t_ms: 0 }, 100);
  history.add(state(1));
  history.begin({ ...created, t_ms: 0 }, 103);
  history.add(state(1));
  expect(history.columns[0]).toEqual([101, 102.5, 104]);
});

test("what is replayed twice stands there once", () => {
  const history = new History(7);
  for (const second of [1, 2, 2, 1, 3]) history.add(state(second));
  expect(history.columns[0]).toEqual([1, 2, 3]);
});

test("the table has the likeliest expression of each step, newest first", () => {
  const history = new History(7);
  const sure = golden("state").fused;
  for (let second = 1; second <= 12; second += 1) {
    const abstains = { fused: null, abstain: { reason: "no_face" } };
    history.add(state(second, second <= 2 ? { fused: sure } : abstains));
  }
  expect(history.digest(10)).toEqual([
    { secondsAgo: 0, column: null },
    { secondsAgo: 10, column: 3 },
  ]);
});

test("speech that goes on counts up to now", () => {
  const speaking = new SpeakingShare();
  expect(speaking.at(0)).toBeNull();
  speaking.event(true, 1_000);
  expect(speaking.at(2_000)).toBe(0.5);
  speaking.event(false, 2_000);
  expect(speaking.at(4_000)).toBe(0.25);
});
