/** `<esapr-widget>`: consent, device check, self-view and controls of one participant's session. */

import { html, LitElement, type TemplateResult, unsafeCSS } from "lit";
import { languageOf, type Messages, messagesFor } from "../messages";
import type { SessionCredentials } from "../protocol";
import { DeviceError } from "../sdk/capture";
import { consent, type Cover, type Entrance, MODALITIES, type Modality } from "../sdk/client";
import { EsaprError, problemFrom } from "../sdk/errors";
import cards from "../style/cards.css?inline";
import controls from "../style/controls.css?inline";
import tokens from "../style/tokens.css?inline";
import { blockedView, problemInWords } from "./blocked_view";
import { closingView, endedView } from "./closing_view";
import { consentView, coverable, coversOf, withOrWithout } from "./consent_view";
import { Course } from "./course";
import type { Phase } from "./events";
import { liveView, phaseInWords } from "./live_view";
import { followNeutral } from "./neutral";
import type { Layer } from "./overlay";
import { SelfView } from "./self_view";
import { type AgreedNotice, noticeFor, type OpenSession, sourceOf } from "./source";
import { Support } from "./support";
import styles from "./widget.css?inline";

export class EsaprWidget extends LitElement {
  static override properties = {
    server: {},
    demo: { type: Boolean },
    session: {},
    clientToken: { attribute: "client-token" },
    feedUrl: { attribute: "feed-url" },
    whipUrl: { attribute: "whip-url" },
    modalities: {},
    notice: {},
    textVersion: { attribute: "text-version" },
    subject: {},
    theme: { reflect: true },
    messages: { attribute: false },
    credentials: { attribute: false },
    openSession: { attribute: false },
    baseline: { attribute: false },
    _chosen: { state: true },
    _covered: { state: true },
    _incomplete: { state: true },
    _layers: { state: true },
    _devices: { state: true },
    _notice: { state: true },
  };
  static override styles = [tokens, controls, cards, styles].map((css) => unsafeCSS(css));

  /** Address of the ESAPR server; without one that of the page. */
  declare server: string;
  /** Opens demo sessions, which a server has for its own pages on loopback only. */
  declare demo: boolean;
  /** What `POST /v1/sessions` answered: `session_id`, `client_token`, `feed_url`, `whip_url`. */
  declare session: string;
  declare clientToken: string;
  declare feedUrl: string;
  declare whipUrl: string;
  /** What the person may choose from, separated by spaces. */
  declare modalities: string;
  /** What the person is told before, in place of the server's own notice. */
  declare notice: string;
  /** The version of that text (the server's names its own), and who consents, for the receipt. */
  declare textVersion: string;
  declare subject: string;
  /** `light` or `dark`; without one the reader's setting. */
  declare theme: string | undefined;
  /** Words of the site's own, in place of those of the language. */
  declare messages: Partial<Messages> | null;
  /** The whole answer of `POST /v1/sessions`, in place of the four attributes. */
  declare credentials: SessionCredentials | null;
  /** Called when the person has agreed, and again when the server has lost the session. */
  declare openSession: OpenSession | null;
  /** The person's own neutral, kept by the page; null: none yet, undefined: not to be measured. */
  declare baseline: string | null | undefined;
  declare private _chosen: ReadonlySet<Modality>;
  declare private _covered: ReadonlySet<Cover>;
  declare private _incomplete: boolean;
  declare private _layers: ReadonlySet<Layer>;
  declare private _devices: readonly MediaDeviceInfo[];
  declare private _notice: AgreedNotice | null;
  readonly #course = new Course(this);
  readonly #support = new Support(this);
  /** What it takes to read the newest session, also for a while after its end. */
  entrance: Entrance | null = null;
  readonly #selfView = new SelfView();
  #hadFocus = false;
  #drawn: Phase = "consent";

