/** How fast something may be sent: a token bucket whose rate halves and climbs back. No I/O. */

/** Share of the full rate that comes back each second: the whole of it in twenty. */
export const CLIMB = 0.05;
/** Least share of the full rate. */
export const SLOWEST = 1 / 16;
/** Milliseconds after a refusal in which others are blamed on the rate before it. */
export const PATIENCE_MS = 1_000;

/** Additive increase, multiplicative decrease. Times are milliseconds on one clock. */
export class Pace {
  readonly #full: number;
  readonly #burst: number;
  #tokens: number;
  #filled = 0;
  #low: number;
  #refused = -Infinity;

  /** Lets `rate` through a second on average, and `burst` at once. */
  constructor(rate: number, burst: number) {
    this.#full = this.#low = rate;
    this.#burst = this.#tokens = burst;
  }

  /** How many a second go through at present. */
  rate(now: number): number {
    if (this.#low >= this.#full) return this.#full;
    const climbed = ((now - this.#refused) / 1000) * CLIMB * this.#full;
    return Math.min(this.#full, this.#low + climbed);
  }

  /** Milliseconds until the next one may go. */
  wait(now: number): number {
    this.#fill(now);
    return Math.max(0, Math.ceil(((1 - this.#tokens) / this.rate(now)) * 1000));
  }

  spend(now: number): void {
    this.#fill(now);
    this.#tokens -= 1;
  }

  /** The server refused one as too many: go on half as fast, and climb back. */
  refuse(now: number): void {
    if (now - this.#refused < PATIENCE_MS) return;
    this.#low = Math.max(this.rate(now) / 2, SLOWEST * this.#full);
    this.#refused = now;
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #fill(now: number): void {
    const earned = (Math.max(0, now - this.#filled) / 1000) * this.rate(now);
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#filled = Math.max(now, this.#filled);
  }
}
