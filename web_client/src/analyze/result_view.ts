/** What was found: the expression shown most, how often each, the course, signals and pages. */

import { html, nothing, type TemplateResult } from "lit";
import { clock, decibels, percent } from "../live/format";
import { legendView } from "../live/legend_view";
import { colourVariable, LABELS } from "../live/palette";
import { traitsList } from "../live/traits_view";
import { vary } from "../live/vary";
import { inWords, type Messages } from "../messages";
import type { Page } from "../protocol";
import type { Modality } from "../sdk/client";
import { helpLinesView } from "../widget/support";
import type { Findings, Segment } from "./findings";
import type { Words } from "./words";

/** Of a long recording the rest is in the files. */
const MOST_SEGMENTS = 100;

export interface ResultProps {
  words: Words;
  /** Those of the widget: expressions, reasons. */
  messages: Messages;
  findings: Findings;
  /** What was analysed, and what of it. */
  name: string;
  modalities: readonly Modality[];
  save(kind: "json" | "csv"): void;
  another(): void;
}

export function resultView(props: ResultProps): TemplateResult {
  const { words, messages, findings } = props;
  const [most] = findings.distribution();
  const done = findings.summary !== null;
  const count = findings.states.length + findings.pages.length;
  const kind = findings.pages.length > 0 ? "document" : "recording";
  return html`
    <section class="card result" data-testid="result" ?data-done=${done}>
      <div class="verdict">
        <h2 tabindex="-1">${words.shown[count === 1 ? "single" : kind]}</h2>
        <p class="label" data-testid="label">
          ${most?.label ? inWords(messages.expressions, most.label) : words.unclear}
        </p>
        <p class="file">${props.name}</p>
        <p class="note">${words.notFeeling}</p>
      </div>
      ${bars(props)} ${abstentions(props)} ${findings.pages.length > 1 ? pages(props) : nothing}
      ${findings.states.length > 1 ? course(props) : nothing}
      ${findings.states.length > 0 ? signals(props) : nothing} ${traits(props)}
      ${done ? closing(props) : nothing}
    </section>
  `;
}

/** Whom to turn to; before all else, where what is written speaks of self-harm. */
export function helpView(messages: Messages, { helpLines }: Findings): TemplateResult {
  return html`
    <aside class="card help" role="alert" ?hidden=${helpLines.length === 0} data-testid="support">
      <p><strong>${messages.supportTitle}</strong></p>
      <p>${messages.supportText}</p>
      ${helpLinesView(helpLines)}
    </aside>
  `;
}

/** How often each expression was shown; of a single state or page, how likely each one is. */
function bars({ words, messages, findings }: ResultProps): TemplateResult {
  const { states, pages } = findings;
  const all = states.length + pages.length;
  const single = all === 1 ? [...states, ...pages][0]!.fused : null;
  const count = pages.length > 0 ? words.ofPages : words.ofStates;
  const rows: readonly Row[] = single
    ? LABELS.map((label, column) => ({ label, share: single.probs[column] ?? 0, text: "" }))
    : findings.distribution().map((each) => ({ ...each, text: count(each.count, all) }));
  return html`
    <section aria-labelledby="bars">
      <h3 id="bars">${single ? words.probabilities : words.distribution}</h3>
      <dl class="bars" data-testid="bars">
        ${rows.map(
          ({ label, share, text }) => html`
            <div>
              <dt>${label === null ? words.none : inWords(messages.expressions, label)}</dt>
              <dd>
                <span class="track" aria-hidden="true"
                  ><span class="bar" ${vary(look(label, share))}></span
                ></span>
                <span class="value">${percent(share)}</span>
                <span class="count">${text}</span>
              </dd>
            </div>
          `,
        )}
      </dl>
    </section>
  `;
}

interface Row {
  label: string | null;
  share: number;
  /** The share in words. */
  text: string;
}

function look(label: string | null, share: number): Record<string, string> {
  const colour = `var(${colourVariable(label ?? "")})`;
  return { "--share": share.toFixed(3), "--colour": colour };
}

function abstentions({ words, messages, findings }: ResultProps): TemplateResult | typeof nothing {
  const reasons = findings.abstained();
  if (reasons.length === 0) return nothing;
  return html`
    <section aria-labelledby="why">
      <h3 id="why">${words.why}</h3>
      <ul class="reasons">
        ${reasons.map(([reason, count]) => html`<li>${count} × ${inWords(messages.reasons, reason)}</li>`)}
      </ul>
    </section>
  `;
}

