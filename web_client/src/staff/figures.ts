/** What a row says of a session. */

import type { RecordedSession } from "../protocol";

/** How a session stands: open, ended with a reason, or gone without one. */
export type Standing = "open" | "unseen" | (string & {});

/** Milliseconds from its opening to its end; null while it is open, or where its end is unknown. */
export function lengthOf({ opened_at, closed_at }: RecordedSession): number | null {
  return closed_at === null ? null : Date.parse(closed_at) - Date.parse(opened_at);
}

/** `0:42`, `12:05` or `1:02:03`. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  if (hours === 0) return `${minutes}:${rest}`;
  return `${hours}:${String(minutes).padStart(2, "0")}:${rest}`;
}

/** The share of a session's states with an expression; null if it is not known yet. */
export function coverageOf({ totals }: RecordedSession): number | null {
  return totals === null || totals.states === 0 ? null : totals.fused / totals.states;
}

/** `open` says which sessions are in a room now. */
export function standingOf(session: RecordedSession, open: ReadonlySet<string>): Standing {
  if (session.reason !== null) return session.reason;
  return open.has(session.session) ? "open" : "unseen";
}
