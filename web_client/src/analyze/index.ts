/** Defines `<esapr-analyze>`. */

import { heedKeyboard } from "../page/keyboard";
import { EsaprAnalyze } from "./analyze";

declare global {
  interface HTMLElementTagNameMap {
    "esapr-analyze": EsaprAnalyze;
  }
}

customElements.define("esapr-analyze", EsaprAnalyze);
heedKeyboard();
