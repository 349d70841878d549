/** One step of the recommendations, and one entry in it. */

import { html, nothing, type TemplateResult } from "lit";
import type { Basis, Recommendation, Recommendations } from "../protocol";
import { ANSWERS, type Answer, type Answers } from "./answers";
import type { Words } from "./messages";

const SHOWN = 3;

export interface StepProps {
  words: Words;
  language: string;
  title: string;
  items: readonly Recommendation[];
  answers: Answers;
  /** Whether all are shown. */
  open: boolean;
  showAll(): void;
  answer(id: string, answer: Answer): void;
}

export function stepView(props: StepProps): TemplateResult {
  const { words, items, open, title } = props;
  const shown = open ? items : items.slice(0, SHOWN);
  const hidden = items.length - shown.length;
  return html`
    <section aria-label=${title}>
      <h3>${title}</h3>
      <ul class="entries">
        ${shown.map((item) => html`<li>${entryView(props, item)}</li>`)}
      </ul>
      ${
        hidden > 0
          ? html`<button type="button" data-testid="more" @click=${props.showAll}>
              ${words.more(hidden)}
            </button>`
          : nothing
      }
    </section>
  `;
}

function entryView(props: StepProps, item: Recommendation): TemplateResult {
  const { words, language } = props;
  const { id, title, kind, minutes, licence, evidence, because, text } = item;
  const spoken = item.language === "zxx" ? nothing : item.language;
  return html`
    <article class="entry panel" data-testid="recommendation" data-id=${id} aria-label=${title}>
      <p class="about">${words.kind[kind]} · ${words.minutes(minutes)}</p>
      <p class="title" lang=${spoken}>${link(words, item)}</p>
      ${
        text
          ? html`<details>
              <summary>${words.how}</summary>
              <ol lang=${spoken}>
                ${text.map((each) => html`<li>${each}</li>`)}
              </ol>
            </details>`
          : nothing
      }
      <details data-testid="because">
        <summary>${words.why}</summary>
        <p>
          ${words.because[because.step](
            signed(because.valence, language),
            signed(because.arousal, language),
          )}
        </p>
        <p lang=${spoken}><b>${words.known}:</b> ${evidence.note} (${evidence.source}).</p>
        <p><b>${words.licence}:</b> ${licence}</p>
      </details>
      <div class="answers" role="group" aria-label=${`${words.answer}: ${title}`}>
        ${ANSWERS.map((answer) => answerButton(props, id, answer))}
      </div>
    </article>
  `;
}

function link(words: Words, { title, url }: Recommendation): TemplateResult {
  if (!url) return html`${title}`;
  return html`<a href=${url} target="_blank" rel="noreferrer"
    >${title}<span class="unseen"> (${words.opensElsewhere})</span></a
  >`;
}

function answerButton(props: StepProps, id: string, answer: Answer): TemplateResult {
  return html`<button
    type="button"
    data-testid=${answer}
    aria-pressed=${props.answers[id] === answer ? "true" : "false"}
    @click=${() => props.answer(id, answer)}
  >
    ${props.words[answer]}
  </button>`;
}

/** Why nothing is named. */
export function nothingNamed(words: Words, { abstain, items }: Recommendations): string {
  if (abstain === null) return items.length === 0 ? words.noneFits : "";
  const text = words.nothing[abstain.reason];
  return typeof text === "string" ? text : text(abstain.needed_seconds);
}

/** What the recommendations follow from. */
export function basisInWords(words: Words, basis: Basis, language: string): string {
  const figures = [basis.valence, basis.arousal].map((each) => signed(each, language));
  return words.basis(duration(basis.seconds), ...(figures as [string, string]));
}

/** A number between -1 and 1 as a reader of the language writes it. */
function signed(value: number, language: string): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return value.toLocaleString(language, digits).replace("-", "−");
}

/** Seconds in words: `4 min 12 s`. */
function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = `${Math.round(seconds - 60 * minutes)} s`;
  return minutes > 0 ? `${minutes} min ${rest}` : rest;
}
