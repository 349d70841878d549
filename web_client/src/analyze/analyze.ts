/** `<esapr-analyze>`: a text, a sound or a video, analysed by the server of this page. */

import uplot from "uplot/dist/uPlot.min.css?inline";
import { html, LitElement, type TemplateResult, unsafeCSS } from "lit";
import { expressionsChart, LABELS } from "../live/palette";
import { Timeline, WHOLE } from "../live/timeline";
import { type Messages, messagesFor } from "../messages";
import { DeviceError } from "../sdk/capture";
import { save } from "../room/export";
import { EsaprError, problemFrom } from "../sdk/errors";
import cards from "../style/cards.css?inline";
import charts from "../style/charts.css?inline";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import { blockedView } from "../widget/blocked_view";
import styles from "./analyze.css?inline";
import { Consenting } from "./consenting";
import { toCsv, toJson } from "./download";
import { keyView, problemView, progressView } from "./progress_view";
import { recordView } from "./record_view";
import { helpView, resultView } from "./result_view";
import { sourceView, waysView } from "./source_view";
import { Taking } from "./taking";
import { isLoopback, MAX_BYTES, mediaTypeOf, type Way } from "./ways";
import { KEY_NEEDED, type Matter, Work } from "./work";
import { type Words, wordsFor } from "./words";

/** Codes with which the same file would be refused again. */
const FINAL = /^(media|document)_|^(message_too_big|recording_too_long|policy_refused)$/;

export class EsaprAnalyze extends LitElement {
  static override properties = {
    theme: { reflect: true },
    _way: { state: true },
    _hovered: { state: true },
  };
  static override styles = [tokens, controls, cards, charts, uplot, styles].map((css) =>
    unsafeCSS(css),
  );

  declare theme: string | undefined;
  declare private _way: Way;
  declare private _hovered: boolean;
  readonly #taking = new Taking(this);
  readonly #work = new Work(this);
  readonly #consenting = new Consenting(this);
  readonly #local = isLoopback(location.hostname);
  #timeline: Timeline | null = null;
  #drawn = "";
  #hadFocus = false;

