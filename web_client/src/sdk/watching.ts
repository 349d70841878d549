/** The feed of a session that others feed, or of a room. */

import { problemIn } from "./errors";
import type { Detail } from "./feed";
import type { Surroundings } from "./socket";
import { Subscription } from "./subscription";

const REFUSED: ReadonlySet<number> = new Set([401, 403]);
const UNKNOWN = 404;
/** A gateway that has just started learns of a room with the next state of somebody in it. */
const PATIENT_ATTEMPTS = 3;

export class Watching extends Subscription {
  readonly #url: URL;
  readonly #token: string;

  constructor(url: string, token: string, detail: Detail, around?: Surroundings) {
    super(url, token, detail, around);
    this.#url = new URL(url.replace(/^ws/, "http"));
    this.#token = token;
    this.on("phase", (phase) => {
      if (phase.name === "waiting") void this.#askWhy(phase.attempt);
    });
  }

  /** A browser is not told why a socket was refused, but a request is. */
  async #askWhy(attempt: number): Promise<void> {
    try {
      const headers = { Authorization: `Bearer ${this.#token}` };
      const answer = await fetch(this.#url, { headers });
      const unknown = answer.status === UNKNOWN && attempt >= PATIENT_ATTEMPTS;
      if (unknown || REFUSED.has(answer.status)) this.feed.giveUp(await problemIn(answer));
    } catch {
      // The server cannot be reached: the feed tries again.
    }
  }
}
