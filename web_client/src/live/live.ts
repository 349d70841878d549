/** `<esapr-live>`: what a person shows now, per modality, and over the last two minutes. */

import uplot from "uplot/dist/uPlot.min.css?inline";
import {
  html,
  LitElement,
  nothing,
  type PropertyValues,
  type TemplateResult,
  unsafeCSS,
} from "lit";
import { inWords, type Messages, messagesFor } from "../messages";
import type { Event as StateEvent, SessionCreated, State } from "../protocol";
import { MODALITIES, type Modality } from "../sdk/client";
import charts from "../style/charts.css?inline";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import type { Phase, WidgetEvents } from "../widget/events";
import type { EsaprWidget } from "../widget/widget";
import { eventInWords, isListed, type Listed } from "./events";
import { countsView, technicalView } from "./figures_view";
import { beforeNow } from "./format";
import { fusedView } from "./fused_view";
import { type Columns, History, SpeakingShare, WINDOW_SECONDS } from "./history";
import styles from "./live.css?inline";
import { legendView } from "./legend_view";
import { modalityView } from "./modality_view";
import { expressionsChart, LABELS } from "./palette";
import { lastSeconds, Timeline } from "./timeline";
import { traitsView } from "./traits_view";

const MAX_EVENTS = 6;
const TABLE_STEP_SECONDS = 10;

export class EsaprLive extends LitElement {
  static override properties = {
    for: {},
    theme: { reflect: true },
    messages: { attribute: false },
    _state: { state: true },
    _roundTrip: { state: true },
    _events: { state: true },
    _said: { state: true },
    _tabled: { state: true },
    _phase: { state: true },
  };
  static override styles = [tokens, controls, charts, uplot, styles].map((css) => unsafeCSS(css));

  /** The id of the widget whose session is shown. */
  declare for: string;
  declare theme: string | undefined;
  declare messages: Partial<Messages> | null;
  declare private _state: State | null;
  declare private _roundTrip: number | null;
  declare private _events: readonly Listed[];
  declare private _said: string;
  declare private _tabled: boolean;
  declare private _phase: Phase;
  #created: SessionCreated | null = null;
  #history = new History(LABELS.length);
  #speaking = new SpeakingShare();
  #timeline: Timeline | null = null;
  #listening = new AbortController();

  constructor() {
    super();
    this.for = "";
    this.messages = null;
    this._state = this._roundTrip = null;
    this._events = [];
    this._said = "";
    this._tabled = false;
    this._phase = "consent";
  }

