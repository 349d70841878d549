/** One colour and one dash for each expression, the same in bars and timeline. */

import { percent } from "./format";
import type { Chart } from "./timeline";

/** The seven expressions, in the order of their probabilities. */
export const LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"] as const;

/** Dashes in pixels: lines stay apart for readers who do not see the colours. */
const DASHES: Readonly<Record<string, number[]>> = {
  angry: [],
  disgust: [8, 4],
  fear: [2, 3],
  happy: [],
  sad: [8, 4],
  surprise: [2, 3],
  neutral: [],
};

/** The style sheet's name for the colour of an expression. */
export function colourVariable(label: string): string {
  return label in DASHES ? `--e-${label}` : "--e-muted";
}

export function dash(label: string): number[] {
  return DASHES[label] ?? [];
}

/** A colour in effect where `probe` stands, as a canvas wants it: `light-dark()` is resolved. */
export function resolved(probe: HTMLElement, variable: string): string {
  probe.style.color = `var(${variable})`;
  const { color } = getComputedStyle(probe);
  probe.style.color = "";
  return color;
}

/** The probabilities of these expressions. */
export function expressionsChart(labels: readonly string[]): Chart {
  return {
    lines: labels.map((label) => ({ colour: colourVariable(label), dash: dash(label) })),
    values: [0, 0.5, 1],
    inWords: percent,
  };
}
