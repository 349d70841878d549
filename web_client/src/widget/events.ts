/** What the widget tells the page around it: DOM events that bubble and cross shadow roots. */

import type {
  BaselineCaptured,
  Consent,
  Event as StateEvent,
  SessionCreated,
  State,
  Totals,
  Warning,
} from "../protocol";
import type { Modality } from "../sdk/client";
import type { EsaprError } from "../sdk/errors";

/**
 * Where the widget is: `consent` asks, `refused` and `ended` are over, `opening` waits for the
 * devices, `blocked` says why they stay closed, the others have a session or are about to.
 */
export type Phase =
  | "consent"
  | "refused"
  | "opening"
  | "blocked"
  | "connecting"
  | "live"
  | "reconnecting"
  | "paused"
  | "ended";

/** The person's decision; `receipt` is what `POST /v1/sessions` takes as `consent`. */
export interface ConsentDecision {
  given: boolean;
  modalities: Modality[];
  receipt: Consent | null;
}

export type EndReason = "ended" | "revoked" | "lost";

/**
 * How a session ended. `totals` is null where the server did not say them; `report` is the path of
 * the report's page on the server, null where nothing is kept.
 */
export interface WidgetEnding {
  reason: EndReason;
  totals: Totals | null;
  error: EsaprError | null;
  report: string | null;
}

export interface WidgetEvents {
  "esapr-phase": Phase;
  "esapr-consent": ConsentDecision;
  /** The session is open; a page that keeps several apart finds its id here. */
  "esapr-session": SessionCreated;
  "esapr-state": State;
  "esapr-event": StateEvent;
  "esapr-warning": Warning;
  /** The person's own neutral, for the page to keep. */
  "esapr-baseline": BaselineCaptured;
  /** Milliseconds to the server and back. */
  "esapr-round-trip": number;
  /** The picture stays away, because only sound gets through; or it is back. */
  "esapr-audio-only": boolean;
  /** Something went wrong. The widget says it, too. */
  "esapr-error": EsaprError;
  "esapr-ended": WidgetEnding;
}

export type WidgetEvent<Name extends keyof WidgetEvents> = CustomEvent<WidgetEvents[Name]>;

declare global {
  interface HTMLElementEventMap extends WidgetEventMap {}
}

type WidgetEventMap = { [Name in keyof WidgetEvents]: WidgetEvent<Name> };

export function tell<Name extends keyof WidgetEvents>(
  target: EventTarget,
  name: Name,
  detail: WidgetEvents[Name],
): void {
  target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
}