  /** Times in seconds on the page's clock, then one array a class: what the timeline draws. */
  get columns(): Columns {
    return this.#history.columns;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const root = this.getRootNode();
    const on = <Name extends keyof WidgetEvents>(
      name: Name,
      listener: (detail: WidgetEvents[Name]) => void,
    ): void => {
      const heard = (event: Event) => {
        if (event.target !== this.#widget) return;
        listener((event as CustomEvent<WidgetEvents[Name]>).detail);
      };
      root.addEventListener(name, heard, { signal });
    };
    on("esapr-session", (created) => this.#begin(created));
    on("esapr-state", (state) => this.#show(state));
    on("esapr-event", (event) => this.#note(event));
    on("esapr-round-trip", (ms) => (this._roundTrip = ms));
    on("esapr-phase", (phase) => (this._phase = phase));
    on("esapr-ended", () => (this._state = null));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening.abort();
    this.#timeline?.destroy();
    this.#timeline = null;
  }

  protected override render(): TemplateResult {
    const words = messagesFor(this, this.messages);
    const labels = this.#created?.labels ?? LABELS;
    const figures = {
      state: this._state,
      roundTrip: this._roundTrip,
      speaking: this.#speaking.at(this._state?.t_end_ms ?? 0),
      models: this.#created?.models ?? {},
    };
    return html`
      <div class="readings">
        ${fusedView(words, this._state, this._phase)}
        <div class="modalities">
          ${MODALITIES.map((modality) =>
            modalityView({
              words,
              modality,
              labels,
              state: this._state?.modalities[modality],
              absence: this.#absence(words, modality),
            }),
          )}
        </div>
        ${countsView(words, figures)} ${traitsView(words, this._state)} ${this.#past(words, labels)}
        ${this.#latest(words)} ${technicalView(words, figures)}
      </div>
    `;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.#timeline && changed.has("theme")) this.#timeline.redraw();
    const host = this.renderRoot.querySelector<HTMLElement>(".timeline");
    if (this.#timeline || host === null) return;
    const { now } = messagesFor(this, this.messages);
    const labels = this.#created?.labels ?? LABELS;
    const axis = lastSeconds(WINDOW_SECONDS, now);
    this.#timeline = new Timeline(host, expressionsChart(labels), this.columns, axis);
  }

  #past(words: Messages, labels: readonly string[]): TemplateResult {
    const toggle = ({ target }: Event) =>
      (this._tabled = target instanceof HTMLDetailsElement && target.open);
    return html`
      <section class="panel past" aria-labelledby="past-title">
        <h2 id="past-title">${words.history}</h2>
        ${legendView(words, labels)}
        <div class="timeline" role="img" aria-label=${words.historyLabel}></div>
        <details @toggle=${toggle}>
          <summary>${words.historyTable}</summary>
          ${this._tabled ? this.#table(words, labels) : nothing}
        </details>
      </section>
    `;
  }

  #table(words: Messages, labels: readonly string[]): TemplateResult {
    const rows = this.#history.digest(TABLE_STEP_SECONDS);
    return html`
      <table>
        <thead>
          <tr>
            <th scope="col">${words.secondsAgo}</th>
            <th scope="col">${words.expressionShown}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ secondsAgo, column }) =>
              html`<tr>
                <td>${beforeNow(secondsAgo, words.now)}</td>
                <td>
                  ${column === null ? words.unclear : inWords(words.expressions, labels[column] ?? "")}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    `;
  }

  #latest(words: Messages): TemplateResult {
    const taken = this._phase === "live" && this.#created?.config.modalities.includes("text");
    const lines = this._events.map((event) => eventInWords(words, event));
    const newest = this._events.find(({ kind }) => kind === "expression");
    return html`
      <div class="latest">
        <section class="panel" aria-labelledby="events-title">
          <h2 id="events-title">${words.events}</h2>
          <ol class="events">
            ${(lines.length > 0 ? lines : [words.noEvents]).map((line) => html`<li>${line}</li>`)}
          </ol>
        </section>
        <form class="panel say" autocomplete="off" @submit=${this.#say}>
          <label for="line">${words.say}</label>
          <div>
            <input
              id="line"
              type="text"
              data-testid="text-input"
              enterkeyhint="send"
              placeholder=${words.sayPlaceholder}
              maxlength=${this.#created?.limits.max_text_characters ?? 4_000}
              ?disabled=${!taken}
            />
            <button type="submit" data-testid="text-send" ?disabled=${!taken}>${words.send}</button>
          </div>
          <p class="said" role="status">${this._said}</p>
        </form>
        <p class="unseen" role="status">${newest ? eventInWords(words, newest) : ""}</p>
      </div>
    `;
  }

  #absence(words: Messages, modality: Modality): string {
    if (this._state?.muted.includes(modality)) return words.left_out;
    const measured = this.#created?.config.modalities.includes(modality) ?? true;
    return measured ? words.noEvidence : words.notMeasured;
  }

  #begin(created: SessionCreated): void {
    if (this.#created?.labels.join() !== created.labels.join()) {
      this.#history = new History(created.labels.length);
      this.#timeline?.destroy();
      this.#timeline = null;
    }
    this.#created = created;
    this.#history.begin(created, performance.now() / 1_000);
    this.#speaking = new SpeakingShare();
    this._events = [];
    this._said = "";
  }

  #show(state: State): void {
    this._state = state;
    this.#history.add(state);
    this.#timeline?.show(this.columns);
  }

  #note(event: StateEvent): void {
    // The widget shows help lines.
    if (!isListed(event)) return;
    if (event.kind === "speaking") this.#speaking.event(event.active ?? false, event.t_ms);
    this._events = [event, ...this._events].slice(0, MAX_EVENTS);
  }

  #say = (event: Event): void => {
    event.preventDefault();
    const input = this.renderRoot.querySelector<HTMLInputElement>("#line");
    const line = input?.value.trim() ?? "";
    if (input === null || line === "") return;
    const words = messagesFor(this, this.messages);
    const taken = this.#widget?.sendText(line) ?? false;
    this._said = taken ? words.sent(line) : words.notSent;
    if (taken) input.value = "";
  };

  get #widget(): EsaprWidget | null {
    const root = this.getRootNode();
    return root instanceof Document || root instanceof ShadowRoot
      ? (root.getElementById(this.for) as EsaprWidget | null)
      : null;
  }
}
