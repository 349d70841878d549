/** The person's own picture, what is in the way of a good one, and the ways to stop. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { ref } from "lit/directives/ref.js";
import type { Messages } from "../messages";
import type { Phase } from "./events";
import type { Layer } from "./overlay";

export interface LiveProps {
  words: Messages;
  phase: Phase;
  hasCamera: boolean;
  /** Whether only sound gets through. */
  audioOnly: boolean;
  notices: readonly string[];
  devices: readonly MediaDeviceInfo[];
  cameraId: string;
  microphoneId: string;
  layers: ReadonlySet<Layer>;
  showVideo(element: Element | undefined): void;
  showOverlay(element: Element | undefined): void;
  draw(layer: Layer, drawn: boolean): void;
  chooseCamera(id: string): void;
  chooseMicrophone(id: string): void;
  pause(): void;
  resume(): void;
  end(): void;
  revoke(): void;
}

export function liveView(props: LiveProps): TemplateResult {
  const { words, phase, audioOnly } = props;
  const notices = [...(audioOnly ? [words.audioOnlyText] : []), ...props.notices];
  const running = phase === "live" || phase === "reconnecting";
  return html`
    <section class="live" tabindex="-1" aria-label=${phaseInWords(words, phase)}>
      <div class="stage">
        <video
          autoplay
          muted
          playsinline
          .muted=${true}
          aria-label=${words.selfView}
          ${ref(props.showVideo)}
        ></video>
        <canvas
          aria-hidden="true"
          ?hidden=${props.layers.size === 0}
          ${ref(props.showOverlay)}
        ></canvas>
        ${cover(props)}
        <p class="chip" data-phase=${phase} data-testid="phase">
          ${audioOnly && phase === "live" ? words.audioOnly : phaseInWords(words, phase)}
        </p>
      </div>
      <div class="buttons">
        ${
          phase === "paused"
            ? html`<button
                type="button"
                class="primary"
                data-testid="resume"
                @click=${props.resume}
              >
                ${words.resume}
              </button>`
            : html`<button
                type="button"
                data-testid="pause"
                ?disabled=${!running}
                @click=${props.pause}
              >
                ${words.pause}
              </button>`
        }
        <button type="button" data-testid="end" @click=${props.end}>${words.end}</button>
        <button type="button" class="danger" data-testid="revoke" @click=${props.revoke}>
          ${words.revoke}
        </button>
      </div>
      <div class="notices" role="status" data-testid="notices" ?data-active=${notices.length > 0}>
        ${(notices.length > 0 ? notices : [words.noWarnings]).map((text) => html`<p>${text}</p>`)}
      </div>
      ${settings(props)}
    </section>
  `;
}

function cover({ words, phase, hasCamera }: LiveProps): TemplateResult | typeof nothing {
  const texts: Partial<Record<Phase, readonly [string, string]>> = {
    opening: [words.opening, words.openingHint],
    connecting: [words.connecting, ""],
    reconnecting: [words.reconnecting, words.reconnectingHint],
    paused: [words.paused, words.pausedHint],
  };
  const text = texts[phase] ?? (hasCamera ? null : [words.noCamera, ""]);
  if (text === null) return nothing;
  return html`<div class="cover"><strong>${text[0]}</strong><span>${text[1]}</span></div>`;
}

function settings(props: LiveProps): TemplateResult {
  const { words } = props;
  return html`
    <details class="settings">
      <summary>${words.devices}</summary>
      <div>
        ${choice(props, "videoinput", words.camera, props.cameraId, props.chooseCamera)}
        ${choice(props, "audioinput", words.microphone, props.microphoneId, props.chooseMicrophone)}
        ${layer(props, "face", words.showOverlay)}
        ${layer(props, "activation", words.showActivation)}
        <p class="note">${words.activationNote}</p>
      </div>
    </details>
  `;
}

function layer({ layers, draw }: LiveProps, name: Layer, title: string): TemplateResult {
  const change = ({ target }: Event) =>
    draw(name, target instanceof HTMLInputElement && target.checked);
  return html`
    <label class="row">
      <input
        type="checkbox"
        data-testid="layer-${name}"
        .checked=${live(layers.has(name))}
        @change=${change}
      />
      ${title}
    </label>
  `;
}

function choice(
  { words, devices, phase }: LiveProps,
  kind: MediaDeviceKind,
  title: string,
  chosen: string,
  choose: (id: string) => void,
): TemplateResult | typeof nothing {
  const some = devices.filter((device) => device.kind === kind);
  if (some.length === 0 || chosen === "") return nothing;
  const change = ({ target }: Event) => {
    if (target instanceof HTMLSelectElement) choose(target.value);
  };
  return html`
    <label>
      ${title}
      <select ?disabled=${phase !== "live"} @change=${change}>
        ${some.map(
          ({ deviceId, label }, index) =>
            html`<option value=${deviceId} ?selected=${deviceId === chosen}>
              ${label || `${title} ${words.numbered(index + 1)}`}
            </option>`,
        )}
      </select>
    </label>
  `;
}

export function phaseInWords(words: Messages, phase: Phase): string {
  const texts: Partial<Record<Phase, string>> = {
    opening: words.opening,
    connecting: words.connecting,
    live: words.live,
    reconnecting: words.reconnecting,
    paused: words.paused,
  };
  return texts[phase] ?? words.notConnected;
}
