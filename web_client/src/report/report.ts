/** `<esapr-report>`: the report of one session, to read, to look into and to take along. */

import uplot from "uplot/dist/uPlot.min.css?inline";
import { html, LitElement, nothing, type TemplateResult, unsafeCSS } from "lit";
import { languageOf } from "../messages";
import type { ModelInfo, Notice, Point, Report } from "../protocol";
import { type EsaprError, problemFrom } from "../sdk/errors";
import charts from "../style/charts.css?inline";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import { Charts, extent, type Range } from "./charts";
import { pointAt } from "./columns";
import { type Cell, facts, framed, listed, moment, sections } from "./sections";
import { type FormName, FORMS, type ReportSource } from "./source";
import styles from "./report.css?inline";
import { timelineView } from "./timeline_view";
import { type Words, wordsOf } from "./words";

export class EsaprReport extends LitElement {
  static override properties = {
    source: { attribute: false },
    theme: { reflect: true },
    _report: { state: true },
    _models: { state: true },
    _notice: { state: true },
    _problem: { state: true },
    _point: { state: true },
    _range: { state: true },
    _making: { state: true },
    _said: { state: true },
  };
  static override styles = [tokens, controls, charts, uplot, styles].map((css) => unsafeCSS(css));

  declare source: ReportSource | null;
  declare theme: string | undefined;
  declare private _report: Report | null;
  declare private _models: readonly ModelInfo[];
  declare private _notice: Notice | null;
  declare private _problem: EsaprError | null;
  declare private _point: Point | null;
  declare private _range: Range;
  declare private _making: FormName | null;
  declare private _said: string;
  readonly #hosts = new Map<Report["modalities"][number] | "all", HTMLElement>();
  #charts: Charts | null = null;
  /** The theme of the screen, while it is printed. */
  #theme: string | null = null;

  constructor() {
    super();
    this.source = this._report = this._notice = this._problem = null;
    this._point = this._making = null;
    this._models = [];
    this._range = [0, 1];
    this._said = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("beforeprint", this.#onPaper);
    addEventListener("afterprint", this.#onScreen);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("beforeprint", this.#onPaper);
    removeEventListener("afterprint", this.#onScreen);
    this.#charts?.destroy();
    this.#charts = null;
  }

  /** Loads the report (again). */
  async load(): Promise<void> {
    if (this.source === null) return;
    this._problem = this._report = null;
    this.#charts?.destroy();
    this.#charts = null;
    try {
      const report = await this.source.report();
      this._range = extent(report);
      this._report = report;
      this._models = await this.source.models();
      this._notice = await this.source.notice(report.consent);
    } catch (thrown) {
      this._problem = problemFrom(thrown);
    }
  }

  protected override firstUpdated(): void {
    void this.load();
  }

  protected override render(): TemplateResult {
    const words = wordsOf(languageOf(this));
    if (this._problem) return this.#refused(words, this._problem);
    return this._report ? this.#whole(words, this._report) : loading(words);
  }

  protected override updated(): void {
    const drawn = this._report && this._report.fused > 0 && this.#hosts.has("all");
    if (this.#charts || !drawn || this._report === null) return;
    const { timeline } = this._report;
    this.#charts = new Charts(this._report, this.#hosts, {
      read: (seconds) => (this._point = seconds === null ? null : pointAt(timeline, seconds)),
      zoom: (range) => (this._range = range),
    });
  }

  #whole(words: Words, report: Report): TemplateResult {
    return html`
      <article class="report">
        ${this.#head(words, report)} ${session(words, report)}
        ${timelineView({
          report,
          words,
          range: this._range,
          point: this._point,
          read: (seconds) => (this._point = pointAt(report.timeline, seconds)),
          zoom: (range) => this.#charts?.zoom(range),
          hosted: (name, host) => this.#host(name, host),
        })}
        ${sections(report, words)} ${this.#background(words, report)}
      </article>
    `;
  }

  #head(words: Words, report: Report): TemplateResult {
    const { document: texts, page } = words;
    return html`
      <header class="panel head">
        <h1>${texts.title}: ${report.participant}</h1>
        <p>${texts.says}</p>
        <p class="caution">${texts.cannot}</p>
        ${report.closed_at === null ? html`<p class="caution">${texts.open}</p>` : nothing}
        <div class="downloads" role="group" aria-label=${page.download}>
          <span class="label" aria-hidden="true">${page.download}</span>
          ${FORMS.map(
            (form) => html`
              <button
                type="button"
                data-testid=${`download-${form}`}
                ?disabled=${this._making !== null}
                @click=${() => this.#save(words, form)}
              >
                ${NAMES[form]}
              </button>
            `,
          )}
          <button type="button" @click=${() => print()}>${page.print}</button>
        </div>
        <p class="progress" role="status" data-testid="progress">
          ${this._making ? html`<progress aria-label=${NAMES[this._making]}></progress>` : nothing}
          ${this._said}
        </p>
      </header>
    `;
  }

  #background(words: Words, report: Report): TemplateResult {
    const { document: texts } = words;
    const rows = report.modalities.map((modality): Cell[] => {
      const [name = "–", version = ""] = report.models[modality]?.split("@") ?? [];
      const card = this._models.find((each) => each.name === name && each.version === version);
      const commercial = card?.commercial_use ? texts.yes : texts.no;
      return [`${name} ${version}`, card?.licence ?? "–", card ? commercial : "–"];
    });
    const limits = report.modalities.map(
      (modality) => html`<p>${texts.modality[modality]}: ${texts.limits[modality]}</p>`,
    );
    return html`
      ${framed(words, "models", [listed(words, ["model", "licence", "commercial"], rows), limits])}
      ${
        this._notice
          ? framed(
              words,
              "notice",
              this._notice.text.split("\n\n").map((text) => html`<p>${text}</p>`),
            )
          : nothing
      }
    `;
  }

