/** Whether the connection carries the picture beside the sound. No I/O: time is an argument. */

import type { State } from "../protocol";

/** Milliseconds between two samples. */
export const SAMPLE_MS = 2_000;
/** So long it has to be too weak before the picture goes. */
export const WEAK_MS = 6_000;
/** So long it has to be good before the picture comes back. */
export const GOOD_MS = 10_000;
/** The picture is tried again after so long; twice as long each time that it does not hold. */
export const RETRY_MS = 30_000;
export const RETRY_MAX_MS = 300_000;
/** A picture that was carried for so long has held. */
export const HELD_MS = 60_000;
/** A sender learns what it may send by sending: so long its estimate says nothing. */
export const SETTLE_MS = 20_000;

/** What the sender knows of its way to the server; null where the browser does not say it. */
export interface UplinkSample {
  /** Bits a second that it believes it may send. */
  availableBits: number | null;
  /** Share of packets lost of late, of the worse of picture and sound. */
  lost: number | null;
  roundTripMs: number | null;
}

/** Less than this carries sound, and a picture that is too coarse to show an expression. */
const LEAST_BITS = 120_000;
/** Loss that neither repetition nor concealment mends, and the delay of a clogged queue. */
const WEAK = { lost: 0.1, roundTripMs: 1_200 } as const;
const GOOD = { lost: 0.03, roundTripMs: 600 } as const;

/** Decides with hysteresis: weak for a while, and the picture goes; good for longer, it is back. */
export class Uplink {
  #audioOnly = false;
  #since: number | null = null;
  #otherwiseSince: number | null = null;
  #retryMs = RETRY_MS;

  /** Whether the picture stays away. */
  get audioOnly(): boolean {
    return this.#audioOnly;
  }

  /** Answers whether that changes what is sent; `level` is the server's, `now` milliseconds. */
  heed(sample: UplinkSample, level: State["level"], now: number): boolean {
    const since = (this.#since ??= now);
    if (!this.#audioOnly && now - since >= HELD_MS) this.#retryMs = RETRY_MS;
    const otherwise = this.#audioOnly
      ? // A server that passes over pictures for want of time does not need more of them.
        good(sample) && level === "full"
      : weak(sample, now - since >= SETTLE_MS);
    this.#otherwiseSince = otherwise ? (this.#otherwiseSince ?? now) : null;
    if (this.#otherwiseSince === null) return false;
    const due = this.#audioOnly
      ? Math.max(this.#otherwiseSince + GOOD_MS, since + this.#retryMs)
      : this.#otherwiseSince + WEAK_MS;
    if (now < due) return false;
    if (this.#audioOnly) this.#retryMs = Math.min(RETRY_MAX_MS, 2 * this.#retryMs);
    this.#audioOnly = !this.#audioOnly;
    this.#since = now;
    this.#otherwiseSince = null;
    return true;
  }
}

function weak({ availableBits, lost, roundTripMs }: UplinkSample, settled: boolean): boolean {
  return (
    (settled && (availableBits ?? Infinity) < LEAST_BITS) ||
    (lost ?? 0) >= WEAK.lost ||
    (roundTripMs ?? 0) >= WEAK.roundTripMs
  );
}

function good({ lost, roundTripMs }: UplinkSample): boolean {
  return (lost ?? 0) < GOOD.lost && (roundTripMs ?? 0) < GOOD.roundTripMs;
}

/** Reads a sample out of a connection's statistics (W3C, Identifiers for WebRTC's Statistics). */
export function uplinkSample(stats: Iterable<object>): UplinkSample {
  const all = [...stats] as Partial<RTCIceCandidatePairStats & Reception>[];
  const pair = all.find(({ type, nominated, state }) => {
    return type === "candidate-pair" && nominated && state === "succeeded";
  });
  const losses = all.flatMap(({ type, fractionLost }) =>
    type === "remote-inbound-rtp" && fractionLost !== undefined ? [fractionLost] : [],
  );
  const seconds = pair?.currentRoundTripTime;
  return {
    availableBits: pair?.availableOutgoingBitrate ?? null,
    lost: losses.length > 0 ? Math.max(...losses) : null,
    roundTripMs: seconds === undefined ? null : 1_000 * seconds,
  };
}

/** The part of `remote-inbound-rtp` that is read. */
interface Reception {
  fractionLost: number;
}
