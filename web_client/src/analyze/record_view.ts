/** The recording: what the camera sees, how loud it is, how much time is left, and hearing it. */

import { html, nothing, type TemplateResult } from "lit";
import { clock } from "../live/format";
import { vary } from "../live/vary";
import type { Taking } from "./taking";
import { MAX_SECONDS } from "./ways";
import type { Words } from "./words";

export interface RecordProps {
  words: Words;
  taking: Taking;
  /** What is said while the browser asks. */
  opening: readonly [string, string];
  analyse(): void;
}

export function recordView(props: RecordProps): TemplateResult {
  const { words, taking, opening } = props;
  if (taking.step === "review") return review(props);
  const texts = {
    opening,
    ready: [words.ready, words.readyHint],
    recording: [words.recording, ""],
  };
  const [title, hint] = texts[taking.step as keyof typeof texts];
  return html`
    <section class="card record" data-testid="recorder" data-step=${taking.step}>
      <h2 tabindex="-1" ?data-running=${taking.step === "recording"}>${title}</h2>
      ${
        taking.wanted.camera
          ? html`<div class="stage">
              <video
                autoplay
                muted
                playsinline
                .muted=${true}
                .srcObject=${taking.stream}
                @loadedmetadata=${play}
                aria-label=${words.preview}
              ></video>
            </div>`
          : nothing
      }
      ${taking.wanted.microphone ? meter(words, taking.loudness) : nothing}
      <p class="clock" data-testid="clock">
        ${
          taking.step === "recording"
            ? html`<strong role="timer">${clock(taking.seconds)}</strong>
                <span>${words.left(clock(MAX_SECONDS - Math.floor(taking.seconds)))}</span>`
            : hint
        }
      </p>
      <div class="buttons">
        ${
          taking.step === "recording"
            ? html`<button
                type="button"
                class="primary"
                data-testid="stop"
                @click=${() => void taking.stop()}
              >
                ${words.stop}
              </button>`
            : html`<button
                type="button"
                class="primary"
                data-testid="start"
                ?disabled=${taking.step !== "ready"}
                @click=${() => taking.start()}
              >
                ${words.start}
              </button>`
        }
        <button type="button" data-testid="cancel" @click=${() => taking.discard()}>
          ${words.cancel}
        </button>
      </div>
    </section>
  `;
}

/** Browsers put off the start of a video that is not yet in sight. */
function play({ target }: Event): void {
  void (target as HTMLVideoElement).play().catch(() => null);
}

function meter(words: Words, loudness: number): TemplateResult {
  return html`
    <div
      class="meter"
      role="meter"
      aria-label=${words.level}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(100 * loudness)}
      data-testid="meter"
    >
      <span class="bar" ${vary({ "--share": loudness.toFixed(2) })}></span>
    </div>
  `;
}

function review({ words, taking, analyse }: RecordProps): TemplateResult {
  const address = taking.take?.address ?? "";
  return html`
    <section class="card record" data-testid="recorder" data-step="review">
      <h2 tabindex="-1">${words.review}</h2>
      ${
        taking.wanted.camera
          ? html`<div class="stage">
              <video controls playsinline src=${address} aria-label=${words.review}></video>
            </div>`
          : html`<audio controls src=${address} aria-label=${words.review}></audio>`
      }
      <p class="clock">
        <strong>${clock(taking.seconds)}</strong> <span>${words.reviewHint}</span>
      </p>
      <div class="buttons">
        <button type="button" class="primary" data-testid="analyse" @click=${analyse}>
          ${words.analyseIt}
        </button>
        <button type="button" data-testid="again" @click=${() => void taking.open(taking.wanted)}>
          ${words.again}
        </button>
        <button type="button" data-testid="discard" @click=${() => taking.discard()}>
          ${words.discard}
        </button>
      </div>
    </section>
  `;
}