  #refused(words: Words, { code, message }: EsaprError): TemplateResult {
    const { problems, tryAgain } = words.page;
    const [title, text] = problems[code] ?? problems["other"] ?? [message, ""];
    return html`
      <section class="panel calm" data-testid="problem" data-code=${code}>
        <h1>${title}</h1>
        <p>${text}</p>
        ${code === "sign_in_required" ? html`<a href="/staff">${words.page.signIn}</a>` : nothing}
        <button type="button" @click=${() => void this.load()}>${tryAgain}</button>
      </section>
    `;
  }

  /** Paper is light: a chart is a picture by then, which no style sheet reaches. */
  #onPaper = (): void => {
    this.#theme = this.getAttribute("theme");
    this.setAttribute("theme", "light");
    this.#charts?.redraw();
  };

  #onScreen = (): void => {
    if (this.#theme === null) this.removeAttribute("theme");
    else this.setAttribute("theme", this.#theme);
    this.#charts?.redraw();
  };

  #host(name: Report["modalities"][number] | "all", host: Element | undefined): void {
    if (host instanceof HTMLElement) this.#hosts.set(name, host);
  }

  async #save(words: Words, form: FormName): Promise<void> {
    if (this.source === null) return;
    const { page } = words;
    this._making = form;
    this._said = page.making(NAMES[form]);
    try {
      const { name, blob } = await this.source.file(form, words.language);
      const link = Object.assign(document.createElement("a"), {
        href: URL.createObjectURL(blob),
        download: name,
      });
      link.click();
      URL.revokeObjectURL(link.href);
      this._said = page.made(NAMES[form]);
    } catch (thrown) {
      this._said = page.failed(NAMES[form], problemFrom(thrown).message);
    }
    this._making = null;
  }
}

const NAMES: Readonly<Record<FormName, string>> = {
  pdf: "PDF",
  html: "HTML",
  csv: "CSV",
  json: "JSON",
  emotionml: "EmotionML",
};

function loading({ page }: Words): TemplateResult {
  return html`<section class="panel calm" aria-busy="true" data-testid="loading">
    <h1>${page.loading}</h1>
    <progress aria-label=${page.loading}></progress>
  </section>`;
}

function session(words: Words, report: Report): TemplateResult {
  const { document: texts } = words;
  const { expression: mean, reason } = report;
  return framed(
    words,
    "session",
    facts(words, [
      ["participant", report.participant],
      ["session", report.session],
      ["opened", moment(report.opened_at)],
      ["closed", moment(report.closed_at)],
      ["reason", reason ? (texts.ending[reason as keyof typeof texts.ending] ?? reason) : "–"],
      ["purpose", report.purpose?.replaceAll("_", " ") ?? "–"],
      ["measured", report.modalities.map((each) => texts.modality[each]).join(", ")],
      ["recorded", [report.recorded_ms, "length"]],
      ["states", [report.states, "count"]],
      ["fused", [report.fused, "count"]],
      ...(mean
        ? ([
            ["confidence", [mean.confidence, "share"]],
            ["valence", [mean.valence, "signed"]],
            ["arousal", [mean.arousal, "signed"]],
          ] as const)
        : []),
    ]),
  );
}
