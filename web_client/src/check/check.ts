/** `<esapr-embed-check>`: what is missing before the widget works in the page where this stands. */

import { html, LitElement, nothing, type TemplateResult, unsafeCSS } from "lit";
import { Client, consent, type Entrance } from "../sdk/client";
import { problemFrom } from "../sdk/errors";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import styles from "./check.css?inline";
import type { Finding, Outcome } from "./findings";
import { checkPage, checkSession } from "./probes";

const WORDS: Readonly<Record<Outcome, string>> = {
  good: "Good",
  bad: "Missing",
  open: "Not known",
};

export class EsaprEmbedCheck extends LitElement {
  static override properties = {
    server: {},
    demo: { type: Boolean },
    theme: { reflect: true },
    _findings: { state: true },
    _busy: { state: true },
    _problem: { state: true },
  };
  static override styles = [tokens, controls, styles].map((css) => unsafeCSS(css));

  /** Address of the ESAPR server; without one that of the page. */
  declare server: string;
  /** Opens the session for the second half itself: on the server's own page, on loopback. */
  declare demo: boolean;
  declare theme: string | undefined;
  declare private _findings: readonly Finding[];
  declare private _busy: boolean;
  declare private _problem: string;

  constructor() {
    super();
    this.server = location.href;
    this.demo = false;
    this._findings = [];
    this._busy = false;
    this._problem = "";
  }

  protected override firstUpdated(): void {
    void this.check();
  }

  /** Checks what needs no session. */
  async check(): Promise<void> {
    await this.#work(async () => {
      this._findings = await checkPage(this.#server);
    });
  }

  protected override render(): TemplateResult {
    return html`
      <section class="card">
        <h2>What this page can do</h2>
        <p>
          The checks run in <strong>${location.origin}</strong>, against the server
          <strong>${this.#server.origin}</strong>.
        </p>
        <ul class="findings" aria-busy=${this._busy ? "true" : "false"}>
          ${this._findings.map(row)}
        </ul>
        <p class="problem" role="status">
          ${this._busy ? "Checking …" : this._problem || this.#summary}
        </p>
        ${this.#session()}
        <details>
          <summary>Check a page of another site</summary>
          <p>
            Put these two lines into that page, where the widget will stand; its headers and its
            frames are checked then, not those of this one.
          </p>
          <pre><code>${this.#snippet}</code></pre>
        </details>
      </section>
    `;
  }

  #session(): TemplateResult {
    return html`
      <form @submit=${this.#runSession}>
        <h3>With a session</h3>
        <p>
          A session shows whether the WebSocket and WebRTC get through. A drawn picture is sent, no
          camera is opened.
        </p>
        ${
          this.demo
            ? nothing
            : html`<label for="credentials">
                  What your server got from <code>POST /v1/sessions</code>, as JSON
                </label>
                <textarea id="credentials" rows="4" spellcheck="false" required></textarea>`
        }
        <button type="submit" data-testid="with-session" ?disabled=${this._busy}>
          Check with a session
        </button>
      </form>
    `;
  }

  #runSession = (event: Event): void => {
    event.preventDefault();
    void this.#work(async () => {
      const findings = await checkPage(this.#server);
      const entrance = await this.#entrance();
      this._findings = [...findings, ...(await checkSession(this.#server, entrance))];
    });
  };

  async #entrance(): Promise<Entrance> {
    if (this.demo) {
      const client = new Client(this.#server.href);
      const { version, language } = await client.notice();
      // Nobody is measured: the picture is drawn.
      return client.open({ consent: consent("nobody", version, "test", { language }) });
    }
    const pasted = this.renderRoot.querySelector("textarea")?.value ?? "";
    return JSON.parse(pasted) as Entrance;
  }

  async #work(work: () => Promise<void>): Promise<void> {
    this._busy = true;
    this._problem = "";
    try {
      await work();
    } catch (thrown) {
      this._problem = problemFrom(thrown).message;
    }
    this._busy = false;
  }

  get #server(): URL {
    return new URL(this.server, location.href);
  }

  get #summary(): string {
    const missing = this._findings.filter(({ outcome }) => outcome === "bad").length;
    if (missing > 0) return `${missing} ${missing === 1 ? "thing is" : "things are"} missing.`;
    return this._findings.length > 0 ? "Nothing is missing in what was checked." : "";
  }

  get #snippet(): string {
    const { origin } = this.#server;
    return [
      `<script type="module" src="${origin}/embed/check.js"></script>`,
      `<esapr-embed-check server="${origin}"></esapr-embed-check>`,
    ].join("\n");
  }
}

function row({ id, title, outcome, text, remedy }: Finding): TemplateResult {
  return html`
    <li data-testid=${id} data-outcome=${outcome}>
      <span class="outcome">${WORDS[outcome]}</span>
      <div>
        <h3>${title}</h3>
        <p>${text}</p>
        ${remedy ? html`<pre><code>${remedy}</code></pre>` : nothing}
      </div>
    </li>
  `;
}
