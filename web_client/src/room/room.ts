/** `<esapr-room>`: a room as the role of whoever watches may see it, with alerts and notes. */

import uplot from "uplot/dist/uPlot.min.css?inline";
import {
  html,
  LitElement,
  nothing,
  type PropertyValues,
  type TemplateResult,
  unsafeCSS,
} from "lit";
import { guard } from "lit/directives/guard.js";
import { lastSeconds, Timeline } from "../live/timeline";
import charts from "../style/charts.css?inline";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import { alertInWords, alertsView, rulesView } from "./alerts_view";
import { notesAsJson, notesAsText, save } from "./export";
import {
  closedView,
  headView,
  phaseInWords,
  SECTIONS,
  type Section,
  sectionsView,
} from "./frame_view";
import { groupChart } from "./group_chart";
import { COURSE_SECONDS } from "./group_course";
import { groupView } from "./group_view";
import { Kept } from "./kept";
import { type Words, wordsFor } from "./messages";
import { Notebook } from "./notebook";
import { notesView } from "./notes_view";
import panels from "./panels.css?inline";
import frame from "./room.css?inline";
import type { Rule } from "./rules";
import tile from "./tile.css?inline";
import { tileView } from "./tile_view";
import { Visit } from "./visit";

const FIRST_MEASURE = "fear";

export class EsaprRoom extends LitElement {
  static override properties = {
    server: {},
    room: {},
    token: {},
    theme: { reflect: true },
    messages: { attribute: false },
    openRoom: { attribute: false },
    signIn: { attribute: "sign-in" },
    _visit: { state: true },
    _section: { state: true },
    _measure: { state: true },
    _kept: { state: true },
  };
  static override styles = [tokens, controls, charts, uplot, frame, tile, panels].map((css) =>
    unsafeCSS(css),
  );

  /** Address of the ESAPR server; without one that of the page. */
  declare server: string;
  /** What `POST /v1/sessions` answered as `room`. */
  declare room: string;
  /** A token for that room: its role says what is shown. */
  declare token: string;
  declare theme: string | undefined;
  declare messages: Partial<Words> | null;
  /** Asked for a token where none is given; null from whoever may not come in. */
  declare openRoom: ((room: string) => Promise<string | null>) | null;
  /** Where whoever has to sign in does so. */
  declare signIn: string;
  declare private _visit: Visit | null;
  declare private _section: Section;
  /** What the form of the rules is about. */
  declare private _measure: string;
  /** Whether this browser keeps the rules. */
  declare private _kept: boolean;
  #notebook = new Notebook(this, new Kept("", null));
  #timeline: Timeline | null = null;

  constructor() {
    super();
    this.server = location.href;
    this.room = this.token = this.signIn = "";
    this.messages = null;
    this.openRoom = null;
    this._visit = null;
    this._section = "people";
    this._measure = FIRST_MEASURE;
    this._kept = true;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#drop();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const named = this.room !== "" && (this.token !== "" || this.openRoom !== null);
    if (named && (changed.has("room") || changed.has("token") || changed.has("openRoom"))) {
      this.#begin();
    }
  }

  protected override render(): TemplateResult {
    const words = wordsFor(this, this.messages);
    const visit = this._visit;
    if (visit === null) return html`<div class="room"></div>`;
    const entered = visit.entered;
    return html`
      <div class="room" ?data-dim=${visit.phase === "reconnecting"}>
        ${headView(words, this.room, visit)}
        ${entered === null ? this.#closed(words) : this.#open(words, visit)}
        <p class="unseen" role="status">${this.#said(words, visit)}</p>
      </div>
      <dialog aria-labelledby="rules-title">
        ${entered?.view === "full" ? this.#rules(words, visit) : nothing}
      </dialog>
    `;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const host = this.renderRoot.querySelector<HTMLElement>(".course");
    const visit = this._visit;
    if (host === null || visit === null) return;
    const { columns } = visit.course;
    const axis = lastSeconds(COURSE_SECONDS, wordsFor(this, this.messages).now);
    this.#timeline ??= new Timeline(host, groupChart, columns, axis);
    if (changed.has("theme")) this.#timeline.redraw();
    this.#timeline.show(columns);
  }