function course({ words, messages, findings }: ResultProps): TemplateResult {
  const segments = findings.segments();
  const more = segments.length - MOST_SEGMENTS;
  const { from, to, expression, confidence } = words.segment;
  const row = (segment: Segment) => html`
    <tr>
      <td>${clock(segment.startMs / 1_000)}</td>
      <td>${clock(segment.endMs / 1_000)}</td>
      <td>${segment.label === null ? words.none : inWords(messages.expressions, segment.label)}</td>
      <td>${segment.confidence === null ? "–" : percent(segment.confidence)}</td>
    </tr>
  `;
  return html`
    <section aria-labelledby="course">
      <h3 id="course">${words.course}</h3>
      ${legendView(messages, LABELS)}
      <div class="timeline" role="img" aria-label=${words.courseLabel}></div>
      <details>
        <summary>${words.segments}: ${segments.length}</summary>
        <table data-testid="segments">
          <thead>
            <tr>
              ${[from, to, expression, confidence].map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${segments.slice(0, MOST_SEGMENTS).map(row)}
          </tbody>
        </table>
        ${more > 0 ? html`<p>${words.moreSegments(more)}</p>` : nothing}
      </details>
    </section>
  `;
}

function signals(props: ResultProps): TemplateResult {
  const { words, findings } = props;
  const { seconds, blinks, blinksPerMinute, speechShare, loudnessDb } = findings.signals();
  const { coverage = {}, damaged = 0 } = findings.summary ?? {};
  const shown: [id: string, name: string, value: string | null][] = [
    ["length", words.length, clock(seconds)],
    ["blinks", words.blinks, blinks === null ? null : String(blinks)],
    ["blink-rate", words.blinksPerMinute, blinksPerMinute?.toFixed(0) ?? null],
    ["speech", words.speech, speechShare === null ? null : percent(speechShare)],
    ["loudness", words.loudness, loudnessDb === null ? null : decibels(loudnessDb)],
    ...props.modalities.map((modality): [string, string, string | null] => [
      `evidence-${modality}`,
      words.evidence[modality],
      coverage[modality] === undefined ? null : percent(coverage[modality]),
    ]),
    ["damaged", words.damaged, damaged > 0 ? String(damaged) : null],
  ];
  return html`
    <section aria-labelledby="signals">
      <h3 id="signals">${words.signals}</h3>
      <dl class="signals">
        ${shown.map(([id, name, value]) =>
          value === null
            ? nothing
            : html`<div>
                <dt>${name}</dt>
                <dd data-testid=${id}>${value}</dd>
              </div>`,
        )}
      </dl>
    </section>
  `;
}

function traits({ messages, findings }: ResultProps): TemplateResult | typeof nothing {
  const found = findings.summary?.traits;
  if (!found) return nothing;
  return html`
    <section aria-labelledby="traits" data-testid="traits">
      <h3 id="traits">${messages.traits}</h3>
      ${traitsList(messages, found, "signals")}
    </section>
  `;
}

function pages({ words, messages, findings }: ResultProps): TemplateResult {
  const row = ({ number, lines, fused, abstain }: Page) => html`
    <tr>
      <th scope="row">${number}</th>
      <td>
        ${fused ? inWords(messages.expressions, fused.label) : inWords(messages.reasons, abstain?.reason ?? "")}
      </td>
      <td>${fused ? percent(fused.confidence) : "–"}</td>
      <td>${lines}</td>
    </tr>
  `;
  const { expression, confidence } = words.segment;
  return html`
    <section aria-labelledby="pages">
      <h3 id="pages">${words.pages}</h3>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="pages">
        <table data-testid="pages">
          <thead>
            <tr>
              ${[words.page, expression, confidence, words.lines].map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${findings.pages.map(row)}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

function closing({ words, save, another }: ResultProps): TemplateResult {
  return html`
    <section aria-labelledby="save">
      <h3 id="save">${words.save}</h3>
      <div class="buttons">
        <button type="button" data-testid="json" @click=${() => save("json")}>JSON</button>
        <button type="button" data-testid="csv" @click=${() => save("csv")}>CSV</button>
        <button type="button" class="primary" data-testid="another" @click=${another}>
          ${words.another}
        </button>
      </div>
      <small>${words.saveHint}</small>
    </section>
  `;
}
