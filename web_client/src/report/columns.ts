/** What the charts draw: columns for uPlot, in seconds on the session clock. */

import type { Point, Report } from "../protocol";
import type { Modality } from "../sdk/client";

export type Columns = [number[], ...(number | null)[][]];

/** A point is as wide as its states; its end lies this far before the next one's beginning. */
const EDGE = 0.0005;

/** One column a label: the probabilities, null where there are none. */
export function probabilities({ timeline, labels }: Report): Columns {
  return stepped(
    timeline,
    labels.map((_, column) => (point) => point.expression?.probs[column] ?? null),
  );
}

/** Weight and coverage of a modality, and 0 where its evidence has a quality flag. */
export function lane({ timeline }: Report, modality: Modality): Columns {
  return stepped(timeline, [
    ({ evidence }) => evidence[modality]?.weight ?? null,
    ({ evidence }) => evidence[modality]?.coverage ?? null,
    ({ evidence }) => (Object.keys(evidence[modality]?.quality ?? {}).length > 0 ? 0 : null),
  ]);
}

/** The point at a time, or the one before it; null before the first. */
export function pointAt(timeline: readonly Point[], seconds: number): Point | null {
  let [low, high] = [0, timeline.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((timeline[middle]?.t_start_ms ?? 0) <= seconds * 1_000) low = middle + 1;
    else high = middle;
  }
  return timeline[low - 1] ?? null;
}

/** Stretches of one highest label, as shares of the range in which they lie. */
export function stretches(
  timeline: readonly Point[],
  [begin, end]: readonly [number, number],
): { label: string; from: number; to: number }[] {
  const found: { label: string; from: number; to: number }[] = [];
  for (const { label, t_start_ms: start, t_end_ms: stop } of timeline) {
    const from = clamp((start / 1_000 - begin) / (end - begin));
    const to = clamp((stop / 1_000 - begin) / (end - begin));
    if (label === null || to <= from) continue;
    const last = found.at(-1);
    if (last && last.label === label && from - last.to < 1e-9) last.to = to;
    else found.push({ label, from, to });
  }
  return found;
}

/** Each point twice, at its begin and its end; a hole where the next one begins later. */
function stepped(
  timeline: readonly Point[],
  values: readonly ((point: Point) => number | null)[],
): Columns {
  const columns: Columns = [[], ...values.map((): (number | null)[] => [])];
  const [times, ...series] = columns;
  timeline.forEach((point, index) => {
    const next = timeline[index + 1];
    const end = point.t_end_ms / 1_000;
    times.push(point.t_start_ms / 1_000, end - EDGE);
    values.forEach((value, column) => series[column]?.push(value(point), value(point)));
    if (next && next.t_start_ms > point.t_end_ms) {
      times.push(end);
      for (const line of series) line.push(null);
    }
  });
  return columns;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
