/** The live view: what a person shows now, per modality, and over the last two minutes. */

import { find, setText } from "./dom";
import { count, duration, percent, signed } from "./format";
import { ModalityCard } from "./modality_card";
import { FaceOverlay } from "./overlay";
import { colourVariable, dash } from "./palette";
import type {
  DropCounts,
  Fused,
  Latency,
  Overlay,
  SessionCreated,
  State,
  Warning,
} from "./protocol";
import { MODALITIES, type Modality } from "./sdk/client";
import { Timeline } from "./timeline";
import { reasonInWords } from "./words";

export class LiveView {
  readonly #root: HTMLElement;
  readonly #overlay: FaceOverlay;
  readonly #cards = new Map<Modality, ModalityCard>();
  readonly #warnings = new Map<string, string>();
  #timeline: Timeline | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#overlay = new FaceOverlay(
      find(root, "#overlay", HTMLCanvasElement),
      find(root, "#self-view", HTMLVideoElement),
    );
  }

  /** Prepares the view for a session; the root has to be visible for the timeline's size. */
  begin({ labels, models, limits, config }: SessionCreated): void {
    this.end();
    const cards = find(this.#root, "#modalities", HTMLElement);
    cards.replaceChildren();
    for (const modality of MODALITIES) {
      const card = new ModalityCard(modality, labels, config.modalities.includes(modality));
      this.#cards.set(modality, card);
      cards.append(card.element);
    }
    find(this.#root, "#legend", HTMLElement).replaceChildren(...labels.map(legendEntry));
    this.#timeline = new Timeline(find(this.#root, "#timeline", HTMLElement), labels);
    find(this.#root, "#text-input", HTMLInputElement).maxLength = limits.max_text_characters;
    this.#put("models", Object.values(models).join(", ") || "–");
    this.#fused(null, "warming_up");
    this.#put("blinks", "–");
    this.#put("blink-rate", "–");
    this.#listWarnings();
  }

  end(): void {
    this.#timeline?.destroy();
    this.#timeline = undefined;
    this.#warnings.clear();
    this.#overlay.clear();
  }

  state(state: State): void {
    this.#fused(state.fused, state.abstain?.reason ?? "no_evidence");
    const { face, voice, text } = state.modalities;
    this.#cards.get("face")?.show(face);
    this.#cards.get("voice")?.show(voice);
    this.#cards.get("text")?.show(text);
    if (face) {
      this.#put("blinks", String(face.blinks_total));
      this.#put("blink-rate", face.blink_rate.toFixed(0));
    }
    this.#timeline?.add(state);
    this.#costs(state.latency);
    this.#put("dropped", drops(state.dropped));
    this.#put("level", state.level);
    this.#put("seq", String(state.seq));
  }

  overlay(overlay: Overlay): void {
    this.#overlay.show(overlay);
    this.#put("blinks", String(overlay.blinks_total));
  }

  warning({ code, active, message }: Warning): void {
    if (active) this.#warnings.set(code, message);
    else this.#warnings.delete(code);
    this.#listWarnings();
  }

  roundTrip(ms: number): void {
    this.#put("round-trip", duration(ms));
  }

  #fused(fused: Fused | null, reason: string): void {
    const label = fused ? fused.label : `no expression: ${reasonInWords(reason)}`;
    const panel = find(this.#root, "#fused", HTMLElement);
    panel.toggleAttribute("data-abstain", fused === null);
    panel.style.setProperty("--colour", `var(${colourVariable(fused?.label ?? "")})`);
    panel.style.setProperty("--share", (fused?.confidence ?? 0).toFixed(3));
    this.#put("state-label", label);
    this.#put("confidence", fused ? percent(fused.confidence) : "–");
    this.#put("valence", fused ? signed(fused.valence) : "–");
    this.#put("arousal", fused ? signed(fused.arousal) : "–");
    const dot = find(this.#root, "#circumplex-dot", SVGCircleElement);
    dot.setAttribute("cx", String(fused?.valence ?? 0));
    dot.setAttribute("cy", String(-(fused?.arousal ?? 0)));
  }

  /** A state that rests on no new score has cost nothing. */
  #costs({ capture_to_state_ms: sinceCapture, queue_ms, infer_ms, batch_size }: Latency): void {
    const scored = batch_size > 0;
    this.#put("latency", scored ? duration(sinceCapture) : "–");
    this.#put("queue", scored ? duration(queue_ms) : "–");
    this.#put("inference", scored ? `${duration(infer_ms)}, batch of ${batch_size}` : "–");
  }

  #listWarnings(): void {
    const list = find(this.#root, "#warnings", HTMLElement);
    const lines = this.#warnings.size > 0 ? [...this.#warnings.values()] : ["No warnings"];
    list.toggleAttribute("data-active", this.#warnings.size > 0);
    list.replaceChildren(...lines.map((line) => listItem(line)));
  }

  #put(testId: string, text: string): void {
    setText(find(this.#root, `[data-testid="${testId}"]`, HTMLElement), text);
  }
}

function drops({ frames, windows, lines }: DropCounts): string {
  return [count(frames, "frame"), count(windows, "window"), count(lines, "line")].join(", ");
}

function listItem(text: string): HTMLLIElement {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

/** A sample of the line as the timeline draws it, and the name of the class. */
function legendEntry(label: string): HTMLLIElement {
  const item = listItem(label);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 22 4");
  svg.ariaHidden = "true";
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [name, value] of Object.entries({ x1: "0", x2: "22", y1: "2", y2: "2" })) {
    line.setAttribute(name, value);
  }
  line.style.stroke = `var(${colourVariable(label)})`;
  line.setAttribute("stroke-dasharray", dash(label).join(" "));
  svg.append(line);
  item.prepend(svg);
  return item;
}
