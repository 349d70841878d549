/** What one modality shows: seven bars, its weight in the fused state, and how good its evidence is. */

import { html, nothing, type TemplateResult } from "lit";
import { inWords, type Messages } from "../messages";
import type { FaceState, TextState, VoiceState } from "../protocol";
import type { Modality } from "../sdk/client";
import { decibels, duration, hertz, percent } from "./format";
import { colourVariable } from "./palette";
import { vary } from "./vary";

type ModalityState = FaceState | VoiceState | TextState;

export interface ModalityProps {
  words: Messages;
  modality: Modality;
  labels: readonly string[];
  state: ModalityState | undefined;
  /** Why there is no state, if there is none. */
  absence: string;
}

export function modalityView(props: ModalityProps): TemplateResult {
  const { words, modality, labels, state } = props;
  const titles = { face: words.useFace, voice: words.useVoice, text: words.useText };
  return html`
    <section class="panel modality" ?data-absent=${!state} aria-label=${titles[modality]}>
      <h2>
        <span class="modality-title">${titles[modality]}</span>
        <span class="weight-label"
          >${words.weight}
          <span class="weight" data-testid="${modality}-weight"
            >${state ? percent(state.weight) : "–"}</span
          ></span
        >
      </h2>
      <dl class="bars">
        ${labels.map((label, column) => bar(words, label, state?.probs[column]))}
      </dl>
      <p class="evidence">${state ? evidence(words, state) : props.absence}</p>
      <p class="detail">
        ${state ? specific(words, state) : ""}
        <span class="quality"
          >${state ? state.quality.map((code) => inWords(words.quality, code)).join(", ") : ""}</span
        >
      </p>
      ${
        modality === "voice"
          ? html`<p class="detail" data-testid="prosody">${state ? spoken(words, state) : ""}</p>`
          : nothing
      }
    </section>
  `;
}

function bar(words: Messages, label: string, share: number | undefined): TemplateResult {
  const look = { "--share": (share ?? 0).toFixed(3), "--colour": `var(${colourVariable(label)})` };
  return html`
    <div>
      <dt>${inWords(words.expressions, label)}</dt>
      <dd>
        <span class="track" aria-hidden="true"><span class="bar" ${vary(look)}></span></span>
        <span class="value">${share === undefined ? "–" : percent(share)}</span>
      </dd>
    </div>
  `;
}

function evidence(words: Messages, { coverage, age_ms }: ModalityState): string {
  return `${words.coverage} ${percent(coverage)} · ${words.old(duration(age_ms))}`;
}

/** What only one of the modalities has to say. */
function specific(words: Messages, state: ModalityState): string {
  if ("speech_ms" in state) {
    return `${words.speech} ${duration(state.speech_ms)} · ${decibels(state.loudness_db)}`;
  }
  return "lines" in state ? words.lines(state.lines) : "";
}

/** How the voice sounds. */
function spoken(words: Messages, state: ModalityState): string {
  const prosody = "prosody" in state ? state.prosody : undefined;
  if (!prosody) return "";
  const pitch = prosody.pitch_hz === null ? "" : hertz(prosody.pitch_hz);
  return words.prosody(pitch, prosody.syllables_per_second.toFixed(1));
}
