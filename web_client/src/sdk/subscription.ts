/** What a program reads of a feed: states and every other message, as an iterable or by listeners. */

import type {
  Mute,
  RoomClosed,
  RoomEntered,
  ServerMessage,
  SessionClosed,
  SessionCreated,
  State,
} from "../protocol";
import type { EsaprError } from "./errors";
import { type Detail, Feed, type FeedPhase } from "./feed";
import { Inbox } from "./inbox";
import type { Surroundings } from "./socket";

/** How a subscription ended; `error` is null when that was asked for. */
export interface Ending {
  closed: SessionClosed | RoomClosed | null;
  error: EsaprError | null;
}

export interface Events {
  message: ServerMessage;
  state: State;
  phase: FeedPhase;
  /** Milliseconds to the server and back. */
  roundTrip: number;
  /** The published picture stays away from now on, or comes back: `Session.audioOnly`. */
  audioOnly: boolean;
  /** Something went wrong that does not end the subscription. */
  problem: EsaprError;
  ended: Ending;
}

type Listeners = { [Name in keyof Events]: Set<(value: Events[Name]) => void> };

export class Subscription {
  protected readonly feed: Feed;
  readonly #inbox = new Inbox();
  readonly #listeners: Listeners = {
    message: new Set(),
    state: new Set(),
    phase: new Set(),
    roundTrip: new Set(),
    audioOnly: new Set(),
    problem: new Set(),
    ended: new Set(),
  };
  #greeting: SessionCreated | RoomEntered | null = null;
  #closed: SessionClosed | RoomClosed | null = null;
  #greeted: ((error: EsaprError | null) => void) | null = null;

  constructor(url: string, token: string, detail: Detail, around?: Surroundings) {
    const handlers = {
      message: (message: ServerMessage) => this.#receive(message),
      phase: (phase: FeedPhase) => this.#enter(phase),
      roundTrip: (ms: number) => this.emit("roundTrip", ms),
    };
    this.feed = new Feed(url, token, detail, handlers, around);
  }

  /** Connects, and resolves when the server has answered; throws an `EsaprError` if it will not. */
  async open(): Promise<void> {
    const greeted = new Promise<EsaprError | null>((resolve) => (this.#greeted = resolve));
    this.feed.open();
    const error = await greeted;
    if (error) throw error;
  }

  /** The server's newest greeting: `session.created`, or `room.entered` of a room. */
  get greeting(): SessionCreated | RoomEntered {
    if (this.#greeting === null) throw new Error("the feed is not open");
    return this.#greeting;
  }

  /** The last message of the session or of the room, once it has come. */
  get closed(): SessionClosed | RoomClosed | null {
    return this.#closed;
  }

  /** Messages that the program did not read in time. */
  get unread(): number {
    return this.#inbox.dropped;
  }

  /** Calls `listener` with what happens from now on; the answer stops it. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    this.#listeners[name].add(listener);
    return () => void this.#listeners[name].delete(listener);
  }

  /** Every message but overlays, which are for listeners. One reader at a time. */
  messages(): AsyncGenerator<ServerMessage, void, void> {
    return this.#inbox.messages();
  }

  /** Every state once and in order; what was skipped is a `gap` among the messages. */
  async *states(): AsyncGenerator<State, void, void> {
    for await (const message of this.messages()) if (message.type === "state") yield message;
  }

  /**
   * Leaves a modality out of the states, or takes it in again: one's own, or in a room that of
   * `session`, if the role allows it. False without a connection.
   */
  mute(modality: Mute["modality"], { muted = true, session = "" } = {}): boolean {
    return this.feed.send({ type: "mute", modality, muted, ...(session && { session }) });
  }

  /** Stops watching; the session goes on. */
  leave(): void {
    this.feed.leave();
  }

  protected emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of this.#listeners[name]) listener(value);
  }

  #receive(message: ServerMessage): void {
    if (message.type === "session.created" || message.type === "room.entered") {
      this.#greeting = message;
      this.#greeted?.(null);
    } else if (message.type === "session.closed" || message.type === "room.closed") {
      this.#closed = message;
    }
    if (message.type !== "overlay") this.#inbox.put(message);
    this.emit("message", message);
    if (message.type === "state") this.emit("state", message);
  }

  #enter(phase: FeedPhase): void {
    this.emit("phase", phase);
    if (phase.name !== "closed") return;
    this.#greeted?.(phase.error);
    this.#inbox.end(phase.error);
    this.emit("ended", { closed: this.#closed, error: phase.error });
  }
}
