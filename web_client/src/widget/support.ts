/** The help lines that a session names when what was written speaks of self-harm. */

import { html, type LitElement, nothing, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import type { HelpLine } from "../protocol";

/** Shows them above all else, until the person hides them or a session begins anew. */
export class Support {
  readonly #host: LitElement;
  #lines: readonly HelpLine[] = [];

  constructor(host: LitElement) {
    this.#host = host;
    host.addEventListener("esapr-event", ({ detail }) => {
      if (detail.kind === "support_resources") void this.#show(detail.help_lines ?? []);
    });
    host.addEventListener("esapr-phase", ({ detail: phase }) => {
      if (phase === "consent") void this.#show([]);
    });
  }

  view(words: Messages): TemplateResult | typeof nothing {
    if (this.#lines.length === 0) return nothing;
    return html`
      <div class="card support" role="alert" popover="manual" data-testid="support">
        <p><strong>${words.supportTitle}</strong></p>
        <p>${words.supportText}</p>
        ${helpLinesView(this.#lines)}
        <div class="buttons">
          <button type="button" data-testid="support-hide" @click=${() => void this.#show([])}>
            ${words.supportHide}
          </button>
        </div>
      </div>
    `;
  }

  /** In the top layer, wherever the person has scrolled to, and without moving anything. */
  async #show(lines: readonly HelpLine[]): Promise<void> {
    this.#lines = lines;
    this.#host.requestUpdate();
    await this.#host.updateComplete;
    this.#host.renderRoot.querySelector<HTMLElement>(".support:not(:popover-open)")?.showPopover();
  }
}

export function helpLinesView(lines: readonly HelpLine[]): TemplateResult {
  return html`<ul class="help-lines">
    ${lines.map(
      ({ name, about, phone, url }) =>
        html`<li>
          <strong>${name}</strong>
          ${phone ? html`<a href=${`tel:${phone.replace(/\s/g, "")}`}>${phone}</a>` : nothing}
          ${url ? html`<a href=${url} target="_blank" rel="noreferrer">${hostOf(url)}</a>` : nothing}
          <small>${about}</small>
        </li>`,
    )}
  </ul>`;
}

function hostOf(url: string): string {
  return new URL(url).host.replace(/^www\./, "");
}
