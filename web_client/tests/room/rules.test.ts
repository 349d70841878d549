import { expect, test } from "vitest";
import type { State } from "../../src/protocol";
import { BRIDGED_MS, MARGIN, REARM_MS, type Rule, Watch } from "../../src/room/rules";
import { golden } from "../golden";

const FEAR: Rule = {
  id: "r1",
  measure: "fear",
  side: "below",
  bound: 0,
  confidence: 0.6,
  seconds: 20,
};
const shown = golden("state");

/** What is shown, or the reason why nothing is. */
type Shown = Partial<NonNullable<State["fused"]>> | string;

/** A state of one second that ends at `end`. */
function state(end: number, fused: Shown, session = "s1"): State {
  return {
    ...shown,
    session,
    t_start_ms: (end - 1) * 1_000,
    t_end_ms: end * 1_000,
    fused: typeof fused === "object" && shown.fused ? { ...shown.fused, ...fused } : null,
    abstain: typeof fused === "string" ? { reason: fused } : null,
  };
}

const afraid = { label: "fear", confidence: 0.8 };
const calm = { label: "neutral", confidence: 0.9 };

/** The seconds at whose end `rule` alerts; what is shown in each second, or nothing for a gap. */
function alerts(rule: Rule, seconds: Record<number, Shown>): number[] {
  const watch = new Watch();
  watch.rules = [rule];
  return Object.entries(seconds)
    .filter(([end, fused]) => watch.take(state(Number(end), fused)).length > 0)
    .map(([end]) => Number(end));
}

/** The same for every second from `first` to `last`. */
function during(first: number, last: number, fused: Shown): Record<number, Shown> {
  const ends = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return Object.fromEntries(ends.map((end) => [end, fused]));
}

test("alerts once, when it has lasted", () => {
  expect(alerts(FEAR, during(1, 19, afraid))).toEqual([]);
  expect(alerts(FEAR, during(1, 300, afraid))).toEqual([20]);
});

test("less confidence than the rule asks for is nothing", () => {
  expect(alerts(FEAR, during(1, 60, { ...afraid, confidence: 0.59 }))).toEqual([]);
  expect(alerts(FEAR, during(1, 60, { ...afraid, confidence: 0.6 }))).toEqual([20]);
});

test("what has begun may waver a little at the bound", () => {
  const wavering = { ...afraid, confidence: FEAR.confidence - MARGIN / 2 };
  expect(alerts(FEAR, { 1: afraid, ...during(2, 60, wavering) })).toEqual([20]);
  const gone = { ...afraid, confidence: FEAR.confidence - 2 * MARGIN };
  expect(alerts(FEAR, { 1: afraid, ...during(2, 60, gone) })).toEqual([]);
});

test("a moment of something else breaks nothing, and does not count", () => {
  const bridged = BRIDGED_MS / 1_000;
  const interrupted = during(11, 10 + bridged, calm);
  expect(alerts(FEAR, { ...during(1, 60, afraid), ...interrupted })).toEqual([20 + bridged]);
});

test("more than a moment begins anew", () => {
  expect(alerts(FEAR, { ...during(1, 60, afraid), ...during(11, 13, calm) })).toEqual([33]);
});

test.each(["no_face", "muted", "paused"])(
  "an abstention (%s) counts as something else",
  (reason) => {
    expect(alerts(FEAR, { ...during(1, 60, afraid), ...during(11, 12, reason) })).toEqual([22]);
    expect(alerts(FEAR, { ...during(1, 60, afraid), ...during(11, 13, reason) })).toEqual([33]);
  },
);

test("what was not seen does not count", () => {
  const { 11: _, 12: __, ...short } = during(1, 60, afraid);
  expect(alerts(FEAR, short)).toEqual([22]);
  const long = { ...during(1, 10, afraid), ...during(31, 90, afraid) };
  expect(alerts(FEAR, long)).toEqual([50]);
});

test("states that are sent again after a reconnection count once", () => {
  const watch = new Watch();
  watch.rules = [FEAR];
  for (let end = 1; end <= 15; end += 1) watch.take(state(end, afraid));
  const again = [];
  for (let end = 1; end <= 25; end += 1) again.push(watch.take(state(end, afraid)).length);
  expect(again.lastIndexOf(1)).toBe(19);
  expect(again.filter((count) => count > 0)).toHaveLength(1);
});

test("after an alert it has to be gone for a while before the next", () => {
  const rearm = REARM_MS / 1_000;
  const shortly = { ...during(1, 120, afraid), ...during(31, 30 + rearm, calm) };
  expect(alerts(FEAR, shortly)).toEqual([20]);
  const longer = { ...during(1, 120, afraid), ...during(31, 31 + rearm, calm) };
  expect(alerts(FEAR, longer)).toEqual([20, 31 + rearm + 20]);
});

test("valence and arousal, above and below a bound", () => {
  const low: Rule = { ...FEAR, measure: "valence", side: "below", bound: -0.3, seconds: 5 };
  expect(alerts(low, during(1, 9, { valence: -0.31, confidence: 0.7 }))).toEqual([5]);
  expect(alerts(low, during(1, 9, { valence: -0.29, confidence: 0.7 }))).toEqual([]);
  const high: Rule = { ...low, measure: "arousal", side: "above", bound: 0.5 };
  expect(alerts(high, during(1, 9, { arousal: 0.51, confidence: 0.7 }))).toEqual([5]);
  expect(alerts(high, during(1, 9, { arousal: 0.51, confidence: 0.1 }))).toEqual([]);
});

test("people and rules are apart", () => {
  const watch = new Watch();
  const brief = { ...FEAR, id: "r2", seconds: 3 };
  watch.rules = [FEAR, brief];
  const found = [1, 2, 3].flatMap((end) => [
    ...watch.take(state(end, afraid, "s1")).map(({ id }) => `${id} s1`),
    ...watch.take(state(end, end === 3 ? calm : afraid, "s2")).map(({ id }) => `${id} s2`),
  ]);
  expect(found).toEqual(["r2 s1"]);
});

test("a rule that is added leaves the others where they are", () => {
  const watch = new Watch();
  watch.rules = [FEAR];
  for (let end = 1; end <= 19; end += 1) watch.take(state(end, afraid));
  watch.rules = [{ ...FEAR, id: "r2", seconds: 3 }, FEAR];
  expect(watch.take(state(20, afraid)).map(({ id }) => id)).toEqual(["r1"]);
});

test("somebody who has left begins anew", () => {
  const watch = new Watch();
  watch.rules = [FEAR];
  for (let end = 1; end <= 19; end += 1) watch.take(state(end, afraid));
  watch.forget("s1");
  expect(watch.take(state(20, afraid))).toEqual([]);
});
