/** One feed: hello, resume, reconnection and a paced outbox over one WebSocket after another. */

import type {
  ClientMessage,
  Close,
  Configure,
  ConsentRevoke,
  Error as Refusal,
  ServerMessage,
  Text,
} from "../protocol";
import { EsaprError, refusal } from "./errors";
import { encodeMedia, type Media } from "./media";
import { Outbox } from "./outbox";
import { Progress } from "./progress";
import { BROWSER, type Socket, type Surroundings } from "./socket";

export const PING_MS = 5_000;
/** The server sends a state each tick (at most 5 s); three missed ones mean a dead connection. */
export const SILENCE_MS = 15_000;
export const FAREWELL_MS = 5_000;
export const BACK_OFF_MS = 500;
export const BACK_OFF_MAX_MS = 8_000;
export const MAX_ATTEMPTS = 10;

const VERSION = 1;
const DONE = 1000;
const ABNORMAL = 1006;
const RECONNECT: ReadonlySet<number> = new Set([1001, ABNORMAL, 1011, 1012, 1013]);

export type Detail = NonNullable<Configure["detail"]>;

export type FeedPhase =
  | { name: "connecting" }
  | { name: "live" }
  | { name: "waiting"; attempt: number; delayMs: number }
  | { name: "closed"; code: number; error: EsaprError | null };

export interface FeedHandlers {
  message(message: ServerMessage): void;
  phase(phase: FeedPhase): void;
  roundTrip(ms: number): void;
}

/** Milliseconds before the given attempt (1, 2, …): half of a doubling, capped range, and jitter. */
export function backOff(attempt: number, random: number): number {
  const range = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** (attempt - 1));
  return Math.round(range * (0.5 + 0.5 * random));
}

/**
 * Keeps one subscriber connected until the session ends.
 *
 * Each state is handed over once and in order, or a `gap` stands in its place: after a reconnection
 * the server replays what the client has not seen, or says what it no longer has.
 */
