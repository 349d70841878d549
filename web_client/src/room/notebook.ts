/** The notes of whoever watches, and those of them that a server keeps by choice. */

import type { ReactiveControllerHost } from "lit";
import type { NoteRequest } from "../protocol";
import { problemFrom, problemIn } from "../sdk/errors";
import { type Kept, newId, type Note } from "./kept";
import type { Person } from "./people";

const ANSWER_MS = 10_000;

export class Notebook {
  notes: readonly Note[];
  /** Whether this browser keeps them. */
  kept = true;
  /** Of notes that were not stored, why: the server's code; null while it is asked. */
  readonly refused = new Map<string, string | null>();
  readonly #shelf: Kept;
  readonly #host: ReactiveControllerHost;

  constructor(host: ReactiveControllerHost, shelf: Kept) {
    this.#host = host;
    this.#shelf = shelf;
    this.notes = shelf.notes;
  }

  /** Adds a note about `person`, or about the whole room; `now` is on the page's clock. */
  add(body: string, person: Person | undefined, now: number): void {
    const note = {
      id: newId(),
      at: Date.now(),
      session: person?.session ?? null,
      participant: person?.participant ?? null,
      tMs: person?.clockMs(now) ?? null,
      body,
      stored: false,
    };
    this.#put(note);
  }

  deleteAll(): void {
    this.#shelf.deleteNotes();
    this.notes = [];
    this.#host.requestUpdate();
  }

  /** Has the server keep a note with the records of the session that it is about. */
  async store(note: Note, server: string, token: string): Promise<void> {
    if (note.session === null) return;
    this.refused.set(note.id, null);
    this.#host.requestUpdate();
    try {
      await send(note, `/v1/sessions/${note.session}/notes`, server, token);
      this.refused.delete(note.id);
      this.#put({ ...note, stored: true });
    } catch (thrown) {
      this.refused.set(note.id, problemFrom(thrown).code);
      this.#host.requestUpdate();
    }
  }

  #put(note: Note): void {
    this.kept = this.#shelf.putNote(note);
    const others = this.notes.filter(({ id }) => id !== note.id);
    this.notes = this.kept ? this.#shelf.notes : [...others, note];
    this.#host.requestUpdate();
  }
}

/** Throws an `EsaprError` with the server's code. A note that is sent twice is kept once. */
async function send(note: Note, path: string, server: string, token: string): Promise<void> {
  const request: NoteRequest = { note_id: note.id, t_ms: note.tMs ?? 0, body: note.body };
  const answer = await fetch(new URL(path, server), {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (!answer.ok) throw await problemIn(answer);
}
