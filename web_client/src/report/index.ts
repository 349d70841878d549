/** Defines `<esapr-report>`. */

import { EsaprReport } from "./report";

export { EsaprReport };

declare global {
  interface HTMLElementTagNameMap {
    "esapr-report": EsaprReport;
  }
}

if (!customElements.get("esapr-report")) customElements.define("esapr-report", EsaprReport);
