/** What a person showed over the last minutes, on the clock of the page: it outlives sessions. */

import type { SessionCreated, State } from "../protocol";

export const WINDOW_SECONDS = 120;

/** Columns for uPlot: times in seconds, then one array a class; null where nothing was fused. */
export type Columns = [number[], ...(number | null)[][]];

export class History {
  readonly columns: Columns;
  /** What lies between the clock of the session and that of the page. */
  #offset = 0;

  constructor(classes: number) {
    this.columns = [[], ...Array.from({ length: classes }, () => [])];
  }

  /** Begins with a session, or goes on with the next one; `now` in seconds, on the page's clock. */
  begin({ t_ms: sessionMs }: SessionCreated, now: number): void {
    this.#offset = now - sessionMs / 1_000;
  }

  /** Appends a state and forgets what is older than the window. */
  add(state: State): void {
    const [times, ...series] = this.columns;
    const end = this.#offset + state.t_end_ms / 1_000;
    const start = this.#offset + state.t_start_ms / 1_000;
    const before = times.at(-1);
    if (before !== undefined && end <= before) return;
    // Skipped states leave a hole in the lines, not a slope across it.
    if (before !== undefined && start - before > 0.5) {
      times.push((before + end) / 2);
      for (const line of series) line.push(null);
    }
    times.push(end);
    series.forEach((line, column) => line.push(state.fused?.probs[column] ?? null));
    const kept = times.findIndex((time) => time >= end - WINDOW_SECONDS);
    if (kept > 0) for (const column of this.columns) column.splice(0, kept);
  }

  /** The likeliest class of the newest state in each `step` of seconds, newest first. */
  digest(step: number): { secondsAgo: number; column: number | null }[] {
    const [times, ...series] = this.columns;
    const newest = times.at(-1) ?? 0;
    const rows = new Map<number, number | null>();
    for (let index = times.length - 1; index >= 0; index -= 1) {
      const secondsAgo = step * Math.floor((newest - (times[index] ?? 0)) / step);
      if (rows.has(secondsAgo)) continue;
      const shares = series.map((line) => line[index] ?? null);
      rows.set(secondsAgo, likeliest(shares));
    }
    return [...rows].map(([secondsAgo, column]) => ({ secondsAgo, column }));
  }
}

function likeliest(shares: readonly (number | null)[]): number | null {
  let found: number | null = null;
  shares.forEach((share, column) => {
    if (share !== null && share > (found === null ? -1 : (shares[found] ?? -1))) found = column;
  });
  return found;
}

/** The share of a session in which somebody spoke, from the events that say when. */
export class SpeakingShare {
  #spokenMs = 0;
  #since: number | null = null;

  event(active: boolean, tMs: number): void {
    if (active) this.#since ??= tMs;
    else if (this.#since !== null) {
      this.#spokenMs += tMs - this.#since;
      this.#since = null;
    }
  }

  /** Null before the first second. */
  at(tMs: number): number | null {
    if (tMs <= 0) return null;
    const open = this.#since === null ? 0 : Math.max(0, tMs - this.#since);
    return Math.min(1, (this.#spokenMs + open) / tMs);
  }
}
