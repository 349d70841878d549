/** Which line of a timeline is which expression. */

import { html, type TemplateResult } from "lit";
import { inWords, type Messages } from "../messages";
import { colourVariable, dash } from "./palette";
import { vary } from "./vary";

export function legendView(words: Messages, labels: readonly string[]): TemplateResult {
  return html`
    <ul class="legend">
      ${labels.map((label) => html`<li>${sample(label)}${inWords(words.expressions, label)}</li>`)}
    </ul>
  `;
}

/** The line as the timeline draws it. */
export function sample(label: string): TemplateResult {
  return html`<svg viewBox="0 0 22 4" aria-hidden="true">
    <line
      x1="0"
      x2="22"
      y1="2"
      y2="2"
      stroke-dasharray=${dash(label).join(" ")}
      ${vary({ stroke: `var(${colourVariable(label)})` })}
    />
  </svg>`;
}
