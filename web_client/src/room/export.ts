/** Notes as files. */

import type { Note } from "./kept";
import type { Words } from "./messages";

const FORMAT = "esapr-notes-1";

/** One note a paragraph, oldest first, with the time of day and the session clock. */
export function notesAsText(words: Words, room: string, notes: readonly Note[]): string {
  const paragraphs = notes.map(({ at, participant, tMs, body }) => {
    const clock = tMs === null ? [] : [words.sessionClock(clockOf(tMs))];
    const head = [moment(at), participant ?? words.everybody, ...clock].join(", ");
    return `${head}\n${body}\n`;
  });
  return [`${words.roomTitle(room)}\n`, ...paragraphs].join("\n");
}

export function notesAsJson(room: string, notes: readonly Note[], now: Date): string {
  const shown = notes.map(({ id, at, session, participant, tMs, body }) => ({
    id,
    at: new Date(at).toISOString(),
    session,
    participant,
    t_ms: tMs,
    body,
  }));
  const document = { format: FORMAT, exported_at: now.toISOString(), room, notes: shown };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Milliseconds as `0:07`, `12:34` and `1:02:03`. */
export function clockOf(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const parts = hours > 0 ? [hours, twoDigits(minutes)] : [minutes];
  return [...parts, twoDigits(seconds % 60)].join(":");
}

/** The time of day where the reader is: `2026-11-23 14:03:12`. */
export function moment(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits);
  return `${day.join("-")} ${timeOfDay(at)}`;
}

export function timeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** Offers a text as a file. */
export function save(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
