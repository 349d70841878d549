/** Defines `<esapr-staff>`, which is the page of staff. */

import { EsaprStaff } from "./staff";

declare global {
  interface HTMLElementTagNameMap {
    "esapr-staff": EsaprStaff;
  }
}

customElements.define("esapr-staff", EsaprStaff);
