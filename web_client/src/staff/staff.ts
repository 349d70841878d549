/** `<esapr-staff>`: who is signed in, the open rooms and the recorded sessions. */

import { html, LitElement, nothing, type TemplateResult, unsafeCSS } from "lit";
import { percent } from "../live/format";
import { inWords, languageOf } from "../messages";
import type { OpenRoom, RecordedSession } from "../protocol";
import { type EsaprError, problemFrom } from "../sdk/errors";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import { sessions, SIGN_IN, signOut, type Work, work } from "./calls";
import { clock, coverageOf, lengthOf, standingOf } from "./figures";
import { type Words, wordsFor } from "./messages";
import styles from "./staff.css?inline";

const NOTHING = "–";

export class EsaprStaff extends LitElement {
  static override properties = {
    _work: { state: true },
    _problem: { state: true },
    _busy: { state: true },
  };
  static override styles = [tokens, controls, styles].map((css) => unsafeCSS(css));

  declare private _work: Work | null;
  declare private _problem: EsaprError | null;
  declare private _busy: boolean;
  /** Why nobody was signed in, as the server has put it behind the address. */
  readonly #refused = new URLSearchParams(location.search).get("problem");

  constructor() {
    super();
    this._work = null;
    this._problem = null;
    this._busy = true;
  }

  protected override firstUpdated(): void {
    // It is said once: not again after a reload.
    history.replaceState(history.state, "", location.pathname);
    void this.#load();
  }

  protected override render(): TemplateResult {
    const words = wordsFor(this);
    if (this._work) return this.#page(words, this._work);
    if (this._problem) return this.#instead(words, this._problem);
    return html`<section class="card" aria-busy="true"><p>${words.loading}</p></section>`;
  }

