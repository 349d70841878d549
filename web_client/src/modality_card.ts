/** What one modality shows: seven bars, its weight in the fused state, and how good its evidence is. */

import { find, setText } from "./dom";
import { count, decibels, duration, percent } from "./format";
import { colourVariable } from "./palette";
import type { FaceState, TextState, VoiceState } from "./protocol";
import type { Modality } from "./sdk/client";
import { qualityInWords } from "./words";

type ModalityState = FaceState | VoiceState | TextState;

const TITLES: Readonly<Record<Modality, string>> = { face: "Face", voice: "Voice", text: "Text" };

interface Row {
  bar: HTMLElement;
  value: HTMLElement;
}

export class ModalityCard {
  readonly element: HTMLElement;
  readonly #absence: string;
  readonly #rows: Row[];
  readonly #weight: HTMLElement;
  readonly #evidence: HTMLElement;
  readonly #specific: HTMLElement;
  readonly #quality: HTMLElement;

  constructor(modality: Modality, labels: readonly string[], measured: boolean) {
    this.#absence = measured ? "No evidence" : "Not measured in this session";
    const template = find(document, "#modality-card", HTMLTemplateElement);
    const copy = template.content.cloneNode(true) as DocumentFragment;
    this.element = find(copy, ".modality", HTMLElement);
    this.element.id = `modality-${modality}`;
    setText(find(copy, ".modality-title", HTMLElement), TITLES[modality]);
    this.#weight = find(copy, ".weight", HTMLElement);
    this.#weight.dataset["testid"] = `${modality}-weight`;
    this.#evidence = find(copy, ".evidence", HTMLElement);
    this.#specific = find(copy, ".specific", HTMLElement);
    this.#quality = find(copy, ".quality", HTMLElement);
    const bars = find(copy, ".bars", HTMLElement);
    this.#rows = labels.map((label) => appendRow(bars, label));
    this.show(undefined);
  }

  /** Shows the modality's part of a state; `undefined` when it has no evidence. */
  show(state: ModalityState | undefined): void {
    this.element.toggleAttribute("data-absent", state === undefined);
    setText(this.#weight, state ? percent(state.weight) : "–");
    setText(this.#evidence, state ? evidence(state) : this.#absence);
    setText(this.#specific, state ? specific(state) : "");
    setText(this.#quality, state ? qualityInWords(state.quality) : "");
    this.#rows.forEach(({ bar, value }, column) => {
      const share = state?.probs[column] ?? 0;
      bar.style.setProperty("--share", share.toFixed(3));
      setText(value, state ? percent(share) : "–");
    });
  }
}

function appendRow(bars: HTMLElement, label: string): Row {
  const row = document.createElement("div");
  const name = document.createElement("dt");
  const value = document.createElement("dd");
  const track = document.createElement("span");
  const bar = document.createElement("span");
  name.textContent = label;
  track.className = "track";
  track.ariaHidden = "true";
  bar.className = "bar";
  bar.style.setProperty("--colour", `var(${colourVariable(label)})`);
  track.append(bar);
  row.append(name, track, value);
  bars.append(row);
  return { bar, value };
}

function evidence(state: ModalityState): string {
  return `Coverage ${percent(state.coverage)} · ${duration(state.age_ms)} old`;
}

/** What only one of the modalities has to say. */
function specific(state: ModalityState): string {
  if ("speech_ms" in state) {
    return `Speech ${duration(state.speech_ms)} · ${decibels(state.loudness_db)}`;
  }
  return "lines" in state ? count(state.lines, "line") : "";
}
