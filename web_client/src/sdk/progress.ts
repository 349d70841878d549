/** How far each session was seen: what to resume from, and what comes twice or not at all. No I/O. */

import type { Gap, Resume, ServerMessage, State, Trend } from "../protocol";

/** Sessions of a room that `hello.resume` may name. */
const MAX_SESSIONS = 100;

export class Progress {
  readonly #lastSeqs = new Map<string, number>();

  /** What `hello` says of it, on the feed of a session or of a room. */
  resume(inRoom: boolean): { resume?: Resume } {
    if (this.#lastSeqs.size === 0) return {};
    if (inRoom) return { resume: { last_seqs: Object.fromEntries(this.#lastSeqs) } };
    const [lastSeq = 0] = this.#lastSeqs.values();
    return { resume: { last_seq: lastSeq } };
  }

  /** What to hand over for a state: nothing if it was seen, a `gap` before it if some are missing. */
  state(state: State | Trend): ServerMessage[] {
    const { session, seq } = state;
    const last = this.#lastSeqs.get(session) ?? seq - 1;
    if (seq <= last) return [];
    this.#note(session, seq);
    if (seq === last + 1) return [state];
    return [{ type: "gap", session, from_seq: last + 1, to_seq: seq - 1 }, state];
  }

  /** What to hand over for a `gap`: the part of it that was not seen. */
  gap(gap: Gap): ServerMessage[] {
    const last = this.#lastSeqs.get(gap.session) ?? gap.from_seq - 1;
    if (gap.to_seq <= last) return [];
    this.#note(gap.session, gap.to_seq);
    return [{ ...gap, from_seq: last + 1 }];
  }

  #note(session: string, seq: number): void {
    this.#lastSeqs.set(session, seq);
    // Of more a server takes none; who came first has most likely left.
    const [first] = this.#lastSeqs.keys();
    if (this.#lastSeqs.size > MAX_SESSIONS && first !== undefined) this.#lastSeqs.delete(first);
  }
}
