/** One session from the open devices to its end: feed, media, and what to do when either breaks. */

import { Problem, problemFrom } from "./errors";
import { Feed, type FeedPhase } from "./feed";
import type { ServerMessage, SessionCredentials, Totals } from "./protocol";
import { publish, type Publication } from "./publication";
import { feedAddress } from "./session";
import { closeInWords } from "./words";

/** Publications in a row that do not connect. */
const MAX_ATTEMPTS = 5;
const RETRY_MS = 2_000;
/** A connection that is broken for less than this mends itself. */
const DISCONNECTED_MS = 3_000;

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
  #publishing = false;
  #attempts = 0;
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
    for (const track of this.stream.getTracks()) track.stop();
    this.#publication?.connection.close();
    // A session that ends takes its publications with it.
    if (!this.#feed.finish({ type })) void this.#publication?.stop();
    this.#publication = null;
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
    if (message.type === "session.created" && !this.#publishing) void this.#publish();
  }

  /** Brings the media to the server, again when the connection fails: seq and smoothing go on. */
  async #publish(): Promise<void> {
    if (this.stream.getTracks().length === 0 || this.#finishing || this.#over) return;
    this.#publishing = true;
    this.#attempts += 1;
    try {
      const publication = await publish(this.stream, this.#credentials);
      if (this.#finishing || this.#over) {
        await publication.stop();
        return;
      }
      this.#publication = publication;
      this.#watch(publication);
    } catch (thrown) {
      const problem = problemFrom(thrown);
      if (problem.code === "unreachable" || problem.code === "timeout") this.#retry(problem);
      else if (!this.#finishing) this.#handlers.problem(problem);
    }
  }

  #watch(publication: Publication): void {
    const { connection } = publication;
    connection.addEventListener("connectionstatechange", () => {
      const state = connection.connectionState;
      if (state === "connected") this.#attempts = 0;
      else if (state === "failed" || state === "closed") this.#replace(publication);
      else if (state === "disconnected") {
        setTimeout(() => {
          if (connection.connectionState === "disconnected") this.#replace(publication);
        }, DISCONNECTED_MS);
      }
    });
  }

  /** The server drops the lost connection itself, as soon as the next one arrives. */
  #replace(lost: Publication): void {
    if (lost !== this.#publication) return;
    this.#publication = null;
    lost.connection.close();
    const message = "Picture and sound do not reach the server. Stop, and start again.";
    this.#retry(new Problem("media_lost", message));
  }

  #retry(problem: Problem): void {
    if (this.#finishing || this.#over) return;
    if (this.#attempts >= MAX_ATTEMPTS) this.#handlers.problem(problem);
    else setTimeout(() => void this.#publish(), RETRY_MS * this.#attempts);
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
