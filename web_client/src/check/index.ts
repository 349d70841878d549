/** Defines `<esapr-embed-check>`. */

import { EsaprEmbedCheck } from "./check";

export { EsaprEmbedCheck };

declare global {
  interface HTMLElementTagNameMap {
    "esapr-embed-check": EsaprEmbedCheck;
  }
}

if (!customElements.get("esapr-embed-check")) {
  customElements.define("esapr-embed-check", EsaprEmbedCheck);
}