  #load = (): Promise<void> =>
    this.#attempt(async () => {
      this._work = await work();
    });

  #more = (): Promise<void> =>
    this.#attempt(async () => {
      const { _work: shown } = this;
      if (!shown?.recorded?.next) return;
      const { sessions: earlier, next } = await sessions(shown.recorded.next);
      const all = [...shown.recorded.sessions, ...earlier];
      this._work = { ...shown, recorded: { sessions: all, next } };
    });

  #signOut = (): Promise<void> =>
    this.#attempt(async () => {
      location.assign(await signOut());
    });

  async #attempt(step: () => Promise<void>): Promise<void> {
    this._busy = true;
    this._problem = null;
    try {
      await step();
    } catch (thrown) {
      this._problem = problemFrom(thrown);
      if (this._problem.code === "sign_in_required") this._work = null;
    }
    this._busy = false;
  }

  #instead(words: Words, { code, message }: EsaprError): TemplateResult {
    if (code === "sign_in_required") {
      return html`
        <section class="card" data-testid="signed-out">
          <h2>${words.signInTitle}</h2>
          ${
            this.#refused
              ? html`<p class="problem" role="alert">${inWords(words.problems, this.#refused)}</p>`
              : nothing
          }
          <p>${words.signInText}</p>
          <a class="button primary" href=${SIGN_IN} data-testid="sign-in">${words.signIn}</a>
        </section>
      `;
    }
    // A server on which staff cannot sign in has no such call, or one that is not for them.
    if (code === "not_found" || code === "token_invalid") {
      return html`
        <section class="card" data-testid="no-sign-in">
          <h2>${words.noSignInTitle}</h2>
          <p>${words.noSignInText}</p>
        </section>
      `;
    }
    return html`
      <section class="card" data-testid="failed">
        <h2>${words.failedTitle}</h2>
        <p class="problem" role="alert">${message}</p>
        <button type="button" @click=${this.#load} ?disabled=${this._busy}>${words.again}</button>
      </section>
    `;
  }

  #page(words: Words, { who, rooms, recorded }: Work): TemplateResult {
    const open = rooms.rooms.flatMap(({ members }) => members.map(({ session }) => session));
    return html`
      ${this.#bar(words, who)}
      <p class="problem" role="alert">${this._problem?.message ?? ""}</p>
      <section class="card" aria-labelledby="rooms">
        <h2 id="rooms">${words.roomsTitle}</h2>
        ${
          rooms.rooms.length === 0
            ? html`<p class="empty">${words.noRooms}</p>`
            : html`<ul class="rooms">
                ${rooms.rooms.map((room) => roomRow(words, room))}
              </ul>`
        }
      </section>
      <section class="card" aria-labelledby="sessions">
        <h2 id="sessions">${words.sessionsTitle}</h2>
        ${
          recorded === null
            ? html`<p class="empty">${words.noRecords}</p>`
            : this.#sessions(words, recorded.sessions, new Set(open))
        }
        ${
          recorded?.next
            ? html`<button
                type="button"
                data-testid="more"
                @click=${this.#more}
                ?disabled=${this._busy}
              >
                ${words.more}
              </button>`
            : nothing
        }
      </section>
    `;
  }

  #bar(words: Words, who: Work["who"]): TemplateResult {
    const until = who.ends_at && words.until(this.#time(who.ends_at, { timeStyle: "short" }));
    return html`
      <div class="bar">
        <p data-testid="who">
          <strong>${who.name ? words.signedInAs(who.name) : words.local}</strong>
          <span>${[words.roles[who.role], until].filter(Boolean).join(" · ")}</span>
        </p>
        <button type="button" @click=${this.#load} ?disabled=${this._busy} data-testid="refresh">
          ${words.refresh}
        </button>
        ${
          who.name
            ? html`<button
                type="button"
                @click=${this.#signOut}
                ?disabled=${this._busy}
                data-testid="sign-out"
              >
                ${words.signOut}
              </button>`
            : nothing
        }
      </div>
    `;
  }

  #sessions(
    words: Words,
    rows: readonly RecordedSession[],
    open: ReadonlySet<string>,
  ): TemplateResult {
    if (rows.length === 0) {
      return html`<div class="empty">
        <p>${words.noSessions}</p>
        <small>${words.noSessionsHint}</small>
      </div>`;
    }
    const reads = this._work?.who.scopes.includes("report") ?? false;
    return html`
      <table data-testid="sessions">
        <caption class="unseen">
          ${words.sessionsTitle}
        </caption>
        <thead>
          <tr>
            <th scope="col" class="wide">${words.opened}</th>
            <th scope="col">${words.participant}</th>
            <th scope="col" class="figure wide">${words.length}</th>
            <th scope="col" class="figure wide">
              <abbr title=${words.coverageHint}>${words.coverage}</abbr>
            </th>
            <th scope="col" class="wide">${words.ended}</th>
            ${reads ? html`<th scope="col">${words.report}</th>` : nothing}
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => this.#row(words, row, open, reads))}
        </tbody>
      </table>
      <p class="count" role="status">${words.shown(rows.length)}</p>
    `;
  }

  #row(
    words: Words,
    row: RecordedSession,
    open: ReadonlySet<string>,
    reads: boolean,
  ): TemplateResult {
    const opened = this.#time(row.opened_at, { dateStyle: "medium", timeStyle: "short" });
    const [length, coverage] = [lengthOf(row), coverageOf(row)];
    const lasted = length === null ? NOTHING : clock(length);
    const shown = coverage === null ? NOTHING : percent(coverage);
    const ended = inWords(words.reasons, standingOf(row, open));
    const known = row.totals ? [lasted, `${words.coverage} ${shown}`, ended] : [ended];
    return html`
      <tr>
        <td class="wide"><time datetime=${row.opened_at}>${opened}</time></td>
        <th scope="row">
          <bdi>${row.participant}</bdi>
          <small class="narrow">
            <time datetime=${row.opened_at}>${opened}</time><br />
            ${known.join(" · ")}
          </small>
        </th>
        <td class="figure wide">${lasted}</td>
        <td class="figure wide">${shown}</td>
        <td class="wide">${ended}</td>
        ${
          reads
            ? html`<td>
                <a
                  class="button"
                  href="/report/${row.session}"
                  aria-label=${words.reportOf(row.participant, opened)}
                  >${words.report}</a
                >
              </td>`
            : nothing
        }
      </tr>
    `;
  }

  #time(moment: string, style: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(languageOf(this), style).format(new Date(moment));
  }
}

function roomRow(words: Words, { room, members }: OpenRoom): TemplateResult {
  const people = [...new Set(members.map(({ participant }) => participant))];
  return html`
    <li data-testid="room">
      <div>
        <strong><bdi>${room}</bdi></strong>
        <small>${words.people(people.length)} · <bdi>${people.join(", ")}</bdi></small>
      </div>
      <a class="button" href="/room/${encodeURIComponent(room)}" aria-label=${words.enterRoom(room)}
        >${words.enter}</a
      >
    </li>
  `;
}
