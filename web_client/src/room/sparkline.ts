/** The last minutes of one person in a line: valence, and below it which expression was shown. */

import { html, svg, type TemplateResult } from "lit";
import { colourVariable } from "../live/palette";
import { vary } from "../live/vary";
import { type Glimpse, PAST_SECONDS } from "./people";

const WIDTH = 240;
const HEIGHT = 32;
const RIBBON = 5;
const MIDDLE = (HEIGHT - RIBBON) / 2;
/** Between two states so much may miss before the line breaks, in milliseconds. */
const HOLE_MS = 500;

export function sparkline(past: readonly Glimpse[], title: string): TemplateResult {
  const end = past.at(-1)?.endMs ?? 0;
  const x = (ms: number) => WIDTH * (1 - (end - ms) / (PAST_SECONDS * 1_000));
  return html`
    <svg
      class="sparkline"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label=${title}
    >
      <line class="zero" x1="0" x2=${WIDTH} y1=${MIDDLE} y2=${MIDDLE} />
      <path class="valence" d=${line(past, x)} />
      ${ribbon(past).map(
        ({ label, startMs, endMs }) =>
          svg`<rect class="shown" x=${x(startMs)} y=${HEIGHT - RIBBON}
            width=${Math.max(0.5, x(endMs) - x(startMs))} height=${RIBBON}
            ${vary({ fill: `var(${colourVariable(label)})` })} />`,
      )}
    </svg>
  `;
}

/** A path through the ends of all states; it begins anew behind a hole. */
export function line(past: readonly Glimpse[], x: (ms: number) => number): string {
  let until = -Infinity;
  return past
    .map(({ startMs, endMs, valence }) => {
      if (valence === null) return "";
      const joined = startMs - until <= HOLE_MS;
      until = endMs;
      const at = `${x(endMs).toFixed(1)} ${(MIDDLE * (1 - valence)).toFixed(1)}`;
      return joined ? `L${at}` : `M${at}`;
    })
    .join("");
}

/** Neighbours with one label as one piece. */
export function ribbon(
  past: readonly Glimpse[],
): { label: string; startMs: number; endMs: number }[] {
  const pieces: { label: string; startMs: number; endMs: number }[] = [];
  for (const { label, startMs, endMs } of past) {
    const before = pieces.at(-1);
    if (label === null) continue;
    if (before?.label === label && startMs - before.endMs <= HOLE_MS) before.endMs = endMs;
    else pieces.push({ label, startMs, endMs });
  }
  return pieces;
}
