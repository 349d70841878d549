/** The feed of one session: hello, resume and reconnection over a WebSocket. */

import type { ClientMessage, Close, ConsentRevoke, ServerMessage } from "./protocol";

export const PING_MS = 5_000;
/** The server sends a state each tick (at most 5 s); three missed ones mean a dead connection. */
export const SILENCE_MS = 15_000;
export const FAREWELL_MS = 5_000;
export const BACK_OFF_MS = 500;
export const BACK_OFF_MAX_MS = 8_000;
export const MAX_ATTEMPTS = 10;

const VERSION = 1;
const ABNORMAL = 1006;
const RECONNECT: ReadonlySet<number> = new Set([1001, ABNORMAL, 1011, 1012, 1013]);

export type FeedPhase =
  | { name: "connecting" }
  | { name: "live" }
  | { name: "waiting"; attempt: number; delayMs: number }
  | { name: "closed"; code: number };

export interface FeedHandlers {
  message(message: ServerMessage): void;
  phase(phase: FeedPhase): void;
  roundTrip(ms: number): void;
}

/** The part of a WebSocket that the feed uses. */
export interface Socket {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

/** What the feed takes from the browser. */
export interface Surroundings {
  connect(url: string, protocols: string[]): Socket;
  now(): number;
  random(): number;
}

const BROWSER: Surroundings = {
  connect: (url, protocols) => new WebSocket(url, protocols),
  now: () => performance.now(),
  random: () => Math.random(),
};

/** Milliseconds before the given attempt (1, 2, …): full jitter over a doubling, capped range. */
export function backOff(attempt: number, random: number): number {
  const range = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** (attempt - 1));
  return Math.round(range * (0.5 + 0.5 * random));
}

/**
 * Keeps one subscriber connected until the session ends.
 *
 * Each state is handed over once and in order: after a reconnection the server replays what the
 * client has not seen, or says with `gap` what it no longer has.
 */
export class Feed {
  readonly #url: string;
  readonly #protocols: string[];
  readonly #handlers: FeedHandlers;
  readonly #around: Surroundings;
  #socket: Socket | null = null;
  #phase: FeedPhase = { name: "closed", code: 1000 };
  #attempt = 0;
  #lastSeq = -1;
  #farewell: Close | ConsentRevoke | null = null;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, token: string, handlers: FeedHandlers, around: Surroundings = BROWSER) {
    this.#url = url;
    this.#protocols = ["esapr.v1.json", `esapr.token.${token}`];
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

  /** Sends a message; false when the feed is not live and nothing was sent. */
  send(message: ClientMessage): boolean {
    if (this.#phase.name !== "live" || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Ends the session. Without a connection the message goes out with the next one. */
  finish(message: Close | ConsentRevoke): boolean {
    if (this.#phase.name === "closed") return false;
    this.#farewell = message;
    const sent = this.send(message);
    clearTimeout(this.#goodbye);
    this.#goodbye = setTimeout(() => this.#close(ABNORMAL), FAREWELL_MS);
    return sent;
  }

  #hello(): void {
    const resume = this.#lastSeq >= 0 ? { resume: { last_seq: this.#lastSeq } } : {};
    this.#socket?.send(JSON.stringify({ type: "hello", version: VERSION, ...resume }));
  }

  #receive(data: string): void {
    this.#heard();
    const message = JSON.parse(data) as ServerMessage;
    switch (message.type) {
      case "session.created":
        this.#established();
        break;
      case "state":
        if (message.seq <= this.#lastSeq) return;
        this.#lastSeq = message.seq;
        break;
      case "gap":
        this.#lastSeq = Math.max(this.#lastSeq, message.to_seq);
        break;
      case "pong":
        this.#handlers.roundTrip(this.#around.now() - message.t);
        return;
    }
    this.#handlers.message(message);
  }

  #established(): void {
    this.#attempt = 0;
    this.#enter({ name: "live" });
    // The level of detail belongs to a connection, not to the session.
    this.send(this.#farewell ?? { type: "configure", detail: "overlay" });
    this.#ping = setInterval(() => {
      this.send({ type: "ping", t: this.#around.now() });
    }, PING_MS);
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(ABNORMAL), SILENCE_MS);
  }

  #lost(code: number): void {
    this.#detach();
    this.#attempt += 1;
    if (!RECONNECT.has(code) || this.#attempt > MAX_ATTEMPTS) {
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
    this.#enter({ name: "closed", code });
  }

  /** Forgets the socket, which may take long to report that it is closed. */
  #detach(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
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