  #begin = (): void => {
    this.#drop();
    const shelf = new Kept(this.room);
    this.#notebook = new Notebook(this, shelf);
    this._visit = new Visit(this, shelf);
    const token = async () => this.token || (await this.openRoom?.(this.room)) || null;
    void this._visit.run(this.server, this.room, token);
  };

  #drop(): void {
    this.#timeline?.destroy();
    this.#timeline = null;
    this._visit?.hostDisconnected();
    if (this._visit) this.removeController(this._visit);
    this._visit = null;
  }

  /** What the view shows, beside what belongs to the watcher. */
  #open(words: Words, visit: Visit): TemplateResult {
    const parts = partsOf(visit);
    const shown = parts.find((part) => part === this._section) ?? parts[0] ?? "notes";
    const panel = (part: Section, body: () => TemplateResult) =>
      parts.includes(part)
        ? html`<section
            class=${part}
            aria-label=${words.sections[part]}
            ?data-shown=${part === shown}
          >
            ${body()}
          </section>`
        : nothing;
    return html`
      ${sectionsView(words, parts, shown, visit.alarms.alerts.length, this.#show)}
      <div class="main">
        ${panel("group", () => this.#group(words, visit))}
        ${isOver(visit) ? this.#closed(words) : panel("people", () => this.#tiles(words, visit))}
      </div>
      <div class="side">
        ${panel("alerts", () => this.#alerts(words, visit))}
        ${panel("notes", () => this.#noted(words, visit))}
      </div>
    `;
  }

  #tiles(words: Words, { people, entered, mutes, mute }: Visit): TemplateResult {
    if (people.places.length === 0) {
      return html`<div class="card calm">
        <h2>${words.nobody}</h2>
        <p>${words.nobodyText}</p>
      </div>`;
    }
    const view = entered?.view === "trends" || entered?.view === "own" ? entered.view : "full";
    const labels = entered?.labels ?? [];
    return html`
      <ul class="tiles" data-view=${view}>
        ${people.places.map(
          (person) =>
            html`<li class="tile" data-testid="tile" ?data-left=${person.left !== null}>
              ${guard([person, person.revision, words, mutes], () =>
                tileView({ words, person, labels, view, mute: mutes ? mute : null }),
              )}
            </li>`,
        )}
      </ul>
    `;
  }

  #group(words: Words, { people, entered, aggregate }: Visit): TemplateResult {
    const position = people.position(performance.now() / 1_000);
    const view = entered?.view === "aggregate" ? "aggregate" : "full";
    return groupView({ words, labels: entered?.labels ?? [], view, position, aggregate });
  }

  #alerts(words: Words, { alarms }: Visit): TemplateResult {
    const edit = () => this.#dialog?.showModal();
    const clear = () => {
      alarms.clear();
      this.requestUpdate();
    };
    return alertsView({ words, alarms, edit, clear });
  }

  #rules(words: Words, { alarms, entered }: Visit): TemplateResult {
    return rulesView({
      words,
      alarms,
      labels: entered?.labels ?? [],
      measure: this._measure,
      kept: this._kept,
      choose: (measure) => (this._measure = measure),
      set: (rules: readonly Rule[], sound: boolean) => {
        this._kept = alarms.set(rules, sound);
        this.requestUpdate();
      },
      close: () => this.#dialog?.close(),
    });
  }

  #noted(words: Words, { people, entered, token }: Visit): TemplateResult {
    const notebook = this.#notebook;
    const [room, { notes }] = [this.room, notebook];
    const stores = entered?.role === "clinician" || entered?.role === "supervisor";
    return notesView({
      words,
      notebook,
      people: people.present,
      store: stores ? (note) => void notebook.store(note, this.server, token) : null,
      add: (body, session) => {
        const person = session === null ? undefined : people.find(session);
        notebook.add(body, person, performance.now() / 1_000);
      },
      exportText: () => save(`notes-${room}.txt`, "text/plain", notesAsText(words, room, notes)),
      exportJson: () => {
        const text = notesAsJson(room, notes, new Date());
        save(`notes-${room}.json`, "application/json", text);
      },
      deleteAll: () => {
        if (confirm(words.deleteSure)) notebook.deleteAll();
      },
    });
  }

  #closed(words: Words): TemplateResult | typeof nothing {
    return this._visit ? closedView(words, this._visit, this.signIn, this.#begin) : nothing;
  }

  #show = (section: Section): void => {
    this._section = section;
  };

  /** What a screen reader says: the connection, who comes and goes, alerts; never states. */
  #said(words: Words, { phase, news }: Visit): string {
    if (phase !== "live" || news === null) return phaseInWords(words, phase);
    if (news.kind === "alert") return alertInWords(words, news);
    return (news.kind === "joined" ? words.joined : words.gone)(news.participant);
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }
}

/** The parts of the room that a view has. */
function partsOf({ entered }: Visit): Section[] {
  const view = entered?.view;
  const lacking: Section[] =
    view === "full" ? [] : view === "aggregate" ? ["people", "alerts"] : ["group", "alerts"];
  return SECTIONS.filter((part) => !lacking.includes(part));
}

function isOver({ phase }: Visit): boolean {
  return phase !== "live" && phase !== "reconnecting";
}