  constructor() {
    super();
    this._way = "text";
    this._hovered = false;
    this.addEventListener("dragover", this.#hover);
    this.addEventListener("dragleave", () => (this._hovered = false));
    this.addEventListener("drop", this.#drop);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#eraseTimeline();
  }

  protected override firstUpdated(): void {
    if (this.#local) void this.#learnNotice();
  }

  protected override willUpdate(): void {
    this.#hadFocus = this.shadowRoot?.activeElement != null;
  }

  protected override render(): TemplateResult {
    const words = wordsFor(this);
    const busy = this.#taking.step !== "idle" || ["sending", "analysing"].includes(this.#work.step);
    return html`
      <p class="lead">${words.lead}</p>
      ${waysView(words, this._way, busy, this.#choose)} ${this.#view(words)}
      <p class="unseen" role="status">${this.#said(words)}</p>
    `;
  }

  protected override updated(): void {
    this.#drawTimeline();
    const drawn = `${this._way} ${this.#step}`;
    if (this.#drawn === drawn) return;
    const first = this.#drawn === "";
    this.#drawn = drawn;
    // Whoever was in here goes on at what is new.
    if (first || !this.#hadFocus || this.shadowRoot?.activeElement) return;
    this.renderRoot.querySelector<HTMLElement>("h2")?.focus();
  }

  /** Where it is, as one word. */
  get #step(): string {
    if (!this.#local || this.#work.problem?.code === KEY_NEEDED) return "key";
    if (this.#work.step !== "idle") return this.#work.step;
    if (this.#taking.step !== "idle") return this.#taking.step;
    if (this.#consenting.agreement(this._way)) return "source";
    return this.#consenting.refused ? "refused" : "consent";
  }

  #view(words: Words): TemplateResult {
    const messages = messagesFor(this, null);
    switch (this.#step) {
      case "key":
        return keyView(words);
      case "sending":
        return progressView(words, this.#work);
      case "analysing":
      case "done":
        return this.#result(words, messages);
      case "failed":
        return this.#problem(words, messages);
      case "blocked":
        return this.#blocked(messages);
      case "refused":
      case "consent":
        return this.#consenting.view(this._way, words, messages);
      case "source":
        return this.#source(words);
      default:
        return recordView({
          words,
          taking: this.#taking,
          opening: [messages.opening, messages.openingHint],
          analyse: this.#sendTake,
        });
    }
  }

  #source(words: Words): TemplateResult {
    const modalities = this.#consenting.agreement(this._way)?.modalities ?? [];
    return sourceView({
      words,
      way: this._way,
      hovered: this._hovered,
      write: (text) => {
        const file = new Blob([text], { type: "text/plain" });
        this.#send({ file, name: words.typeIt, mediaType: "text/plain" });
      },
      bring: this.#bring,
      record: () =>
        void this.#taking.open({
          camera: modalities.includes("face"),
          microphone: modalities.includes("voice"),
        }),
    });
  }

  #blocked(messages: Messages): TemplateResult {
    const problem = this.#taking.problem ?? new EsaprError("unexpected", "");
    const closed = problem instanceof DeviceError ? problem.devices : [];
    const { camera, microphone } = this.#taking.wanted;
    return blockedView({
      words: messages,
      problem,
      dispensable:
        (camera && !closed.includes("camera")) || (microphone && !closed.includes("microphone")),
      tryAgain: () => void this.#taking.open(this.#taking.wanted),
      leaveOut: (error) => void this.#taking.leaveOut(error),
      cancel: () => this.#taking.discard(),
    });
  }

  #result(words: Words, messages: Messages): TemplateResult {
    const { findings, matter, step } = this.#work;
    return html`
      ${helpView(messages, findings)} ${step === "done" ? "" : progressView(words, this.#work)}
      ${
        findings.empty
          ? ""
          : resultView({
              words,
              messages,
              findings,
              name: matter?.name ?? "",
              modalities: this.#consenting.agreement(this._way)?.modalities ?? [],
              save: (kind) => this.#save(kind),
              another: this.#work.cancel,
            })
      }
    `;
  }

  #problem(words: Words, messages: Messages): TemplateResult {
    const problem = this.#work.problem ?? new EsaprError("unexpected", "");
    const { matter } = this.#work;
    return problemView({
      words,
      support: messages.details,
      problem,
      tryAgain: matter && !FINAL.test(problem.code) ? () => this.#send(matter) : null,
      chooseOther: () => {
        this.#work.cancel();
        if (problem.code === "consent_required") this.#consenting.forget();
        void this.#learnNotice();
      },
    });
  }

  #choose = (way: Way): void => {
    this.#work.cancel();
    this._way = way;
    this.#consenting.ask();
  };

  #hover = (event: DragEvent): void => {
    if (this.#step !== "source") return;
    event.preventDefault();
    this._hovered = true;
  };

  #drop = (event: DragEvent): void => {
    this._hovered = false;
    const [file] = event.dataTransfer?.files ?? [];
    if (this.#step !== "source" || !file) return;
    event.preventDefault();
    this.#bring(file);
  };

  #bring = (file: File): void => {
    const mediaType = mediaTypeOf(this._way, file.name);
    if (mediaType === null) {
      this.#work.refuse(null, new EsaprError("media_unsupported", file.name));
    } else if (file.size > MAX_BYTES) {
      this.#work.refuse(null, new EsaprError("message_too_big", `${file.size} bytes`));
    } else this.#send({ file, name: file.name, mediaType });
  };

  #sendTake = (): void => {
    const { take } = this.#taking;
    if (take === null) return;
    const { file } = take;
    this.#taking.discard();
    this.#send({ file, name: wordsFor(this).review, mediaType: file.type });
  };

  #send(matter: Matter): void {
    const agreement = this.#consenting.agreement(this._way);
    if (agreement) void this.#work.begin(location.href, matter, agreement);
  }

  #save(kind: "json" | "csv"): void {
    const { matter, begunAt, findings } = this.#work;
    if (matter === null) return;
    const { name, mediaType } = matter;
    const subject = { name, mediaType, analysedAt: begunAt, labels: LABELS };
    if (kind === "json") save("expressions.json", "application/json", toJson(subject, findings));
    else save("expressions.csv", "text/csv", toCsv(subject, findings));
  }

  async #learnNotice(): Promise<void> {
    try {
      await this.#consenting.learn();
    } catch (thrown) {
      this.#work.refuse(null, problemFrom(thrown));
    }
  }

  #said(words: Words): string {
    const { step } = this.#work;
    return step === "idle" || step === "failed" ? "" : words[step];
  }

  #drawTimeline(): void {
    const host = this.renderRoot.querySelector<HTMLElement>(".timeline");
    if (host === null) return this.#eraseTimeline();
    const columns = this.#work.findings.columns(LABELS.length);
    this.#timeline ??= new Timeline(host, expressionsChart(LABELS), columns, WHOLE);
    this.#timeline.show(columns);
  }

  #eraseTimeline(): void {
    this.#timeline?.destroy();
    this.#timeline = null;
  }
}
