/** The person's own neutral: the page keeps it, and the widget brings it into each session. */

import type { BaselineCaptured } from "../protocol";
import type { Session } from "../sdk/session";
import { tell } from "./events";

interface Host extends HTMLElement {
  baseline: string | null | undefined;
}

/** Follows a session: hands out what is captured, and brings back what `host` holds. */
export function followNeutral(host: Host, session: Session, agreed: boolean): void {
  session.on("message", (message) => {
    if (message.type === "baseline.captured") keep(host, message);
  });
  if (host.baseline && agreed) session.loadBaseline(host.baseline);
}

function keep(host: Host, captured: BaselineCaptured): void {
  host.baseline = captured.blob;
  tell(host, "esapr-baseline", captured);
}
