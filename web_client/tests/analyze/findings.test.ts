import { describe, expect, test } from "vitest";
import { type Subject, toCsv, toJson } from "../../src/analyze/download";
import { Findings } from "../../src/analyze/findings";
import { LABELS } from "../../src/live/palette";
import type { AnalysisDone, Page, State } from "../../src/protocol";
import { golden } from "../golden";

const STATE = golden("state");
const SUBJECT: Subject = {
  name: "clip.webm",
  mediaType: "video/webm",
  analysedAt: "2026-11-23T09:00:00.000Z",
  labels: LABELS,
};

/** The state of second `seq`: a label and how sure it is, or why there is none. */
function state(seq: number, label: string | null, confidence = 0.5, more: object = {}): State {
  const fused = { ...STATE.fused!, label: label ?? "", confidence };
  return {
    ...STATE,
    seq,
    t_start_ms: 1_000 * seq,
    t_end_ms: 1_000 * (seq + 1),
    fused: label === null ? null : fused,
    abstain: label === null ? { reason: "no_face" } : null,
    modalities: {},
    ...more,
  };
}

function found(...states: State[]): Findings {
  const findings = new Findings();
  for (const each of states) findings.add(each);
  return findings;
}

function page(number: number, label: string | null): Page {
  const { fused, abstain } = state(0, label);
  return { type: "page", analysis: "a", number, pages: 2, lines: 3, fused, abstain };
}

const DONE: AnalysisDone = {
  type: "analysis.done",
  analysis: "a",
  summary: {
    duration_ms: 3_000,
    states: 3,
    pages: 0,
    labels: {},
    abstained: {},
    coverage: { face: 1 },
    blinks: 2,
    speech_ms: 1_500,
    damaged: 0,
    totals: golden("session.closed").totals,
  },
};

describe("findings", () => {
  test("are counted by expression, those without one last", () => {
    const findings = found(state(0, null), state(1, null), state(2, "sad"));
    expect(findings.distribution()).toEqual([
      { label: "sad", count: 1, share: 1 / 3 },
      { label: null, count: 2, share: 2 / 3 },
    ]);
    expect(findings.abstained()).toEqual([["no_face", 2]]);
  });

  test("in a row are a segment, with the mean of their confidence", () => {
    const states = [
      state(0, "happy", 0.4),
      state(1, "happy", 0.8),
      state(2, null),
      state(3, "happy"),
    ];
    expect(found(...states).segments()).toEqual([
      { label: "happy", startMs: 0, endMs: 2_000, confidence: expect.closeTo(0.6) },
      { label: null, startMs: 2_000, endMs: 3_000, confidence: null },
      { label: "happy", startMs: 3_000, endMs: 4_000, confidence: 0.5 },
    ]);
  });

  test("are lines over time, broken where nothing was fused", () => {
    const [times, first] = found(state(0, "sad"), state(1, null)).columns(LABELS.length);
    expect(times).toEqual([0.5, 1.5]);
    expect(first).toEqual([STATE.fused!.probs[0], null]);
  });

  test("tell of face and voice what they have shown", () => {
    const face = { ...STATE.modalities.face!, blinks_total: 2 };
    const voice = { ...STATE.modalities.voice!, speech_ms: 800, loudness_db: -20 };
    const silent = { ...voice, speech_ms: 0, loudness_db: -70 };
    const findings = found(
      state(0, "sad", 0.5, { modalities: { face, voice } }),
      state(1, "sad", 0.5, { modalities: { voice: silent } }),
      state(2, "sad", 0.5, { modalities: { voice: { ...voice, loudness_db: -10 } } }),
    );
    findings.add(DONE);
    expect(findings.signals()).toEqual({
      seconds: 3,
      blinks: 2,
      blinksPerMinute: 40,
      speechShare: 0.5,
      loudnessDb: -15,
    });
  });

  test("of neither face nor voice are no signals", () => {
    const { blinks, blinksPerMinute, speechShare, loudnessDb } = found(state(0, "sad")).signals();
    expect([blinks, blinksPerMinute, speechShare, loudnessDb]).toEqual([null, null, null, null]);
  });
});

describe("a saved result", () => {
  test("is a line a second, empty where there is no value", () => {
    const findings = found(state(0, "happy", 0.75), state(1, null));
    const [head, first, second, end] = toCsv(SUBJECT, findings).split("\r\n");
    const names = head!.split(",");
    const cell = (line: string, name: string) => line.split(",")[names.indexOf(name)];
    expect(names.slice(-LABELS.length)).toEqual([...LABELS]);
    expect([cell(first!, "start_ms"), cell(first!, "end_ms")]).toEqual(["0", "1000"]);
    expect([cell(first!, "expression"), cell(first!, "confidence")]).toEqual(["happy", "0.75"]);
    expect(cell(first!, "neutral")).toBe(String(STATE.fused!.probs.at(-1)));
    expect([cell(second!, "expression"), cell(second!, "abstained")]).toEqual(["", "no_face"]);
    expect(second!.split(",")).toHaveLength(names.length);
    expect(end).toBe("");
  });

  test("of a document is a line a page", () => {
    const findings = new Findings();
    for (const each of [page(1, "sad"), page(2, null)]) findings.add(each);
    const lines = toCsv(SUBJECT, findings).trim().split("\r\n");
    expect(lines.map((line) => line.split(",").slice(0, 3))).toEqual([
      ["page", "lines", "expression"],
      ["1", "3", "sad"],
      ["2", "3", ""],
    ]);
  });

  test("has everything in JSON", () => {
    const findings = found(state(0, "happy"));
    findings.add(DONE);
    const saved = JSON.parse(toJson(SUBJECT, findings)) as Record<string, unknown>;
    expect(saved).toMatchObject({
      name: "clip.webm",
      media_type: "video/webm",
      labels: [...LABELS],
      states: findings.states,
      pages: [],
      summary: DONE.summary,
    });
  });
});
