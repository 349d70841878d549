/** The numbers beside the expression: blinks, gaze, speech, how late and how complete a state is. */

import { html, nothing, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import type { State } from "../protocol";
import { duration, percent } from "./format";

export interface Figures {
  state: State | null;
  /** Milliseconds. */
  roundTrip: number | null;
  /** Share of the session. */
  speaking: number | null;
  models: Readonly<Record<string, string>>;
}

type Figure = readonly [id: string, name: string, value: string, hint?: string];

/** Those that say something of the person, and how late it is said. */
export function countsView(words: Messages, { state, speaking }: Figures): TemplateResult {
  const face = state?.modalities.face;
  const cost = costOf(state);
  const shown: Figure[] = [
    ["blinks", words.blinks, face ? String(face.blinks_total) : "–"],
    ["blink-rate", words.blinksPerMinute, face ? face.blink_rate.toFixed(0) : "–"],
    ["speaking", words.speakingShare, speaking === null ? "–" : percent(speaking)],
    ["latency", words.latency, cost ? duration(cost.capture_to_state_ms) : "–"],
    // Last, since it comes and goes and is as wide as its words: nothing moves beside it.
    ["gaze", words.gaze, face?.gaze ? words.gazes(face.gaze.away) : "–", words.gazeHint],
  ];
  return html`<dl class="panel counts">${shown.map(figure)}</dl>`;
}

/** Those for whoever looks after the server. */
export function technicalView(words: Messages, figures: Figures): TemplateResult {
  const { state, roundTrip, models } = figures;
  const cost = costOf(state);
  const { dropped } = state ?? {};
  const shown: Figure[] = [
    ["level", words.level, state ? words.levels[state.level] : "–"],
    ["round-trip", words.roundTrip, roundTrip === null ? "–" : duration(roundTrip)],
    ["queue", words.queue, cost ? duration(cost.queue_ms) : "–"],
    [
      "inference",
      words.inference,
      cost ? `${duration(cost.infer_ms)}, ${words.batchOf(cost.batch_size)}` : "–",
    ],
    [
      "dropped",
      words.dropped,
      dropped ? words.droppedCounts(dropped.frames, dropped.windows, dropped.lines) : "–",
    ],
    ["seq", words.state, state ? String(state.seq) : "–"],
    ["models", words.models, Object.values(models).join(", ") || "–"],
  ];
  return html`
    <details class="technical">
      <summary>${words.technical}</summary>
      <dl>${shown.map(figure)}</dl>
    </details>
  `;
}

/** A state that rests on no new score has cost nothing. */
function costOf(state: State | null): State["latency"] | null {
  return state && state.latency.batch_size > 0 ? state.latency : null;
}

function figure([id, name, value, hint]: Figure): TemplateResult {
  return html`<div title=${hint ?? nothing}>
    <dt>${name}</dt>
    <dd data-testid=${id}>${value}</dd>
  </div>`;
}
