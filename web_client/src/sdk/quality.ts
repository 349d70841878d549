/** How much picture is sent: what the server asks for, and less while it says that it is busy. */

import type { State } from "../protocol";

/** The most that is worth sending: faces are cut to 48 pixels, five pictures a second. */
export const PICTURE = { width: 640, height: 480, framesPerSecond: 15 } as const;

/** States in a row with nothing dropped, after which a little more is sent again. */
export const CALM_STATES = 10;

export interface Quality {
  framesPerSecond: number;
  /** Divides width and height. */
  scale: number;
  /** Whether the picture is sent at all. */
  active?: boolean;
}

const STEPS: readonly [Quality, ...Quality[]] = [
  { framesPerSecond: PICTURE.framesPerSecond, scale: 1 },
  { framesPerSecond: 10, scale: 1.5 },
  { framesPerSecond: 5, scale: 2 },
];
const LEAST = STEPS.length - 1;

/** Goes down at once and climbs back one step at a time. */
export class QualityLadder {
  #step = 0;
  #calm = 0;

  get quality(): Quality {
    return STEPS[this.#step] ?? STEPS[0];
  }

  /** Answers whether that changes the quality. */
  heed(level: State["level"]): boolean {
    const before = this.#step;
    if (level === "full") {
      this.#calm += 1;
      if (this.#calm >= CALM_STATES && this.#step > 0) {
        this.#step -= 1;
        this.#calm = 0;
      }
    } else {
      this.#calm = 0;
      this.#step = Math.max(this.#step, level === "reduced" ? 1 : LEAST);
    }
    return this.#step !== before;
  }
}

/** What a sender is told; a camera that gives more than was asked for is scaled down as well. */
export function encoding(
  { framesPerSecond, scale, active = true }: Quality,
  { width = PICTURE.width, height = PICTURE.height }: { width?: number; height?: number },
): { active: boolean; maxFramerate: number; scaleResolutionDownBy: number } {
  const excess = Math.max(1, width / PICTURE.width, height / PICTURE.height);
  return { active, maxFramerate: framesPerSecond, scaleResolutionDownBy: scale * excess };
}
