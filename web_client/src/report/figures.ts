/** Numbers as the documents print them (server/reports/figures.py). */

export type Form =
  | "share"
  | "points"
  | "signed"
  | "count"
  | "rate"
  | "time"
  | "length"
  | "loudness"
  | "pitch"
  | "interval";

const BLANK = "\u00a0";
const MINUS = "\u2212";

const FORMS: Readonly<Record<Form, (value: number) => string>> = {
  share: (value) => `${(100 * value).toFixed(1)}${BLANK}%`,
  points: (value) => sign(100 * value) + Math.abs(100 * value).toFixed(1),
  signed: (value) => sign(value) + Math.abs(value).toFixed(2),
  count: (value) => value.toFixed(0),
  rate: (value) => value.toFixed(1),
  time: clock,
  length: (value) => `${(value / 1_000).toFixed(1)}${BLANK}s`,
  loudness: (value) => `${value.toFixed(1)}${BLANK}dB`,
  pitch: (value) => `${value.toFixed(0)}${BLANK}Hz`,
  interval: (value) => `${value.toFixed(1)}${BLANK}st`,
};

export function shown(value: number, form: Form, decimal: string): string {
  return FORMS[form](value).replace(".", decimal).replace("-", MINUS);
}

/** A time on the session clock, in milliseconds, as `m:ss.s`, from an hour on as `h:mm:ss.s`. */
export function clock(ms: number): string {
  const tenths = Math.round(ms / 100);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  const minutes = Math.floor(tenths / 600);
  const hours = Math.floor(minutes / 60);
  return hours > 0
    ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${seconds}`
    : `${minutes}:${seconds}`;
}

function sign(value: number): string {
  return value < 0 ? "-" : "+";
}
