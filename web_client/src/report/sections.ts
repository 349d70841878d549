/** The sections of the report that are read, as tables and facts; what is missing says why. */

import { html, nothing, type TemplateResult } from "lit";
import { inWords } from "../messages";
import type { Expression, Report } from "../protocol";
import { clock, type Form, shown } from "./figures";
import { prosody } from "./voice";
import { filled, type Words } from "./words";

/** Rows of a table that grows with the session, as in the documents. */
const ROWS = 25;

export type Cell = string | readonly [number, Form];
type Column = keyof Words["document"]["column"];
export type Fact = keyof Words["document"]["fact"];
type Heading = keyof Words["document"]["heading"];

export function sections(report: Report, words: Words): TemplateResult {
  const { document: texts } = words;
  const section = (name: Heading, ...content: unknown[]) => framed(words, name, content);
  const label = (name: string) => inWords(texts.expression, name);
  const between = (start: number, end: number | null) =>
    filled(texts.between, {
      start: clock(start),
      end: end === null ? texts.until_end : clock(end),
    });
  const list = (columns: readonly Column[], rows: readonly (readonly Cell[])[]) =>
    listed(words, columns, rows);
  const { blinks, voice, comparison, cohort } = report;
  return html`
    ${section("distribution", distribution(report, words))}
    ${section(
      "segments",
      list(
        ["expression", "time", "length", "confidence"],
        report.segments
          .toSorted((a, b) => b.t_end_ms - b.t_start_ms - (a.t_end_ms - a.t_start_ms))
          .map((each) => [
            label(each.label),
            between(each.t_start_ms, each.t_end_ms),
            [each.t_end_ms - each.t_start_ms, "length"],
            [each.confidence, "share"],
          ]),
      ),
    )}
    ${section(
      "transitions",
      list(
        ["before", "after", "count"],
        report.transitions.map(({ before, after, count }) => [
          label(before),
          label(after),
          [count, "count"],
        ]),
      ),
    )}
    ${section("evidence", evidence(report, words))}
    ${section(
      "abstained",
      list(
        ["reason", "states"],
        Object.entries(report.abstained).map(([reason, count]) => [
          inWords(texts.abstained, reason),
          [count, "count"],
        ]),
      ),
    )}
    ${section(
      "blinks",
      blinks
        ? facts(words, [
            ["blinks", [blinks.total, "count"]],
            ["per_minute", [blinks.per_minute, "rate"]],
          ])
        : absent(report, words, "blinks"),
    )}
    ${section(
      "voice",
      voice
        ? facts(words, [
            ["speaking", [voice.speaking_ms, "length"]],
            ["turns", [voice.turns, "count"]],
            ["loudness", [voice.loudness_db, "loudness"]],
            ["speaking_share", [voice.speaking_share, "share"]],
            ...prosody(voice),
          ])
        : absent(report, words, "voice"),
    )}
    ${section(
      "words",
      report.words
        ? list(
            ["word", "count", "of_words", "earlier"],
            report.words.map(({ word, count, share, earlier }) => [
              word,
              [count, "count"],
              [share, "share"],
              earlier === null ? "–" : [earlier, "share"],
            ]),
          )
        : absent(report, words, "words"),
    )}
    ${section("traits", traits(report, words))}
    ${section(
      "warnings",
      list(
        ["condition", "time"],
        report.warnings.map(({ code, t_start_ms, t_end_ms }) => [
          inWords(texts.condition, code),
          between(t_start_ms, t_end_ms),
        ]),
      ),
    )}
    ${section(
      "gaps",
      list(
        ["time", "length"],
        report.gaps.map(({ t_start_ms, t_end_ms }) => [
          between(t_start_ms, t_end_ms),
          [t_end_ms - t_start_ms, "length"],
        ]),
      ),
    )}
    ${section(
      "comparison",
      comparison
        ? html`${list(
            ["session", "fused", "highest", "confidence", "valence", "arousal"],
            comparison.earlier.map(({ opened_at, fused, expression }) => [
              moment(opened_at),
              [fused, "count"],
              label(highest(report.labels, expression)),
              [expression.confidence, "share"],
              [expression.valence, "signed"],
              [expression.arousal, "signed"],
            ]),
          )}
          ${changes(report, words, comparison.change, null)}`
        : absent(report, words, "comparison"),
    )}
    ${section(
      "cohort",
      cohort
        ? html`${facts(words, [["people", [cohort.people, "count"]]])}
          ${changes(report, words, cohort.change, cohort.expression)}`
        : absent(report, words, "cohort"),
    )}
    ${section("consent", consent(report, words))}
  `;
}

