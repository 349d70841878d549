/** What somebody's words say of their traits, shown only to those who agreed to the guess. */

import { html, nothing, type TemplateResult } from "lit";
import { inWords, type Messages } from "../messages";
import type { State, Traits } from "../protocol";
import { percent } from "./format";

export function traitsView(words: Messages, state: State | null): TemplateResult | typeof nothing {
  const traits = state?.traits;
  if (!traits) return nothing;
  return html`
    <section class="panel traits" aria-labelledby="traits-title" data-testid="traits">
      <h2 id="traits-title">${words.traits}</h2>
      ${traitsList(words, traits, "counts")}
    </section>
  `;
}

/** How weak the guess is, and the guess, in a list of that class. */
export function traitsList(words: Messages, traits: Traits, list: string): TemplateResult {
  const { scores } = traits;
  return html`
    <p class="evidence">${(scores ? words.traitsFrom : words.traitsTooFew)(traits.words)}</p>
    <dl class=${list}>
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
  `;
}
