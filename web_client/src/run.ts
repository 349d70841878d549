/** One session from the open devices to its end: feed, media, and what to do when either breaks. */

import { publish, type Publication } from "./capture";
import { Problem, problemFrom } from "./errors";
import { Feed, type FeedPhase } from "./feed";
import type { ServerMessage, SessionCredentials, Totals } from "./protocol";
import { feedAddress } from "./session";
import { closeInWords } from "./words";

const MAX_PUBLICATIONS = 4;

/** How a session ended; `problem` is null when that was asked for. */
export interface Ending {
  reason: string;
  totals: Totals | null;
  problem: Problem | null;
}

export interface RunHandlers {
  message(message: ServerMessage): void;
  phase(phase: FeedPhase): void;
  roundTrip(ms: number): void;
  problem(problem: Problem): void;
  ended(ending: Ending): void;
}

export class Run {
  readonly stream: MediaStream;
  readonly #credentials: SessionCredentials;
  readonly #handlers: RunHandlers;
  readonly #feed: Feed;
  #publication: Publication | null = null;
  #publications = 0;
  #finishing = false;
  #over = false;
  #totals: Totals | null = null;
  #reason = "";
  #refusal: Problem | null = null;

  constructor(stream: MediaStream, credentials: SessionCredentials, handlers: RunHandlers) {
    this.stream = stream;
    this.#credentials = credentials;
    this.#handlers = handlers;
    const url = feedAddress(credentials.feed_url, location.href);
    this.#feed = new Feed(url, credentials.client_token, {
      message: (message) => this.#receive(message),
      phase: (phase) => this.#enter(phase),
      roundTrip: (ms) => handlers.roundTrip(ms),
    });
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => {
        const device = track.kind === "video" ? "camera" : "microphone";
        handlers.problem(new Problem("device_lost", `The ${device} was disconnected.`));
      });
    }
  }

  start(): void {
    this.#feed.open();
  }

  /** Sends a line of text; false when there is no connection to send it over. */
  say(body: string): boolean {
    return this.#feed.send({ type: "text", body, source: "chat" });
  }

  stop(): void {
    this.#finish("close");
  }

  withdraw(): void {
    this.#finish("consent.revoke");
  }

  /** Media stops at once, whatever the server answers and when. */
  #finish(type: "close" | "consent.revoke"): void {
    this.#finishing = true;
    this.#stopMedia();
    this.#feed.finish({ type });
  }

  #stopMedia(): void {
    for (const track of this.stream.getTracks()) track.stop();
    void this.#publication?.stop();
    this.#publication = null;
  }

  #receive(message: ServerMessage): void {
    if (message.type === "error") {
      this.#refusal = new Problem(message.code, message.message);
      this.#handlers.problem(this.#refusal);
    } else if (message.type === "session.closed") {
      this.#totals = message.totals;
      this.#reason = message.reason;
    }
    this.#handlers.message(message);
    if (message.type === "session.created" && this.#publications === 0) void this.#publish();
  }

  /** Brings the media to the server, again when the connection fails: seq and smoothing go on. */
  async #publish(): Promise<void> {
    if (this.stream.getTracks().length === 0) return;
    this.#publications += 1;
    const { whip_url: whipUrl, client_token: token } = this.#credentials;
    try {
      const publication = await publish(this.stream, whipUrl, token);
      if (this.#finishing || this.#over) {
        await publication.stop();
        return;
      }
      this.#publication = publication;
      this.#watch(publication);
    } catch (thrown) {
      if (!this.#finishing) this.#handlers.problem(problemFrom(thrown));
    }
  }

  #watch(publication: Publication): void {
    const { connection } = publication;
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState !== "failed" || publication !== this.#publication) return;
      this.#publication = null;
      void publication.stop();
      if (this.#publications < MAX_PUBLICATIONS) {
        void this.#publish();
      } else {
        const message = "Picture and sound do not reach the server. Stop, and start again.";
        this.#handlers.problem(new Problem("media_lost", message));
      }
    });
  }

  #enter(phase: FeedPhase): void {
    this.#handlers.phase(phase);
    if (phase.name !== "closed" || this.#over) return;
    this.#over = true;
    this.#stopMedia();
    const asked = this.#finishing || phase.code === 1000;
    const problem = asked
      ? null
      : (this.#refusal ?? new Problem(`closed_${phase.code}`, closeInWords(phase.code)));
    this.#handlers.ended({ reason: this.#reason, totals: this.#totals, problem });
  }
}
