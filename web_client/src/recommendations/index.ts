/** Defines `<esapr-recommendations>`. */

import { EsaprRecommendations } from "./recommendations";

export { EsaprRecommendations };

declare global {
  interface HTMLElementTagNameMap {
    "esapr-recommendations": EsaprRecommendations;
  }
}

if (!customElements.get("esapr-recommendations")) {
  customElements.define("esapr-recommendations", EsaprRecommendations);
}
