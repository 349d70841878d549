/**
 * What waits to be sent, and when it may go. No I/O: times are arguments, in milliseconds.
 *
 * Each kind has a bound and a policy: of pictures the latest waits and replaces the one before; of
 * sound the oldest goes; text is never dropped, it is refused while there is no room for it.
 */

import type { Limits, Text } from "../protocol";
import type { Media } from "./media";
import { Pace } from "./pace";

export const MAX_LINES = 64;
export const MAX_SOUND = 64;
/** Share of the server's bursts that is used: what a network delays arrives closer together. */
const BURST_SHARE = 0.5;
/** How much younger than the server's limit media have to be when they go. */
const AGE_RESERVE_MS = 1_000;

export class Outbox {
  readonly dropped = { images: 0, sounds: 0 };
  #lines: Text[] = [];
  #sound: Media[] = [];
  #image: Media | null = null;
  #lastImageMs = -1;
  #oldestMs = 0;
  #paces: { text: Pace; image: Pace } | null = null;

  /** Keeps to the limits; those of a session hold through all of its connections. */
  limit(limits: Limits): void {
    this.#oldestMs = limits.max_capture_age_ms - AGE_RESERVE_MS;
    this.#paces ??= {
      text: new Pace(limits.text_per_second, Math.max(1, limits.text_burst * BURST_SHARE)),
      image: new Pace(limits.images_per_second, Math.max(1, limits.image_burst * BURST_SHARE)),
    };
  }

  /** The server refused something as too much: `text`, `image` or another kind. */
  rateLimited(kind: string | undefined, now: number): void {
    if (kind === "text" || kind === "image") this.#paces?.[kind].refuse(now);
  }

  imagesPerSecond(now: number): number {
    return this.#paces?.image.rate(now) ?? 0;
  }

  /** Whether all text is sent. */
  get said(): boolean {
    return this.#lines.length === 0;
  }

  /** Adds a line; false when there is no room for it. */
  putLine(line: Text): boolean {
    if (this.#lines.length >= MAX_LINES) return false;
    this.#lines.push(line);
    return true;
  }

  putMedia(media: Media): void {
    if (media.kind === "image") {
      if (this.#image) this.dropped.images += 1;
      this.#image = media;
      return;
    }
    this.#sound.push(media);
    if (this.#sound.length > MAX_SOUND) this.#dropSound();
  }

  /** Forgets all: nothing may follow a consent that is revoked. */
  clear(): void {
    this.#lines = [];
    this.#sound = [];
    this.#image = null;
  }

  /** Milliseconds until something may go; null while nothing waits. */
  wait(now: number, tMs: number): number | null {
    this.#forgetOld(tMs);
    if (this.#paces === null) return null;
    if (this.#sound.length > 0) return 0;
    const waits = [
      ...(this.#lines.length > 0 ? [this.#paces.text.wait(now)] : []),
      ...(this.#image ? [this.#paces.image.wait(now)] : []),
    ];
    return waits.length > 0 ? Math.min(...waits) : null;
  }

  /** Removes and returns what goes next. */
  take(now: number, tMs: number): Text | Media | null {
    if (this.wait(now, tMs) !== 0 || this.#paces === null) return null;
    const sound = this.#sound.shift();
    if (sound) return sound;
    const line = this.#lines[0];
    if (line && this.#paces.text.wait(now) === 0) {
      this.#paces.text.spend(now);
      this.#lines.shift();
      if (line.at_ms === undefined) return line;
      // A line that had to wait gets a time that the server takes.
      return { ...line, at_ms: Math.max(line.at_ms, tMs - this.#oldestMs) };
    }
    const image = this.#image;
    this.#image = null;
    this.#paces.image.spend(now);
    this.#lastImageMs = image?.capturedMs ?? this.#lastImageMs;
    return image;
  }

  /** A feed is closed over ten media messages that are too old. */
  #forgetOld(tMs: number): void {
    const oldest = tMs - this.#oldestMs;
    while ((this.#sound[0]?.capturedMs ?? oldest) < oldest) this.#dropSound();
    if (this.#image && this.#image.capturedMs <= Math.max(this.#lastImageMs, oldest - 1)) {
      this.#image = null;
      this.dropped.images += 1;
    }
  }

  #dropSound(): void {
    this.#sound.shift();
    this.dropped.sounds += 1;
  }
}
