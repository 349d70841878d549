/** Where a group was over the last minutes, on the page's clock. No I/O. */

import type { Columns } from "../live/history";

export const COURSE_SECONDS = 600;
const STEP_SECONDS = 0.5;
/** Without anything for so long, the lines have a hole. */
const HOLE_SECONDS = 6;

export class GroupCourse {
  /** Times in seconds, valence, arousal; null where there was no mean. */
  readonly columns: Columns = [[], [], []];

  /** Appends where the group is at `now`; at most two points a second. Answers whether it did. */
  add(now: number, position: { valence: number; arousal: number } | null): boolean {
    const [times] = this.columns;
    const before = times.at(-1) ?? -Infinity;
    if (now - before < STEP_SECONDS) return false;
    if (now - before > HOLE_SECONDS && times.length > 0) this.#push((before + now) / 2, null);
    this.#push(now, position);
    const kept = times.findIndex((time) => time >= now - COURSE_SECONDS);
    if (kept > 0) for (const column of this.columns) column.splice(0, kept);
    return true;
  }

  #push(time: number, position: { valence: number; arousal: number } | null): void {
    const [times, valence, arousal] = this.columns;
    times.push(time);
    valence?.push(position?.valence ?? null);
    arousal?.push(position?.arousal ?? null);
  }
}
