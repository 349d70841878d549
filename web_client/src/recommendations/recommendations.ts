/** `<esapr-recommendations>`: what may do good after a session, and why it is named. */

import {
  html,
  LitElement,
  nothing,
  type PropertyValues,
  type TemplateResult,
  unsafeCSS,
} from "lit";
import { languageOf } from "../messages";
import type { Recommendation, Recommendations } from "../protocol";
import { Client, type Entrance } from "../sdk/client";
import { EsaprError, problemFrom } from "../sdk/errors";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import type { WidgetEvent, WidgetEvents } from "../widget/events";
import { helpLinesView } from "../widget/support";
import type { EsaprWidget } from "../widget/widget";
import { type Answer, type Answers, answered, keepAnswers, ordered, readAnswers } from "./answers";
import { type Words, wordsOf } from "./messages";
import styles from "./recommendations.css?inline";
import { basisInWords, nothingNamed, stepView } from "./view";

export class EsaprRecommendations extends LitElement {
  static override properties = {
    for: {},
    server: {},
    session: {},
    token: {},
    theme: { reflect: true },
    _named: { state: true },
    _problem: { state: true },
    _loading: { state: true },
    _answers: { state: true },
    _open: { state: true },
  };
  static override styles = [tokens, controls, styles].map((css) => unsafeCSS(css));

  /** The id of the widget after whose sessions it asks, if the person has agreed to that. */
  declare for: string;
  /** Without a widget: the server, the session, and its token with the scope `report`. */
  declare server: string;
  declare session: string;
  declare token: string;
  declare theme: string | undefined;
  declare private _named: Recommendations | null;
  declare private _problem: EsaprError | null;
  declare private _loading: boolean;
  declare private _answers: Answers;
  declare private _open: ReadonlySet<string>;
  /** The order in which they are shown does not change under the reader's hand. */
  #steps: Recommendation[][] = [];
  #agreed = false;
  #asked: (() => Promise<void>) | null = null;
  #listening = new AbortController();

  constructor() {
    super();
    this.for = this.session = this.token = "";
    this.server = location.href;
    this._named = this._problem = null;
    this._loading = false;
    this._answers = {};
    this._open = new Set();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const root = this.getRootNode();
    const on = <Name extends keyof WidgetEvents>(
      name: Name,
      listener: (detail: WidgetEvents[Name], widget: EsaprWidget) => void,
    ): void => {
      const heard = (event: Event) => {
        const { target, detail } = event as WidgetEvent<Name>;
        if (target instanceof HTMLElement && target.id === this.for) {
          listener(detail, target as EsaprWidget);
        }
      };
      root.addEventListener(name, heard, { signal });
    };
    on("esapr-consent", ({ receipt }) => {
      this.#agreed = receipt?.covers?.includes("recommendations") ?? false;
      this.#clear();
    });
    on("esapr-ended", ({ reason }, { entrance, server }) => {
      if (this.#agreed && reason !== "revoked" && entrance) void this.#ask(server, entrance);
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening.abort();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const told = changed.has("session") || changed.has("token");
    if (told && this.session && this.token) {
      void this.#ask(this.server, { session_id: this.session, client_token: this.token });
    }
    this.hidden = !this._loading && this._named === null && this._problem === null;
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.hidden) return nothing;
    const words = wordsOf(languageOf(this));
    return html`
      <section class="card" aria-busy=${this._loading ? "true" : "false"}>
        <h2 tabindex="-1">${words.title}</h2>
        <p class="unseen" role="status">${this._loading ? words.loading : ""}</p>
        ${this.#content(words)}
      </section>
    `;
  }

  #content(words: Words): TemplateResult {
    if (this._problem) return this.#failure(words, this._problem);
    if (this._named) return this.#recommendations(words, this._named);
    return html`<p class="loading">${words.loading}</p>`;
  }

  #failure(words: Words, { code, message }: EsaprError): TemplateResult {
    return html`
      <p role="alert">${words.failed}</p>
      <div class="buttons">
        <button type="button" data-testid="retry" @click=${() => void this.#asked?.()}>
          ${words.tryAgain}
        </button>
      </div>
      <p class="support"><code>${code}</code> ${message}</p>
    `;
  }

  #recommendations(words: Words, named: Recommendations): TemplateResult {
    const none = nothingNamed(words, named);
    return html`
      ${
        named.help_lines.length > 0
          ? html`<div class="first panel" data-testid="help-first">
              <p><strong>${words.turnTo}</strong></p>
              ${helpLinesView(named.help_lines)}
            </div>`
          : nothing
      }
      ${none ? html`<p data-testid="none">${none}</p>` : nothing}
      ${named.items.length > 0 ? this.#named(words, named) : nothing}
    `;
  }

  #named(words: Words, { basis }: Recommendations): TemplateResult {
    const language = languageOf(this);
    return html`
      ${basis ? html`<p data-testid="basis">${basisInWords(words, basis, language)}</p>` : nothing}
      <p class="caution">${words.caution}</p>
      ${this.#steps.map((items) => this.#step(words, language, items))}
      <div class="foot">
        <p>${words.answersStay}</p>
        <button
          type="button"
          data-testid="forget"
          ?disabled=${Object.keys(this._answers).length === 0}
          @click=${() => this.#answer({})}
        >
          ${words.forget}
        </button>
      </div>
    `;
  }

  #step(words: Words, language: string, items: readonly Recommendation[]): TemplateResult {
    const step = items[0]!.because.step;
    return stepView({
      words,
      language,
      title: this.#steps.length === 1 ? words.stay : words.step[step],
      items,
      answers: this._answers,
      open: this._open.has(step),
      showAll: () => (this._open = new Set([...this._open, step])),
      answer: (id, answer: Answer) => this.#answer(answered(this._answers, id, answer)),
    });
  }

  #answer(answers: Answers): void {
    this._answers = answers;
    keepAnswers(answers);
  }

  #clear(): void {
    this._named = this._problem = this.#asked = null;
    this._open = new Set();
  }

  async #ask(
    server: string,
    entrance: Pick<Entrance, "session_id" | "client_token">,
  ): Promise<void> {
    this.#clear();
    const asked = () => this.#ask(server, entrance);
    this.#asked = asked;
    this._loading = true;
    try {
      const named = await new Client(server).recommendations(entrance);
      if (this.#asked !== asked) return;
      this._answers = readAnswers();
      this.#steps = ordered(named.items, this._answers);
      this._named = named;
    } catch (thrown) {
      if (this.#asked === asked) this._problem = problemFrom(thrown);
    } finally {
      if (this.#asked === asked || this.#asked === null) this._loading = false;
    }
  }
}
