/** The people of a room as a watcher sees them: messages in, the time as an argument. No I/O. */

import type { Member, ServerMessage, State, Trend } from "../protocol";
import type { Modality } from "../sdk/client";

/** Of what a person showed, so much is kept for the small line in the tile. */
export const PAST_SECONDS = 180;

/** A state older than this, as a state may take five seconds, no longer counts for the group. */
const FRESH_SECONDS = 10;

const LOST = "lost";

/** One state in the small line; null where nothing was fused. Times on the session clock. */
export interface Glimpse {
  startMs: number;
  endMs: number;
  label: string | null;
  valence: number | null;
}

/** Where a group is in the circumplex, and over how many people that is a mean. */
export interface Position {
  people: number;
  valence: number;
  arousal: number;
}

export class Person {
  readonly session: string;
  readonly participant: string;
  muted: readonly Modality[];
  paused: boolean;
  /** Why the person has left; null before. */
  left: string | null = null;
  state: State | null = null;
  trend: Trend | null = null;
  past: Glimpse[] = [];
  /** Counts up with every change. */
  revision = 0;
  /** When the newest state came, in seconds on the page's clock. */
  heard = -Infinity;
  /** The page's clock less the session's, in seconds. */
  #offset = Infinity;

  constructor({ session, participant, muted = [], paused = false }: Member) {
    this.session = session;
    this.participant = participant;
    this.muted = muted;
    this.paused = paused;
  }

  /** The session clock at `now`, in milliseconds; null before the first state. */
  clockMs(now: number): number | null {
    return this.#offset === Infinity ? null : Math.max(0, Math.round((now - this.#offset) * 1_000));
  }

  show(state: State, now: number): void {
    this.#hear(state, now);
    this.state = state;
    const { t_start_ms: startMs, t_end_ms: endMs, fused } = state;
    const { label, valence } = fused ?? { label: null, valence: null };
    this.past.push({ startMs, endMs, label, valence });
    const oldest = endMs - PAST_SECONDS * 1_000;
    this.past = this.past.filter((glimpse) => glimpse.endMs > oldest);
  }

  move(trend: Trend, now: number): void {
    this.#hear(trend, now);
    this.trend = trend;
  }

  /** What was shown goes with the person; the place stays, so that nothing moves. */
  leave(reason: string): void {
    this.left = reason;
    this.state = this.trend = null;
    this.past = [];
  }

  #hear({ t_end_ms }: State | Trend, now: number): void {
    this.heard = now;
    // What is replayed comes late; what comes soonest tells best how far the clocks are apart.
    this.#offset = Math.min(this.#offset, now - t_end_ms / 1_000);
  }
}

export class People {
  /** In the order of their places. A place stays when its person leaves, until another takes it. */
  readonly places: Person[] = [];

  get present(): Person[] {
    return this.places.filter(({ left }) => left === null);
  }

  find(session: string): Person | undefined {
    return this.present.find((person) => person.session === session);
  }

  /** Takes in a message at `now` (seconds on the page's clock). */
  take(message: ServerMessage, now: number): void {
    switch (message.type) {
      case "room.entered":
        this.#enter(message.members);
        return;
      case "member.joined":
        this.#seat(message.member);
        return;
      case "state":
        this.#change(message.session, (person) => person.show(message, now));
        return;
      case "trend":
        this.#change(message.session, (person) => person.move(message, now));
        return;
      case "member.left":
        this.#change(message.session, (person) => person.leave(message.reason));
        return;
      case "member.paused":
        this.#change(message.session, (person) => (person.paused = message.paused));
        return;
      case "member.muted":
        this.#change(message.session, (person) => {
          const others = person.muted.filter((modality) => modality !== message.modality);
          person.muted = message.muted ? [...others, message.modality] : others;
        });
    }
  }

  /** The mean over everybody who shows an expression at `now`; a person counts once, by name. */
  position(now: number): Position | null {
    const shown = new Map(
      this.present
        .filter(({ heard }) => now - heard <= FRESH_SECONDS)
        .flatMap(({ participant, state }) =>
          state?.fused ? [[participant, state.fused] as const] : [],
        ),
    );
    const all = [...shown.values()];
    if (all.length === 0) return null;
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / all.length;
    return {
      people: all.length,
      valence: mean(all.map(({ valence }) => valence)),
      arousal: mean(all.map(({ arousal }) => arousal)),
    };
  }

  /** After a reconnection: who is there now, and who left meanwhile. */
  #enter(members: readonly Member[]): void {
    const there = new Set(members.map(({ session }) => session));
    for (const { session } of this.present) {
      if (!there.has(session)) this.#change(session, (person) => person.leave(LOST));
    }
    for (const member of members) this.#seat(member);
  }

  #seat(member: Member): void {
    const known = this.find(member.session);
    if (known) {
      this.#change(member.session, (person) => {
        person.muted = member.muted ?? [];
        person.paused = member.paused ?? false;
      });
      return;
    }
    const left = this.places.filter((person) => person.left !== null);
    const own = left.find(({ participant }) => participant === member.participant);
    const free = own ?? left[0];
    if (free) this.places[this.places.indexOf(free)] = new Person(member);
    else this.places.push(new Person(member));
  }

  #change(session: string, change: (person: Person) => void): void {
    const person = this.find(session);
    if (!person) return;
    change(person);
    person.revision += 1;
  }
}