  constructor() {
    super();
    this.server = location.href;
    this.demo = false;
    this.session = this.clientToken = this.feedUrl = this.whipUrl = "";
    this.modalities = MODALITIES.join(" ");
    this.notice = this.textVersion = "";
    this.subject = "self";
    this.messages = this.credentials = this.openSession = null;
    this._chosen = this._covered = new Set<never>();
    this._incomplete = false;
    this._layers = new Set<Layer>(["face"]);
    this._devices = [];
    this._notice = null;
    this.#course.onOverlay = (overlay) => this.#selfView.draw(overlay, this._layers);
    this.addEventListener("esapr-phase", () => void this.#listDevices());
    this.addEventListener("esapr-session", () => this.#followNeutral());
  }

  get phase(): Phase {
    return this.#course.phase;
  }

  /** Shows the consent (again); a session begins when the person agrees. */
  start(): void {
    if (this.phase === "refused" || this.phase === "ended") this.#ask();
  }

  /** Closes camera and microphone; the session stays open. */
  pause(): void {
    this.#course.pause();
  }

  async resume(): Promise<void> {
    await this.#course.resume();
  }

  end(): void {
    this.#course.end();
  }

  /** Withdraws consent: media stop at once, and the session ends. */
  revoke(): void {
    this.#course.revoke();
  }

  /** Sends a line to be measured. False when it is not taken: no session, paused, or too many. */
  sendText(body: string): boolean {
    return this.#course.modalities.includes("text") && this.#course.say(body);
  }

  /** Measures the person's own neutral for 3 to 10 seconds; false while there is no session. */
  captureBaseline(seconds = 5): boolean {
    return this.#course.session?.startBaseline(seconds) ?? false;
  }

  protected override firstUpdated(): void {
    void this.#learnNotice();
  }

  protected override willUpdate(): void {
    this.#hadFocus = this.renderRoot instanceof ShadowRoot && !!this.renderRoot.activeElement;
  }

  protected override render(): TemplateResult {
    const words = messagesFor(this, this.messages);
    return html`
      ${this.#support.view(words)} ${this.#view(words)}
      <p class="unseen" role="status">${phaseInWords(words, this.phase)}</p>
    `;
  }

  protected override updated(): void {
    this.#selfView.follow(this.#course.stream);
    if (this.#drawn === this.phase) return;
    this.#drawn = this.phase;
    // Whoever was in here goes on at what is new; nobody is fetched from elsewhere on the page.
    if (!this.#hadFocus || this.shadowRoot?.activeElement) return;
    this.renderRoot.querySelector<HTMLElement>("h2, .live")?.focus();
  }

  #view(words: Messages): TemplateResult {
    switch (this.phase) {
      case "consent":
        return this.#consent(words);
      case "refused":
        return closingView(words.refusedTitle, [words.refusedText], words.readAgain, this.#ask);
      case "ended":
        return endedView(words, this.#course, this.server, this.#ask);
      case "blocked":
        return this.#blocked(words);
      default:
        return this.#live(words);
    }
  }

  #consent(words: Messages): TemplateResult {
    return consentView({
      words,
      host: new URL(this.server, location.href).host,
      notice: this._notice,
      offered: this.#offered,
      chosen: this._chosen,
      coverable: this.#coverable,
      covered: this._covered,
      incomplete: this._incomplete,
      choose: (modality, chosen) => {
        this._chosen = withOrWithout(this._chosen, modality, chosen);
        this._incomplete = false;
      },
      cover: (cover, now) => (this._covered = withOrWithout(this._covered, cover, now)),
      agree: () => this.#agree(),
      refuse: () => this.#course.refuse(),
    });
  }

  #agree(): void {
    const chosen = this.#offered.filter((modality) => this._chosen.has(modality));
    this._incomplete = chosen.length === 0;
    if (this._incomplete || this._notice === null) return;
    const { version, language } = this._notice;
    const covers = coversOf(this.#coverable, this._covered);
    const receipt = consent(this.subject, version, "button", { language, ...covers });
    const source = sourceOf(this, (entrance) => (this.entrance = entrance));
    void this.#course.agree(receipt, chosen, source);
  }

  #blocked(words: Messages): TemplateResult {
    const problem = this.#course.problem ?? new EsaprError("unexpected", "");
    const closed = problem instanceof DeviceError ? problem.devices : [];
    const { camera, microphone } = this.#course.wanted;
    return blockedView({
      words,
      problem,
      dispensable:
        (camera && !closed.includes("camera")) ||
        (microphone && !closed.includes("microphone")) ||
        this.#course.modalities.includes("text"),
      tryAgain: () => (this._notice ? void this.#course.openDevices() : this.#ask()),
      leaveOut: (error) => void this.#course.leaveOut(error),
      cancel: () => this.#course.cancel(),
    });
  }

  #live(words: Messages): TemplateResult {
    const { stream, warnings, problem, wanted } = this.#course;
    const tracks = stream?.getTracks() ?? [];
    const used = (kind: string) =>
      tracks.find((track) => track.kind === kind)?.getSettings().deviceId ?? "";
    return liveView({
      words,
      phase: this.phase,
      hasCamera: wanted.camera,
      audioOnly: this.#course.audioOnly,
      notices: [
        ...(problem ? [problemInWords(words, problem)] : []),
        ...[...warnings].map(([code, text]) => words.warning[code] ?? text),
      ],
      devices: this._devices,
      cameraId: used("video"),
      microphoneId: used("audio"),
      layers: this._layers,
      showVideo: this.#selfView.showVideo,
      showOverlay: this.#selfView.showOverlay,
      draw: (layer, drawn) => (this._layers = withOrWithout(this._layers, layer, drawn)),
      chooseCamera: (id) => void this.#course.chooseDevice({ cameraId: id }),
      chooseMicrophone: (id) => void this.#course.chooseDevice({ microphoneId: id }),
      pause: () => this.pause(),
      resume: () => void this.resume(),
      end: () => this.end(),
      revoke: () => this.revoke(),
    });
  }

  async #learnNotice(): Promise<void> {
    try {
      this._notice = await noticeFor(this, languageOf(this));
    } catch (thrown) {
      this.#course.fail(problemFrom(thrown));
    }
  }

  get #offered(): Modality[] {
    const named = this.modalities.split(/[\s,]+/);
    return MODALITIES.filter((modality) => named.includes(modality));
  }

  get #coverable(): Cover[] {
    if (!this.demo && !this.openSession) return [];
    return coverable(this._notice, this.#offered, this.baseline !== undefined);
  }

  #ask = (): void => {
    this._chosen = this._covered = new Set<never>();
    this._incomplete = false;
    this.#course.ask();
    if (this._notice === null) void this.#learnNotice();
  };

  #followNeutral(): void {
    const { session } = this.#course;
    const agreed = this._covered.has("baseline") || this.#coverable.length === 0;
    if (session && this.baseline !== undefined) followNeutral(this, session, agreed);
  }

  async #listDevices(): Promise<void> {
    if (this.phase !== "live" || !("mediaDevices" in navigator)) return;
    this._devices = await navigator.mediaDevices.enumerateDevices();
  }
}
