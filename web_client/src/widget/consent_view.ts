/** What a person reads before anything is measured, and the two answers to it. */

import { html, nothing, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import type { Consent, Notice } from "../protocol";
import type { Cover, Modality } from "../sdk/client";

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
  /** What else the receipt may cover; nothing where one that was given before says so. */
  coverable: readonly Cover[];
  covered: ReadonlySet<Cover>;
  /** Whether an answer without a choice was tried. */
  incomplete: boolean;
  choose(modality: Modality, chosen: boolean): void;
  cover(cover: Cover, covered: boolean): void;
  agree(): void;
  refuse(): void;
}

export function consentView(props: ConsentProps): TemplateResult {
  const { words } = props;
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
        ${factsOf(props).map(
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
      ${props.coverable.length > 0 ? covering(props) : nothing}
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

/** What is said beside the notice, each with its title: of traits, where they are asked for. */
export function factsOf({
  words,
  host,
  coverable,
}: Pick<ConsentProps, "words" | "host" | "coverable">): [title: string, text: string][] {
  const facts: [string, string][] = [
    [words.whereTitle, words.where(host)],
    [words.keptTitle, words.kept],
  ];
  if (coverable.includes("traits")) facts.push([words.traitsTitle, words.traitsTold]);
  return facts;
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

function covering({ words, coverable, covered, cover }: ConsentProps): TemplateResult {
  const texts: Partial<Record<Cover, readonly [string, string]>> = {
    records: [words.keep, words.keepHint],
    recommendations: [words.recommend, words.recommendHint],
    traits: [words.traitsCover, words.traitsCoverHint],
    baseline: [words.baselineCover, words.baselineCoverHint],
  };
  return html`
    <fieldset>
      <legend>${words.coverTitle}</legend>
      <div class="uses">
        ${coverable.map((each) => {
          const id = each === "records" ? "keep" : `cover-${each}`;
          const change = (now: boolean) => cover(each, now);
          return choice(id, texts[each] ?? [each, ""], covered.has(each), change);
        })}
      </div>
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

/** Traits, where the server guesses them and text, of which they are guessed, is offered. */
export function traitsCoverable(
  notice: Pick<Notice, "covers"> | null,
  offered: readonly Modality[],
): Cover[] {
  const here = offered.includes("text") && notice?.covers?.includes("traits");
  return here ? ["traits"] : [];
}

/**
 * What a receipt may cover that this widget asks for; of a site's own notice, records. A baseline of
 * a face or a voice is asked for where the page `keeps` it.
 */
export function coverable(
  notice: Pick<Notice, "covers"> | null,
  offered: readonly Modality[],
  keeps = false,
): Cover[] {
  const here = notice?.covers ?? ["records"];
  const asked: Cover[] = ["records", "recommendations", ...traitsCoverable(notice, offered)];
  if (keeps && (offered.includes("face") || offered.includes("voice"))) asked.push("baseline");
  return here.filter((cover) => asked.includes(cover));
}

/** What was ticked of what was asked for, as a receipt has it. */
export function coversOf(
  asked: readonly Cover[],
  ticked: ReadonlySet<Cover>,
): Pick<Consent, "covers"> {
  const covers = asked.filter((cover) => ticked.has(cover));
  return covers.length > 0 ? { covers } : {};
}

export function withOrWithout<Item>(
  items: ReadonlySet<Item>,
  item: Item,
  present: boolean,
): Set<Item> {
  const others = [...items].filter((each) => each !== item);
  return new Set(present ? [...others, item] : others);
}
