/** Messages that wait for the program, as an async iterable. */

import type { Gap, ServerMessage } from "../protocol";
import type { EsaprError } from "./errors";

/** Messages that may wait: four minutes of one state a second. */
export const CAPACITY = 256;

/**
 * Holds a bounded number. When the program is slow the oldest goes; states among those that went are
 * reported as one `gap` a session before the next message.
 */
export class Inbox {
  /** Messages that were not read in time. */
  dropped = 0;
  readonly #capacity: number;
  #queue: ServerMessage[] = [];
  readonly #gaps = new Map<string, Gap>();
  #end: { error: EsaprError | null } | null = null;
  #wake: (() => void)[] = [];

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  put(message: ServerMessage): void {
    this.#queue.push(message);
    if (this.#queue.length > this.#capacity) this.#drop();
    this.#notify();
  }

  /** Nothing more will come: readers stop, or throw the error, when all is read. */
  end(error: EsaprError | null): void {
    this.#end ??= { error };
    this.#notify();
  }

  async *messages(): AsyncGenerator<ServerMessage, void, void> {
    for (;;) {
      const message = this.#take();
      if (message) {
        yield message;
      } else if (this.#end) {
        if (this.#end.error) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    }
  }

  #take(): ServerMessage | undefined {
    for (const [session, gap] of this.#gaps) {
      this.#gaps.delete(session);
      return gap;
    }
    return this.#queue.shift();
  }

  #drop(): void {
    const oldest = this.#queue.shift();
    this.dropped += 1;
    if (oldest?.type === "gap") this.#extend(oldest);
    else if (oldest?.type === "state" || oldest?.type === "trend") {
      const { session, seq } = oldest;
      this.#extend({ type: "gap", session, from_seq: seq, to_seq: seq });
    }
  }

  #extend(gap: Gap): void {
    const { from_seq } = this.#gaps.get(gap.session) ?? gap;
    this.#gaps.set(gap.session, { ...gap, from_seq });
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
