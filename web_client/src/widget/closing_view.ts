/** How it ended, and the way to begin anew. */

import { html, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import { problemInWords } from "./blocked_view";
import type { WidgetEnding } from "./events";

export function endedView(
  words: Messages,
  ending: WidgetEnding | null,
  again: () => void,
): TemplateResult {
  const titles = { ended: words.endedTitle, revoked: words.revokedTitle, lost: words.lostTitle };
  const { reason = "ended", error = null, totals = null } = ending ?? {};
  const texts = [
    ...(reason === "revoked" ? [words.revokedText] : []),
    ...(error ? [problemInWords(words, error)] : []),
    ...(totals ? [words.measured(totals.states, totals.fused)] : []),
  ];
  return closingView(titles[reason], texts, words.startAgain, again);
}

export function closingView(
  title: string,
  texts: readonly string[],
  action: string,
  act: () => void,
): TemplateResult {
  return html`
    <section class="card calm" data-testid="closing">
      <h2 tabindex="-1">${title}</h2>
      ${texts.map((text) => html`<p>${text}</p>`)}
      <div class="buttons">
        <button type="button" data-testid="again" @click=${act}>${action}</button>
      </div>
    </section>
  `;
}
