/** Defines `<esapr-room>`. */

import { EsaprRoom } from "./room";

export { EsaprRoom };

declare global {
  interface HTMLElementTagNameMap {
    "esapr-room": EsaprRoom;
  }
}

if (!customElements.get("esapr-room")) customElements.define("esapr-room", EsaprRoom);
