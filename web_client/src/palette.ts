/** One colour and one dash for each expression, the same in bars and timeline. */

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
  return label in DASHES ? `--expression-${label}` : "--text-muted";
}

export function dash(label: string): number[] {
  return DASHES[label] ?? [];
}

/** A colour of the current scheme, as a canvas wants it. */
export function resolved(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}
