/** The timeline with what it shows at the cursor. */

import { html, nothing, svg, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { sample } from "../live/legend_view";
import { colourVariable } from "../live/palette";
import { vary } from "../live/vary";
import { inWords } from "../messages";
import type { Point, Report } from "../protocol";
import { extent, type Range } from "./charts";
import { stretches } from "./columns";
import { clock, shown } from "./figures";
import { framed } from "./sections";
import { filled, type Words } from "./words";

/** Seconds that a chart of the whole session may be short of it. */
const SLACK = 0.01;

export interface TimelineModel {
  report: Report;
  words: Words;
  range: Range;
  /** What the cursor reads; null shows the means of the session. */
  point: Point | null;
  read: (seconds: number) => void;
  zoom: (range: Range) => void;
  hosted: (name: Report["modalities"][number] | "all", host: Element | undefined) => void;
}

export function timelineView(model: TimelineModel): TemplateResult {
  const { report, words, range, point } = model;
  const { document: texts } = words;
  if (report.timeline.length === 0 || report.fused === 0) {
    return framed(words, "timeline", html`<p data-testid="empty">${texts.nothing_fused}</p>`);
  }
  const [begin, end] = extent(report);
  const zoomed = range[1] - range[0] < end - begin - SLACK;
  const alt = filled(texts.plot.timeline, { start: clock(1_000 * begin), end: clock(1_000 * end) });
  return framed(
    words,
    "timeline",
    html`
      <p class="reading" data-testid="reading">
        <strong>${point ? `${clock(point.t_start_ms)}` : words.page.means}</strong>
        <button
          type="button"
          class="quiet"
          ?hidden=${!zoomed}
          @click=${() => model.zoom([begin, end])}
        >
          ${words.page.whole}
        </button>
      </p>
      <ul class="legend">
        ${report.labels.map((label, column) => legend(words, label, value(model, column)))}
      </ul>
      <div
        class="chart"
        role="img"
        aria-label=${alt}
        ${ref((host) => model.hosted("all", host))}
      ></div>
      <div class="strip" aria-hidden="true">
        <span>${texts.plot.highest}</span>
        ${strip(report, range)}
      </div>
      ${report.modalities.map((modality) => laneView(model, modality))}
      <label class="slider">
        <span class="unseen">${words.page.at}</span>
        <input
          type="range"
          data-testid="slider"
          min=${begin}
          max=${end}
          step=${report.tick_ms / 1_000}
          .value=${String(point ? point.t_start_ms / 1_000 : begin)}
          aria-valuetext=${spoken(model)}
          @input=${({ target }: Event) => model.read(Number((target as HTMLInputElement).value))}
        />
      </label>
      <p class="note">${words.page.legendHint}</p>
    `,
  );
}

/** The reading in one sentence, for those who hear the slider. */
function spoken({ point, words }: TimelineModel): string {
  if (point === null) return words.page.means;
  const { label, expression } = point;
  const name = label === null ? words.page.noExpression : inWords(words.document.expression, label);
  const sure = expression ? shown(expression.confidence, "share", words.document.decimal) : "";
  return `${clock(point.t_start_ms)} ${name} ${sure}`;
}

function value({ report, point, words }: TimelineModel, column: number): string {
  const mean = point ? point.expression : report.expression;
  const prob = mean?.probs[column];
  return prob === undefined ? "–" : shown(prob, "share", words.document.decimal);
}

function legend(words: Words, label: string, share: string): TemplateResult {
  return html`<li>
    ${sample(label)} ${inWords(words.document.expression, label)}
    <span class="value">${share}</span>
  </li>`;
}

function laneView(model: TimelineModel, modality: Report["modalities"][number]): TemplateResult {
  const { report, point, words } = model;
  const { document: texts } = words;
  const found = (point ?? report).evidence[modality];
  const numbers = found
    ? `${texts.plot.weight} ${shown(found.weight, "share", texts.decimal)} · ${texts.plot.coverage} ${shown(found.coverage, "share", texts.decimal)}`
    : texts.plot.no_evidence;
  const flags = Object.keys(found?.quality ?? {}).map((flag) => inWords(texts.condition, flag));
  return html`
    <div class="lane">
      <p>
        <strong>${texts.modality[modality]}</strong> ${numbers}
        ${flags.length > 0 ? html`<span class="flag">${flags.join(", ")}</span>` : nothing}
      </p>
      <div
        class="chart"
        role="img"
        aria-label=${`${texts.modality[modality]}: ${numbers}`}
        ${ref((host) => model.hosted(modality, host))}
      ></div>
    </div>
  `;
}

function strip(report: Report, range: Range): TemplateResult {
  return html`<svg viewBox="0 0 1 1" preserveAspectRatio="none">
    ${stretches(report.timeline, range).map(
      ({ label, from, to }) =>
        svg`<rect x=${from} y="0" width=${to - from} height="1" ${vary({ fill: `var(${colourVariable(label)})` })} />`,
    )}
  </svg>`;
}
