/** What an analysis has found so far, and what it amounts to. No I/O. */

import type { AnalysisSummary, HelpLine, Page, Progress, State } from "../protocol";
import type { Found } from "../sdk/analysis";
import type { Columns } from "../live/history";

/** Consecutive states, or pages, with the same expression; null is none. */
export interface Segment {
  label: string | null;
  startMs: number;
  endMs: number;
  /** Mean of its states; null without an expression. */
  confidence: number | null;
}

/** An expression, or null for none, and the share of all states or pages that show it. */
export interface Share {
  label: string | null;
  count: number;
  share: number;
}

/** What the face and the voice have shown beside expressions; null where there was neither. */
export interface Signals {
  seconds: number;
  blinks: number | null;
  blinksPerMinute: number | null;
  speechShare: number | null;
  /** Mean over the states with speech, relative to full scale. */
  loudnessDb: number | null;
}

export class Findings {
  readonly states: State[] = [];
  readonly pages: Page[] = [];
  progress: Progress | null = null;
  summary: AnalysisSummary | null = null;
  /** Whom to turn to, where what is written speaks of self-harm. */
  helpLines: readonly HelpLine[] = [];

  add(found: Found): void {
    switch (found.type) {
      case "state":
        this.states.push(found);
        break;
      case "page":
        this.pages.push(found);
        break;
      case "progress":
        this.progress = found;
        break;
      case "event":
        this.helpLines = found.help_lines ?? [];
        break;
      case "analysis.done":
        this.summary = found.summary;
    }
  }

  get empty(): boolean {
    return this.states.length + this.pages.length === 0;
  }

  /** Expressions by how often they were shown, those that could not be told last. */
  distribution(): Share[] {
    const shown = [...this.states, ...this.pages];
    const counts = new Map<string | null, number>();
    for (const { fused } of shown) {
      const label = fused?.label ?? null;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return [...counts]
      .map(([label, count]) => ({ label, count, share: count / shown.length }))
      .sort((one, other) => rank(other) - rank(one));
  }

  /** Why states, or pages, name no expression: how many by reason, the most frequent first. */
  abstained(): [reason: string, count: number][] {
    const counts = new Map<string, number>();
    for (const { abstain } of [...this.states, ...this.pages]) {
      if (abstain) counts.set(abstain.reason, (counts.get(abstain.reason) ?? 0) + 1);
    }
    return [...counts].sort(([, one], [, other]) => other - one);
  }

  segments(): Segment[] {
    const runs: [State, ...State[]][] = [];
    for (const state of this.states) {
      const run = runs.at(-1);
      if (run && run[0].fused?.label === state.fused?.label) run.push(state);
      else runs.push([state]);
    }
    return runs.map((run) => ({
      label: run[0].fused?.label ?? null,
      startMs: run[0].t_start_ms,
      endMs: run.at(-1)!.t_end_ms,
      confidence: mean(run.flatMap(({ fused }) => (fused ? [fused.confidence] : []))),
    }));
  }

  signals(): Signals {
    const { states, summary } = this;
    const seconds = (summary?.duration_ms ?? states.at(-1)?.t_end_ms ?? 0) / 1_000;
    const faces = states.flatMap(({ modalities: { face } }) => (face ? [face] : []));
    const voices = states.flatMap(({ modalities: { voice } }) => (voice ? [voice] : []));
    const blinks = faces.length > 0 ? Math.max(...faces.map((face) => face.blinks_total)) : null;
    const spoken = voices.filter(({ speech_ms }) => speech_ms > 0);
    const loudness = mean(spoken.map(({ loudness_db }) => loudness_db));
    const speechMs = summary?.speech_ms ?? null;
    return {
      seconds,
      blinks,
      blinksPerMinute: blinks === null || seconds === 0 ? null : (60 * blinks) / seconds,
      speechShare: speechMs === null || voices.length === 0 ? null : speechMs / 1_000 / seconds,
      loudnessDb: loudness,
    };
  }

  /** Times in seconds, each in the middle of its state, then one array an expression. */
  columns(classes: number): Columns {
    const times = this.states.map((state) => (state.t_start_ms + state.t_end_ms) / 2_000);
    const series = Array.from({ length: classes }, (_, column) =>
      this.states.map(({ fused }) => fused?.probs[column] ?? null),
    );
    return [times, ...series];
  }
}

/** Expressions come before the lack of one. */
function rank({ label, count }: Share): number {
  return label === null ? -1 : count;
}

/** Null of nothing. */
function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
