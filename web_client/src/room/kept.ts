/** What the page keeps in this browser. What is read back may be anybody's: it is checked. */

import { MAX_RULE_SECONDS, MAX_RULES, type Rule } from "./rules";

/** What a watcher has set for a room. */
export interface Settings {
  rules: Rule[];
  sound: boolean;
}

/** A note, with its time: of the day, and on the session clock if it is about somebody. */
export interface Note {
  id: string;
  /** Milliseconds of Unix time. */
  at: number;
  session: string | null;
  participant: string | null;
  tMs: number | null;
  body: string;
  /** Whether a server keeps it, too. */
  stored: boolean;
}

export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export const MAX_NOTE_CHARACTERS = 4_000;

/** 32 hexadecimal digits. (`randomUUID` is missing from pages that are not secure.) */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What one room has in a browser's storage, which may be none. */
export class Kept {
  readonly #room: string;
  readonly #shelf: Shelf | null;

  constructor(room: string, shelf: Shelf | null = browserShelf()) {
    this.#room = room;
    this.#shelf = shelf;
  }

  get settings(): Settings {
    const { rules, sound } = fields(this.#read("rules"));
    return { rules: list(rules).filter(isRule).slice(0, MAX_RULES), sound: sound === true };
  }

  /** False where nothing can be kept. */
  keepSettings(settings: Settings): boolean {
    return this.#write("rules", settings);
  }

  get notes(): Note[] {
    return list(this.#read("notes")).filter(isNote);
  }

  /** Puts a note among those that are there now: another tab may have written since. False where that fails. */
  putNote(note: Note): boolean {
    const notes = this.notes;
    const place = notes.findIndex(({ id }) => id === note.id);
    notes.splice(place < 0 ? notes.length : place, 1, note);
    return this.#write("notes", notes);
  }

  deleteNotes(): void {
    this.#shelf?.removeItem(this.#key("notes"));
  }

  #key(what: string): string {
    return `esapr-room-${what} ${this.#room}`;
  }

  #read(what: string): unknown {
    try {
      return JSON.parse(this.#shelf?.getItem(this.#key(what)) ?? "null");
    } catch {
      return null;
    }
  }

  #write(what: string, value: unknown): boolean {
    try {
      this.#shelf?.setItem(this.#key(what), JSON.stringify(value));
      return this.#shelf !== null;
    } catch {
      // The storage is full.
      return false;
    }
  }
}

/** Frames without an origin, and some settings of browsers, have no storage. */
function browserShelf(): Shelf | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function isRule(value: unknown): value is Rule {
  const { id, measure, side, bound, confidence, seconds } = fields(value);
  return (
    typeof id === "string" &&
    !id.includes(" ") &&
    typeof measure === "string" &&
    (side === "above" || side === "below") &&
    within(bound, -1, 1) &&
    within(confidence, 0, 1) &&
    within(seconds, 1, MAX_RULE_SECONDS)
  );
}

function isNote(value: unknown): value is Note {
  const { id, at, session, participant, tMs, body, stored } = fields(value);
  const optional = (given: unknown, kind: string) => given === null || typeof given === kind;
  return (
    typeof id === "string" &&
    typeof at === "number" &&
    typeof body === "string" &&
    typeof stored === "boolean" &&
    optional(session, "string") &&
    optional(participant, "string") &&
    optional(tMs, "number")
  );
}

function within(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}
