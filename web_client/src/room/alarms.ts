/** The alerts of a room: rules that are kept, what they found, and the sound. */

import type { State } from "../protocol";
import type { Kept } from "./kept";
import { type Rule, Watch } from "./rules";

/** The newest are listed; the others are counted. */
export const MAX_ALERTS = 100;

export interface Alert {
  session: string;
  participant: string;
  rule: Rule;
  /** When the rule was met, in milliseconds of Unix time. */
  at: number;
}

export class Alarms {
  /** Newest first. */
  alerts: readonly Alert[] = [];
  /** Older ones, which are no longer listed. */
  older = 0;
  #sound: boolean;
  readonly #kept: Kept;
  readonly #watch = new Watch();

  constructor(kept: Kept) {
    this.#kept = kept;
    const { rules, sound } = kept.settings;
    this.#watch.rules = rules;
    this.#sound = sound;
  }

  get rules(): readonly Rule[] {
    return this.#watch.rules;
  }

  get sound(): boolean {
    return this.#sound;
  }

  /** False where this browser cannot keep it; it holds until the page closes. */
  set(rules: readonly Rule[], sound: boolean): boolean {
    this.#watch.rules = rules;
    this.#sound = sound;
    return this.#kept.keepSettings({ rules: [...rules], sound });
  }

  /** Takes in what somebody showed at `at`; answers what that is alerted for. */
  take(state: State, at: number): Alert[] {
    const { session, participant } = state;
    const found = this.#watch.take(state).map((rule) => ({ session, participant, rule, at }));
    if (found.length > 0) this.#list([...found, ...this.alerts]);
    return found;
  }

  /** Somebody has left. */
  forget(session: string): void {
    this.#watch.forget(session);
  }

  /** Somebody has withdrawn consent: what was shown is not told any more. */
  withdraw(session: string): void {
    this.alerts = this.alerts.filter((alert) => alert.session !== session);
  }

  clear(): void {
    this.alerts = [];
    this.older = 0;
  }

  #list(all: readonly Alert[]): void {
    this.alerts = all.slice(0, MAX_ALERTS);
    this.older += all.length - this.alerts.length;
  }
}
