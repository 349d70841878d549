/** Numbers as people read them; fixed lengths where the text stands in a column. */

const MINUS = "−";

/** 0.423 as `42%`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** A value in [-1, 1] as `+0.31`, `−0.07` or `0.00`. */
export function signed(value: number): string {
  const digits = Math.abs(value).toFixed(2);
  if (digits === "0.00") return digits;
  return (value < 0 ? MINUS : "+") + digits;
}

/** Milliseconds as `84 ms`, and from one second as `1.2 s`. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Loudness relative to full scale as `−23 dB`. */
export function decibels(db: number): string {
  if (!Number.isFinite(db)) return "–";
  const rounded = Math.round(db);
  return `${rounded < 0 ? MINUS : ""}${Math.abs(rounded)} dB`;
}

/** A pitch as `182 Hz`. */
export function hertz(pitch: number): string {
  return `${Math.round(pitch)} Hz`;
}

/** Seconds as `0:07`, `12:30`, `61:05`. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Seconds before now as `now`, `−0:30`, `−2:00`. */
export function beforeNow(seconds: number, now = "now"): string {
  const whole = Math.round(Math.abs(seconds));
  if (whole === 0) return now;
  return MINUS + clock(whole);
}