export function framed(words: Words, name: Heading, content: unknown): TemplateResult {
  const notes: Readonly<Record<string, string>> = words.document.note;
  return html`
    <section class="panel" aria-labelledby=${`title-${name}`} data-testid=${name}>
      <h2 id=${`title-${name}`}>${words.document.heading[name]}</h2>
      ${name in notes ? html`<p class="note">${notes[name]}</p>` : nothing} ${content}
    </section>
  `;
}

export function facts(words: Words, rows: readonly (readonly [Fact, Cell])[]): TemplateResult {
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${words.document.fact[name]}</dt>
          <dd>${cell(words, value)}</dd>
        </div>`,
    )}
  </dl>`;
}

/** An RFC 3339 time as people write it, to the second, in UTC. */
export function moment(text: string | null): string {
  return text === null ? "–" : `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

function distribution(report: Report, words: Words): TemplateResult {
  const { expression, labels, shares } = report;
  if (expression === null) return html`<p>${words.document.nothing_fused}</p>`;
  return listed(
    words,
    ["expression", "share", "mean"],
    labels.map((label, column) => [
      inWords(words.document.expression, label),
      [shares[label] ?? 0, "share"],
      [expression.probs[column] ?? 0, "share"],
    ]),
  );
}

function evidence(report: Report, words: Words): TemplateResult {
  const { document: texts } = words;
  const flags = (quality: Readonly<Record<string, number>>) =>
    Object.entries(quality)
      .map(
        ([flag, share]) =>
          `${inWords(texts.condition, flag)} ${shown(share, "share", texts.decimal)}`,
      )
      .join(", ");
  return listed(
    words,
    ["modality", "present", "coverage", "weight", "quality"],
    report.modalities.map((modality) => {
      const found = report.evidence[modality];
      const name = texts.modality[modality];
      if (!found) return [name, [0, "share"], "–", "–", "–"];
      const { present, coverage, weight, quality } = found;
      return [
        name,
        [present, "share"],
        [coverage, "share"],
        [weight, "share"],
        flags(quality) || "–",
      ];
    }),
  );
}

function traits(report: Report, words: Words): TemplateResult {
  const found = report.traits;
  if (!found?.scores) return absent(report, words, "traits");
  return html`${facts(words, [["words", [found.words, "count"]]])}
  ${listed(
    words,
    ["trait", "score", "low", "high"],
    Object.entries(found.scores).map(([name, { score, low, high }]) => [
      inWords(words.document.trait, name),
      [score, "share"],
      [low, "share"],
      [high, "share"],
    ]),
  )}`;
}

function changes(
  report: Report,
  words: Words,
  change: Expression,
  group: Expression | null,
): TemplateResult {
  const rows = report.labels.map((label, column): Cell[] => [
    inWords(words.document.expression, label),
    ...(group ? [[group.probs[column] ?? 0, "share"] as const] : []),
    [change.probs[column] ?? 0, "points"],
  ]);
  return listed(words, group ? ["expression", "group", "change"] : ["expression", "change"], rows);
}

function consent(report: Report, words: Words): TemplateResult {
  const { consent: receipt } = report;
  const { document: texts } = words;
  return facts(words, [
    ["given_at", moment(receipt.given_at)],
    ["method", inWords(texts.method, receipt.method)],
    ["covers", receipt.covers.map((each) => inWords(texts.covers, each)).join("; ")],
    ["text_version", receipt.text_version],
    ["language", receipt.language],
    ["withdrawal", texts.fact.withdrawn],
  ]);
}

function absent(report: Report, words: Words, name: string): TemplateResult {
  return html`<p>${inWords(words.document.absent, report.absent[name] ?? "")}</p>`;
}

export function listed(
  words: Words,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): TemplateResult {
  const { document: texts } = words;
  if (rows.length === 0) return html`<p>${texts.none}</p>`;
  return html`
    <div class="table">
      <table>
        <thead>
          <tr>
            ${columns.map((name) => html`<th scope="col">${texts.column[name]}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, ROWS).map(
            ([name, ...rest]) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${rest.map((value) => html`<td>${cell(words, value)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      rows.length > ROWS
        ? html`<p class="note">${filled(texts.shortened, { shown: ROWS, all: rows.length })}</p>`
        : nothing
    }
  `;
}

function cell(words: Words, value: Cell): string | TemplateResult {
  if (typeof value === "string") return value;
  const [number, form] = value;
  return html`<data value=${number}>${shown(number, form, words.document.decimal)}</data>`;
}

function highest(labels: readonly string[], { probs }: Expression): string {
  return labels[probs.indexOf(Math.max(...probs))] ?? "";
}