export class Feed {
  readonly outbox = new Outbox();
  readonly #url: string;
  readonly #protocols: string[];
  readonly #detail: Detail;
  readonly #handlers: FeedHandlers;
  readonly #around: Surroundings;
  #socket: Socket | null = null;
  #phase: FeedPhase = { name: "closed", code: DONE, error: null };
  #attempt = 0;
  readonly #progress = new Progress();
  #inRoom = false;
  #zero = 0;
  #over = false;
  #lastWords: Refusal | null = null;
  #farewell: Close | ConsentRevoke | null = null;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #pace: ReturnType<typeof setTimeout> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: string,
    token: string,
    detail: Detail,
    handlers: FeedHandlers,
    around: Surroundings = BROWSER,
  ) {
    this.#url = url;
    this.#protocols = ["esapr.v1.json", `esapr.token.${token}`];
    this.#detail = detail;
    this.#handlers = handlers;
    this.#around = around;
  }

  open(): void {
    this.#enter({ name: "connecting" });
    const socket = this.#around.connect(this.#url, this.#protocols);
    this.#socket = socket;
    socket.onopen = () => this.#hello();
    socket.onmessage = (event) => this.#receive(String(event.data));
    socket.onclose = (event) => this.#lost(event.code);
    this.#heard();
  }

  get closed(): boolean {
    return this.#phase.name === "closed";
  }

  /** The session clock. */
  get tMs(): number {
    return Math.max(0, Math.floor(this.#around.now() - this.#zero));
  }

  get imagesPerSecond(): number {
    return this.outbox.imagesPerSecond(this.#around.now());
  }

  /** Sends a control message; false when the feed is not live and nothing was sent. */
  send(message: ClientMessage): boolean {
    if (this.#phase.name !== "live" || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Queues a line; false when there is no room for it. */
  say(line: Text): boolean {
    const taken = !this.closed && this.#farewell === null && this.outbox.putLine(line);
    this.#flush();
    return taken;
  }

  show(media: Media): void {
    if (this.closed || this.#farewell !== null) return;
    this.outbox.putMedia(media);
    this.#flush();
  }

  /**
   * Ends the session: `close` when all text is sent, `consent.revoke` at once. Without a connection
   * the message goes out with the next one. Answers whether it is sent.
   */
  finish(message: Close | ConsentRevoke): boolean {
    if (this.closed) return false;
    if (message.type === "consent.revoke") this.outbox.clear();
    this.#farewell = message;
    this.#flush();
    clearTimeout(this.#goodbye);
    this.#goodbye = setTimeout(() => this.#close(ABNORMAL), FAREWELL_MS);
    return this.#phase.name === "live" && this.outbox.said;
  }

  /** Leaves without ending the session. */
  leave(): void {
    if (!this.closed) this.#close(DONE);
  }

  /** Stops reconnecting: there is nothing to come back to. */
  giveUp(error: EsaprError): void {
    if (this.#phase.name !== "waiting" && this.#phase.name !== "connecting") return;
    this.#detach();
    clearTimeout(this.#goodbye);
    this.#enter({ name: "closed", code: ABNORMAL, error: this.#farewell === null ? error : null });
  }

  #hello(): void {
    this.#lastWords = null;
    this.#socket?.send(
      JSON.stringify({ type: "hello", version: VERSION, ...this.#progress.resume(this.#inRoom) }),
    );
  }

  #receive(data: string): void {
    this.#heard();
    const message = JSON.parse(data) as ServerMessage;
    this.#lastWords = message.type === "error" ? message : null;
    switch (message.type) {
      case "session.created":
        this.#zero = this.#around.now() - message.t_ms;
        this.outbox.limit(message.limits);
        this.#established();
        break;
      case "room.entered":
        this.#inRoom = true;
        this.#established();
        break;
      case "state":
      case "trend":
        this.#handOver(this.#progress.state(message));
        return;
      case "gap":
        this.#handOver(this.#progress.gap(message));
        return;
      case "error":
        if (message.code === "rate_limited") {
          this.outbox.rateLimited(message.field, this.#around.now());
        }
        break;
      case "session.closed":
      case "room.closed":
        this.#over = true;
        break;
      case "pong":
        this.#zero = this.#around.now() - message.t_ms;
        this.#handlers.roundTrip(this.#around.now() - message.t);
        return;
    }
    this.#handlers.message(message);
  }

  #handOver(messages: ServerMessage[]): void {
    for (const message of messages) this.#handlers.message(message);
  }

  #established(): void {
    this.#attempt = 0;
    this.#enter({ name: "live" });
    // The level of detail belongs to a connection, not to the session.
    if (this.#detail !== "state") this.send({ type: "configure", detail: this.#detail });
    this.#ping = setInterval(() => {
      this.send({ type: "ping", t: this.#around.now() });
    }, PING_MS);
    this.#flush();
  }

  /** Sends what may go now, and comes back when the next may. */
  #flush(): void {
    clearTimeout(this.#pace);
    if (this.#phase.name !== "live" || this.#socket === null) return;
    const now = this.#around.now();
    for (let item = this.outbox.take(now, this.tMs); item; item = this.outbox.take(now, this.tMs)) {
      this.#socket.send("payload" in item ? encodeMedia(item) : JSON.stringify(item));
    }
    if (this.#farewell && this.outbox.said) {
      this.send(this.#farewell);
      this.outbox.clear();
    }
    const wait = this.outbox.wait(now, this.tMs);
    if (wait !== null) this.#pace = setTimeout(() => this.#flush(), wait);
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(ABNORMAL), SILENCE_MS);
  }

  #lost(code: number): void {
    this.#detach();
    this.#attempt += 1;
    if (this.#over || !RECONNECT.has(code) || this.#attempt > MAX_ATTEMPTS) {
      this.#close(code);
      return;
    }
    const delayMs = backOff(this.#attempt, this.#around.random());
    this.#enter({ name: "waiting", attempt: this.#attempt, delayMs });
    this.#retry = setTimeout(() => this.open(), delayMs);
  }

  #close(code: number): void {
    this.#detach();
    clearTimeout(this.#goodbye);
    const asked = this.#farewell !== null || code === DONE;
    this.#enter({ name: "closed", code, error: asked ? null : this.#reason(code) });
  }

  #reason(code: number): EsaprError {
    if (this.#lastWords) return refusal(this.#lastWords);
    if (code === ABNORMAL) {
      const message = "The connection to the server is lost.";
      return new EsaprError("unreachable", message, { retryable: true });
    }
    return new EsaprError(`closed_${code}`, "The server closed the feed.");
  }

  /** Forgets the socket, which may take long to report that it is closed. */
  #detach(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    clearTimeout(this.#pace);
    clearInterval(this.#ping);
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #enter(phase: FeedPhase): void {
    this.#phase = phase;
    this.#handlers.phase(phase);
  }
}
