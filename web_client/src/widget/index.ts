/** Defines `<esapr-widget>`. */

import { EsaprWidget } from "./widget";

export type { Messages } from "../messages";
export type {
  ConsentDecision,
  EndReason,
  Phase,
  WidgetEnding,
  WidgetEvent,
  WidgetEvents,
} from "./events";
export type { OpenSession } from "./source";
export { EsaprWidget } from "./widget";

declare global {
  interface HTMLElementTagNameMap {
    "esapr-widget": EsaprWidget;
  }
}

// A page may load the script twice.
if (!customElements.get("esapr-widget")) customElements.define("esapr-widget", EsaprWidget);
