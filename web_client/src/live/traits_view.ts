/** What somebody's words say of their traits, shown only to those who agreed to the guess. */

import { html, nothing, type TemplateResult } from "lit";
import { inWords, type Messages } from "../messages";
import type { State } from "../protocol";
import { percent } from "./format";

export function traitsView(words: Messages, state: State | null): TemplateResult | typeof nothing {
  const traits = state?.traits;
  if (!traits) return nothing;
  const { scores } = traits;
  return html`
    <section class="panel traits" aria-labelledby="traits-title" data-testid="traits">
      <h2 id="traits-title">${words.traits}</h2>
      <p class="evidence">${(scores ? words.traitsFrom : words.traitsTooFew)(traits.words)}</p>
      <dl class="counts">
        ${Object.entries(scores ?? {}).map(
          ([name, { score, low, high }]) =>
            html`<div>
              <dt>${inWords(words.traitNames, name)}</dt>
              <dd>
                ${percent(score)} <small>${words.traitRange(percent(low), percent(high))}</small>
              </dd>
            </div>`,
        )}
      </dl>
    </section>
  `;
}
