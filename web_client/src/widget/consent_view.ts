/** What a person reads before anything is measured, and the two answers to it. */

import { html, nothing, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import type { Modality } from "../sdk/client";

export interface ConsentProps {
  words: Messages;
  /** Where picture and sound go. */
  host: string;
  /** The server's own text, if there is one already. */
  notice: string;
  offered: readonly Modality[];
  chosen: ReadonlySet<Modality>;
  /** Whether an answer without a choice was tried. */
  incomplete: boolean;
  choose(modality: Modality, chosen: boolean): void;
  agree(): void;
  refuse(): void;
}

export function consentView(props: ConsentProps): TemplateResult {
  const { words } = props;
  const facts = [
    [words.whereTitle, words.where(props.host)],
    [words.keptTitle, words.kept],
    [words.choiceTitle, words.choice],
  ];
  const submit = (event: Event) => {
    event.preventDefault();
    props.agree();
  };
  return html`
    <form class="card consent" autocomplete="off" @submit=${submit}>
      <h2 tabindex="-1">${words.consentTitle}</h2>
      <p>${props.notice || words.consentLead}</p>
      <dl class="facts">
        ${facts.map(
          ([title, text]) =>
            html`<div>
              <dt>${title}</dt>
              <dd>${text}</dd>
            </div>`,
        )}
      </dl>
      <fieldset aria-describedby="choose-one">
        <legend>${words.chooseTitle}</legend>
        <div class="uses">${props.offered.map((modality) => use(props, modality))}</div>
      </fieldset>
      <p class="hint" id="choose-one" role="alert">
        ${props.incomplete ? words.chooseOne : nothing}
      </p>
      <div class="buttons">
        <button type="submit" class="primary" data-testid="agree">${words.agree}</button>
        <button type="button" data-testid="refuse" @click=${props.refuse}>${words.refuse}</button>
      </div>
    </form>
  `;
}

function use({ words, chosen, choose }: ConsentProps, modality: Modality): TemplateResult {
  const texts = {
    face: [words.useFace, words.useFaceHint],
    voice: [words.useVoice, words.useVoiceHint],
    text: [words.useText, words.useTextHint],
  }[modality];
  const change = ({ target }: Event) =>
    choose(modality, target instanceof HTMLInputElement && target.checked);
  return html`
    <label>
      <input
        type="checkbox"
        data-testid="use-${modality}"
        .checked=${chosen.has(modality)}
        @change=${change}
      />
      <span><strong>${texts[0]}</strong> <small>${texts[1]}</small></span>
    </label>
  `;
}
