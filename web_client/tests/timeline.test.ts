import { expect, test } from "vitest";
import type { State } from "../src/protocol";
import { History, WINDOW_SECONDS } from "../src/timeline";
import { golden } from "./golden";

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
