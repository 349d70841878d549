/** Defines `<esapr-live>`. */

import { EsaprLive } from "./live";

export { EsaprLive };

declare global {
  interface HTMLElementTagNameMap {
    "esapr-live": EsaprLive;
  }
}

if (!customElements.get("esapr-live")) customElements.define("esapr-live", EsaprLive);
