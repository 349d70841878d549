/** What a person reads before anything is measured, and the two answers to it. */

import { html, nothing, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import type { Modality } from "../sdk/client";

/** A text in a language, paragraphs apart by empty lines. */
export interface ShownNotice {
  text: string;
  language: string;
}

export interface ConsentProps {
  words: Messages;
  /** Where picture and sound go. */
  host: string;
  /** What people are told before they are measured; null while it is on its way. */
  notice: ShownNotice | null;
  offered: readonly Modality[];
  chosen: ReadonlySet<Modality>;
  /** Whether the states may be kept; null where a receipt that was given before says so. */
  keep: boolean | null;
  /** Whether an answer without a choice was tried. */
  incomplete: boolean;
  choose(modality: Modality, chosen: boolean): void;
  chooseKeep(keep: boolean): void;
  agree(): void;
  refuse(): void;
}

export function consentView(props: ConsentProps): TemplateResult {
  const { words } = props;
  const facts = [
    [words.whereTitle, words.where(props.host)],
    [words.keptTitle, words.kept],
  ];
  const submit = (event: Event) => {
    event.preventDefault();
    props.agree();
  };
  return html`
    <form class="card consent" autocomplete="off" @submit=${submit}>
      <h2 tabindex="-1">${words.consentTitle}</h2>
      <div class="notice-text" data-testid="notice" aria-busy=${props.notice ? "false" : "true"}>
        ${props.notice ? paragraphs(props.notice) : html`<p>${words.loading}</p>`}
      </div>
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
      ${props.keep === null ? nothing : keeping(words, props.keep, props.chooseKeep)}
      <div class="buttons">
        <button
          type="submit"
          class="primary"
          data-testid="agree"
          ?disabled=${props.notice === null}
        >
          ${words.agree}
        </button>
        <button type="button" data-testid="refuse" @click=${props.refuse}>${words.refuse}</button>
      </div>
    </form>
  `;
}

function paragraphs({ text, language }: ShownNotice): TemplateResult[] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => html`<p lang=${language || nothing}>${paragraph}</p>`);
}

function use({ words, chosen, choose }: ConsentProps, modality: Modality): TemplateResult {
  const texts = {
    face: [words.useFace, words.useFaceHint],
    voice: [words.useVoice, words.useVoiceHint],
    text: [words.useText, words.useTextHint],
  } as const;
  return choice(`use-${modality}`, texts[modality], chosen.has(modality), (now) =>
    choose(modality, now),
  );
}

function keeping(words: Messages, keep: boolean, choose: (keep: boolean) => void): TemplateResult {
  return html`
    <fieldset>
      <legend>${words.keepTitle}</legend>
      <div class="uses">${choice("keep", [words.keep, words.keepHint], keep, choose)}</div>
    </fieldset>
  `;
}

function choice(
  id: string,
  [title, hint]: readonly [string, string],
  checked: boolean,
  choose: (checked: boolean) => void,
): TemplateResult {
  const change = ({ target }: Event) =>
    choose(target instanceof HTMLInputElement && target.checked);
  return html`
    <label>
      <input type="checkbox" data-testid=${id} .checked=${checked} @change=${change} />
      <span><strong>${title}</strong> <small>${hint}</small></span>
    </label>
  `;
}
