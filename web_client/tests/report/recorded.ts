import type { Evidence, Point, Report } from "../../src/protocol";

export const LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];

export function point(start: number, end: number, label: string | null, quality = {}): Point {
  const probs = LABELS.map((each) => (each === label ? 0.7 : 0.05));
  const face: Evidence = { present: 1, coverage: 0.8, weight: 0.6, quality };
  return {
    t_start_ms: start,
    t_end_ms: end,
    states: 1,
    label,
    expression: label === null ? null : { probs, confidence: 0.7, valence: 0.5, arousal: 0.25 },
    evidence: { face },
  };
}

/** Three seconds, a hole of two, and one more. */
export const REPORT: Report = {
  session: "a".repeat(32),
  participant: "Ada",
  opened_at: "2026-11-18T11:06:40.000+00:00",
  closed_at: null,
  reason: null,
  recorded_ms: 4_000,
  tick_ms: 1_000,
  purpose: "telehealth",
  consent: {
    text_version: "2026-11",
    language: "en",
    given_at: "2026-11-18T11:05:00+00:00",
    method: "button",
    covers: ["records"],
  },
  modalities: ["face"],
  models: {},
  labels: LABELS,
  totals: null,
  states: 4,
  fused: 3,
  abstained: { no_face: 1 },
  expression: null,
  shares: {},
  segments: [],
  transitions: [],
  evidence: {},
  blinks: null,
  voice: null,
  gaps: [{ t_start_ms: 3_000, t_end_ms: 5_000 }],
  warnings: [],
  timeline: [
    point(0, 1_000, "happy"),
    point(1_000, 2_000, "happy", { dark: 1 }),
    point(2_000, 3_000, null),
    point(5_000, 6_000, "sad"),
  ],
  comparison: null,
  words: null,
  traits: null,
  cohort: null,
  absent: {},
};
