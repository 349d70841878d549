/** What began, ended or happened, as the list of events says it. */

import { inWords, type Messages } from "../messages";
import type { Event } from "../protocol";
import { clock } from "./format";

/** Help lines are no entry of a list: the widget shows them. */
export type Listed = Event & { kind: Exclude<Event["kind"], "support_resources"> };

export function isListed(event: Event): event is Listed {
  return event.kind !== "support_resources";
}

export function eventInWords(words: Messages, { kind, active, label, t_ms }: Listed): string {
  const at = clock(t_ms / 1_000);
  if (kind === "blink") return `${at} ${words.blink}`;
  const text = (active ? words.begins : words.stops)[kind];
  return kind === "expression"
    ? `${at} ${inWords(words.expressions, label ?? "")} ${text}`
    : `${at} ${text}`;
}
