/** How far it is, and the way to stop; or why it stopped, and what to do about it. */

import { html, nothing, type TemplateResult } from "lit";
import { percent } from "../live/format";
import type { EsaprError } from "../sdk/errors";
import type { Work } from "./work";
import type { Words } from "./words";

export function progressView(words: Words, work: Work): TemplateResult {
  const [title, share, figures] = progress(words, work);
  return html`
    <section class="card progress" data-testid="progress" data-step=${work.step}>
      <h2 tabindex="-1">${title}</h2>
      <p class="file">${work.matter?.name}</p>
      <progress max="1" value=${share} aria-label=${title}></progress>
      <p class="figures">${figures}</p>
      <div class="buttons">
        <button type="button" data-testid="cancel" @click=${work.cancel}>${words.cancel}</button>
      </div>
    </section>
  `;
}

function progress(words: Words, work: Work): [title: string, share: number, figures: string] {
  const size = work.matter?.file.size ?? 0;
  if (work.step === "sending") {
    const share = size === 0 ? 0 : Math.min(1, work.sentBytes / size);
    return [words.sending, share, words.sent(megabytes(work.sentBytes), megabytes(size))];
  }
  const { stage = "waiting", fraction = 0 } = work.findings.progress ?? {};
  return [stage === "waiting" ? words.waiting : words.analysing, fraction, percent(fraction)];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export interface ProblemProps {
  words: Words;
  /** Said before the code. */
  support: string;
  problem: EsaprError;
  /** Null where the same file would be refused again. */
  tryAgain: (() => void) | null;
  chooseOther(): void;
}

export function problemView(props: ProblemProps): TemplateResult {
  const { words, problem, tryAgain } = props;
  const [title, advice] = words.problems[problem.code] ?? [words.otherProblem, problem.message];
  return html`
    <section class="card" data-testid="problem" data-code=${problem.code}>
      <h2 tabindex="-1">${title}</h2>
      <p>${advice}</p>
      <div class="buttons">
        ${
          tryAgain
            ? html`<button type="button" class="primary" data-testid="try-again" @click=${tryAgain}>
                ${words.tryAgain}
              </button>`
            : nothing
        }
        <button type="button" data-testid="other" @click=${props.chooseOther}>
          ${words.chooseOther}
        </button>
      </div>
      <p class="support">${props.support}: <code>${problem.code}</code> ${problem.message}</p>
    </section>
  `;
}

/** Where no file is taken without a key. */
export function keyView(words: Words): TemplateResult {
  return html`
    <section class="card" data-testid="key-needed">
      <h2 tabindex="-1">${words.keyTitle}</h2>
      <p>${words.keyText}</p>
      <p>${words.keyHow}</p>
      <pre><code>POST /v1/analyses</code></pre>
      <p><a href="/v1/openapi.json">${words.reference}</a></p>
    </section>
  `;
}
