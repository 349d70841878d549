/** One person in the room, as far as the view shows anything. */

import { html, nothing, type TemplateResult } from "lit";
import { percent } from "../live/format";
import { colourVariable } from "../live/palette";
import { vary } from "../live/vary";
import { inWords } from "../messages";
import type { FaceState, State, TextState, Trend, VoiceState } from "../protocol";
import { MODALITIES, type Modality } from "../sdk/client";
import type { Words } from "./messages";
import { PAST_SECONDS, type Person } from "./people";
import { sparkline } from "./sparkline";

/** A voice heard longer ago than this does not speak. */
const HEARD_MS = 1_500;

export interface TileProps {
  words: Words;
  person: Person;
  labels: readonly string[];
  view: "full" | "own" | "trends";
  /** Leaves a modality out, or takes it in again; null where the role may not. */
  mute: ((session: string, modality: Modality, muted: boolean) => void) | null;
}

export function tileView(props: TileProps): TemplateResult {
  const { words, person, view } = props;
  const { participant, state, trend, left } = person;
  return html`
    <h3 class="name" title=${participant}>${participant}</h3>
    <p class="chips">
      ${chips(words, person).map((text) => html`<span class="chip">${text}</span>`)}
    </p>
    ${
      left !== null
        ? html`<p class="left">${words.hasLeft[left] ?? words.hasLeftText}</p>`
        : view === "trends"
          ? directions(words, trend)
          : html`
              ${verdict(words, state)} ${sparkline(person.past, words.pastLabel(PAST_SECONDS / 60))}
              <ul class="parts">
                ${MODALITIES.map((modality) => html`<li>${part(props, modality)}</li>`)}
              </ul>
            `
    }
  `;
}

function chips(words: Words, { paused, left, state }: Person): string[] {
  if (left !== null) return [];
  const voice = state?.modalities.voice;
  const speaks = voice && voice.speech_ms > 0 && voice.age_ms <= HEARD_MS;
  return [
    ...(paused ? [words.isPaused] : []),
    ...(speaks && !paused ? [words.speaking] : []),
    ...(state && state.level !== "full" ? [words.levels[state.level]] : []),
  ];
}

/** The fused expression and its confidence, or why there is none. */
function verdict(words: Words, state: State | null): TemplateResult {
  const fused = state?.fused ?? null;
  const look = {
    "--share": (fused?.confidence ?? 0).toFixed(3),
    "--colour": `var(${colourVariable(fused?.label ?? "")})`,
  };
  const reason = inWords(words.reasons, state?.abstain?.reason ?? "no_evidence");
  return html`
    <div class="verdict" ?data-abstain=${fused === null} ${vary(look)}>
      <p class="label" data-testid="tile-label">
        ${fused ? inWords(words.expressions, fused.label) : words.noExpression(reason)}
      </p>
      <p class="sure">${fused ? percent(fused.confidence) : ""}</p>
      <span class="track" aria-hidden="true"><span class="bar"></span></span>
    </div>
  `;
}

function directions(words: Words, trend: Trend | null): TemplateResult {
  const shown = [
    [words.valence, trend?.valence ?? null],
    [words.arousal, trend?.arousal ?? null],
  ] as const;
  return html`
    <dl class="directions">
      ${shown.map(
        ([name, direction]) =>
          html`<div data-direction=${direction ?? "none"}>
            <dt>${name}</dt>
            <dd>${direction === null ? words.noDirection : words.directions[direction]}</dd>
          </div>`,
      )}
    </dl>
  `;
}

/** A modality: what it shows most, all seven as one bar, and the switch that leaves it out. */
function part({ words, person, labels, mute }: TileProps, modality: Modality): TemplateResult {
  const shown = person.state?.modalities[modality];
  const muted = person.muted.includes(modality);
  const titles = { face: words.useFace, voice: words.useVoice, text: words.useText };
  const title = titles[modality];
  return html`
    <span class="title">${title}</span>
    ${bar(words, title, labels, shown, muted)}
    ${
      mute === null
        ? nothing
        : html`<button
            type="button"
            class="mute"
            data-testid="mute-${modality}"
            aria-pressed=${muted ? "true" : "false"}
            aria-label=${words.leaveOut(title, person.participant)}
            @click=${() => mute(person.session, modality, !muted)}
          >
            ${muted ? words.takeIn : words.leaveOutShort}
          </button>`
    }
  `;
}

function bar(
  words: Words,
  title: string,
  labels: readonly string[],
  shown: FaceState | VoiceState | TextState | undefined,
  muted: boolean,
): TemplateResult {
  if (!shown) return html`<span class="none">${muted ? words.left_out : words.noEvidence}</span>`;
  const most = Math.max(...shown.probs);
  const label = inWords(words.expressions, labels[shown.probs.indexOf(most)] ?? "");
  const spoken = words.shows(title, label, percent(most), percent(shown.weight));
  return html`
    <span class="stack" role="img" aria-label=${spoken} title=${spoken}>
      ${shown.probs.map(
        (share, column) =>
          html`<span
            ${vary({
              "--grow": share.toFixed(3),
              "--colour": `var(${colourVariable(labels[column] ?? "")})`,
            })}
          ></span>`,
      )}
    </span>
    <span class="most" aria-hidden="true">${label}</span>
  `;
}
