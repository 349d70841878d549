/** How it ended, and the way to begin anew. */

import { html, nothing, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import { problemInWords } from "./blocked_view";
import type { WidgetEnding } from "./events";

const NO_LINK = { address: null, action: "" };

export function endedView(
  words: Messages,
  { ending, report }: { ending: WidgetEnding | null; report: string | null },
  server: string,
  again: () => void,
): TemplateResult {
  const titles = { ended: words.endedTitle, revoked: words.revokedTitle, lost: words.lostTitle };
  const { reason = "ended", error = null, totals = null } = ending ?? {};
  const texts = [
    ...(reason === "revoked" ? [words.revokedText] : []),
    ...(error ? [problemInWords(words, error)] : []),
    ...(totals ? [words.measured(totals.states, totals.fused)] : []),
  ];
  return closingView(titles[reason], texts, words.startAgain, again, {
    // The page that shows reports is the server's own; a site has the path from `esapr-ended`.
    address: new URL(server, location.href).origin === location.origin ? report : null,
    action: words.readReport,
  });
}

export function closingView(
  title: string,
  texts: readonly string[],
  action: string,
  act: () => void,
  { address, action: read }: { address: string | null; action: string } = NO_LINK,
): TemplateResult {
  return html`
    <section class="card calm" data-testid="closing">
      <h2 tabindex="-1">${title}</h2>
      ${texts.map((text) => html`<p>${text}</p>`)}
      <div class="buttons">
        ${
          address
            ? html`<a class="primary" data-testid="report" target="_blank" href=${address}
                >${read}</a
              >`
            : nothing
        }
        <button type="button" data-testid="again" @click=${act}>${action}</button>
      </div>
    </section>
  `;
}
