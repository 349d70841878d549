/** The course of one session: consent, devices, the session, how it ended. Draws nothing. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Consent, Overlay, ServerMessage } from "../protocol";
import { DeviceError, startCapture, stopCapture, type Wanted } from "../sdk/capture";
import type { Modality } from "../sdk/client";
import { type EsaprError, problemFrom } from "../sdk/errors";
import { backOff, type FeedPhase } from "../sdk/feed";
import type { Session } from "../sdk/session";
import type { Ending } from "../sdk/subscription";
import { type EndReason, type Phase, tell, type WidgetEnding } from "./events";
import { reportAddress, type Source } from "./source";

/** Attempts to open another session in place of one that the server has forgotten. */
const MAX_RENEWALS = 10;

type Host = ReactiveControllerHost & HTMLElement;

export class Course implements ReactiveController {
  phase: Phase = "consent";
  problem: EsaprError | null = null;
  ending: WidgetEnding | null = null;
  /** The page of the session's report with the token that opens it, if its states are kept. */
  report: string | null = null;
  /** What the person sees of themselves; a copy of it is sent. */
  stream: MediaStream | null = null;
  readonly warnings = new Map<string, string>();
  /** Called with each overlay, several times a second: too often to draw everything anew. */
  onOverlay: (overlay: Overlay) => void = () => undefined;
  session: Session | null = null;
  readonly #host: Host;
  #source: Source | null = null;
  #receipt: Consent | null = null;
  #wanted: Wanted = { camera: false, microphone: false };
  #modalities: Modality[] = [];
  #reason: EndReason = "ended";
  #renewals = 0;
  /** Counts what was begun, so that what comes too late is thrown away. */
  #turn = 0;

  constructor(host: Host) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    addEventListener("pagehide", this.#leave);
  }

  hostDisconnected(): void {
    removeEventListener("pagehide", this.#leave);
    this.end();
  }

  get modalities(): readonly Modality[] {
    return this.#modalities;
  }

  get wanted(): Readonly<Wanted> {
    return this.#wanted;
  }

  /** Whether the picture stays away, because only sound gets through. */
  get audioOnly(): boolean {
    return this.session?.audioOnly ?? false;
  }

  refuse(): void {
    tell(this.#host, "esapr-consent", { given: false, modalities: [], receipt: null });
    this.#enter("refused");
  }

  /** Leaves what is in the way as it is. */
  cancel(): void {
    if (this.session) this.end();
    else this.ask();
  }

  /** Shows the consent anew. */
  ask(): void {
    this.problem = this.ending = null;
    this.#enter("consent");
  }

  /** Goes on with what the person has agreed to: the devices, then the session. */
  async agree(receipt: Consent, modalities: Modality[], source: Source): Promise<void> {
    this.#receipt = receipt;
    this.#modalities = modalities;
    this.#source = source;
    this.#reason = "ended";
    this.#renewals = 0;
    this.#wanted = {
      ...this.#wanted,
      camera: modalities.includes("face"),
      microphone: modalities.includes("voice"),
    };
    tell(this.#host, "esapr-consent", { given: true, modalities, receipt });
    await this.openDevices();
  }

  /** Opens the devices (again), and the session if there is none yet. */
  async openDevices(): Promise<void> {
    const turn = this.#begin("opening");
    try {
      const stream = await startCapture(this.#wanted);
      if (turn !== this.#turn) return stopCapture(stream);
      this.stream = stream;
    } catch (thrown) {
      if (turn === this.#turn) this.fail(problemFrom(thrown));
      return;
    }
    if (this.session) this.#goLive(this.session);
    else await this.#connect();
  }

  /** Does without the devices that stay closed. */
  async leaveOut(error: DeviceError): Promise<void> {
    const without = { camera: "face", microphone: "voice" } as const;
    for (const device of error.devices) {
      this.#wanted = { ...this.#wanted, [device]: false };
      this.#modalities = this.#modalities.filter((modality) => modality !== without[device]);
    }
    await this.openDevices();
  }

  async chooseDevice(choice: Pick<Wanted, "cameraId" | "microphoneId">): Promise<void> {
    this.#wanted = { ...this.#wanted, ...choice };
    this.session?.unpublish();
    this.#release();
    await this.openDevices();
  }

  /** Closes the devices; the session stays open. */
  pause(): void {
    if (this.phase !== "live" && this.phase !== "reconnecting") return;
    this.#turn += 1;
    this.session?.pause();
    this.session?.unpublish();
    this.#release();
    this.#enter("paused");
  }

  async resume(): Promise<void> {
    if (this.phase === "paused") await this.openDevices();
  }

  end(): void {
    this.#stop("ended", (session) => session.close());
  }

  revoke(): void {
    this.#stop("revoked", (session) => session.revokeConsent());
  }

  /** False when the line was not taken. */
  say(body: string): boolean {
    return this.phase === "live" && (this.session?.sendText(body) ?? false);
  }

  #leave = (): void => this.end();

  #stop(reason: EndReason, close: (session: Session) => void): void {
    this.#turn += 1;
    this.#reason = reason;
    this.#release();
    if (this.session) close(this.session);
    else if (!["consent", "refused", "ended"].includes(this.phase)) this.#finish(null, null);
  }

  async #connect(): Promise<void> {
    const phase = this.#renewals > 0 ? "reconnecting" : "connecting";
    const turn = this.#begin(this.phase === "paused" ? "paused" : phase);
    if (this.#source === null || this.#receipt === null) return;
    try {
      const session = await this.#source.open(this.#receipt, [...this.#modalities]);
      if (turn !== this.#turn) return session.close();
      this.#adopt(session);
    } catch (thrown) {
      if (turn !== this.#turn) return;
      const problem = problemFrom(thrown);
      if (this.#renewals > 0 && problem.retryable) this.#renew(problem);
      else this.fail(problem);
    }
  }

  #adopt(session: Session): void {
    this.session = session;
    this.report = reportAddress(session, this.#receipt);
    this.warnings.clear();
    session.on("message", (message) => this.#receive(message));
    session.on("phase", (phase) => this.#follow(phase));
    session.on("roundTrip", (ms) => tell(this.#host, "esapr-round-trip", ms));
    session.on("audioOnly", (audioOnly) => {
      this.#host.requestUpdate();
      tell(this.#host, "esapr-audio-only", audioOnly);
    });
    session.on("problem", (problem) => this.#report(problem));
    session.on("ended", (ending) => this.#lose(ending));
    // A site may have opened more than the person agrees to.
    const { modalities } = session.created.config;
    for (const each of modalities) if (!this.#modalities.includes(each)) session.mute(each);
    tell(this.#host, "esapr-session", session.created);
    if (this.phase === "paused") session.pause();
    else this.#goLive(session);
  }

  #goLive(session: Session): void {
    this.problem = null;
    this.#enter("live");
    session.resumeMedia();
    // The session stops what it is given; the self-view outlives it.
    if (this.stream) void session.publish(this.stream.clone());
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "state":
        this.#renewals = 0;
        return tell(this.#host, "esapr-state", message);
      case "event":
        return tell(this.#host, "esapr-event", message);
      case "overlay":
        return this.onOverlay(message);
      case "warning":
        if (message.active) this.warnings.set(message.code, message.message);
        else this.warnings.delete(message.code);
        this.#host.requestUpdate();
        return tell(this.#host, "esapr-warning", message);
    }
  }

  #follow({ name }: FeedPhase): void {
    if (name === "waiting" && this.phase === "live") this.#enter("reconnecting");
    if (name !== "live") return;
    if (this.phase === "reconnecting") this.#enter("live");
    // What was said without a connection has not arrived.
    if (this.phase === "paused") this.session?.pause();
    else this.session?.resumeMedia();
  }

  /** The session is over: as asked for, or because the server has lost it. */
  #lose({ closed, error }: Ending): void {
    this.session = null;
    const replaceable = error !== null && (error.retryable || error.code === "not_found");
    if (replaceable && this.#source?.renews && this.#reason === "ended") this.#renew(error);
    else this.#finish(closed?.type === "session.closed" ? closed.totals : null, error);
  }

  #renew(problem: EsaprError): void {
    this.#renewals += 1;
    if (this.#renewals > MAX_RENEWALS) return this.#finish(null, problem);
    if (this.phase !== "paused") this.#enter("reconnecting");
    const turn = this.#turn;
    const again = () => (turn === this.#turn ? void this.#connect() : undefined);
    setTimeout(again, backOff(this.#renewals, Math.random()));
  }

  #finish(totals: WidgetEnding["totals"], error: EsaprError | null): void {
    this.#release();
    const reason = error && this.#reason === "ended" ? "lost" : this.#reason;
    if (reason !== "ended") this.report = null;
    this.ending = { reason, totals, error, report: this.report?.split("#")[0] ?? null };
    this.#enter("ended");
    if (error) tell(this.#host, "esapr-error", error);
    tell(this.#host, "esapr-ended", this.ending);
  }

  /** Says what is in the way. */
  fail(problem: EsaprError): void {
    if (!(problem instanceof DeviceError)) this.#release();
    this.problem = problem;
    this.#enter("blocked");
    tell(this.#host, "esapr-error", problem);
  }

  #report(problem: EsaprError): void {
    this.problem = problem;
    this.#host.requestUpdate();
    tell(this.#host, "esapr-error", problem);
  }

  #begin(phase: Phase): number {
    this.problem = this.ending = null;
    this.#enter(phase);
    return ++this.#turn;
  }

  #enter(phase: Phase): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.#host.requestUpdate();
    tell(this.#host, "esapr-phase", phase);
  }

  #release(): void {
    stopCapture(this.stream);
    this.stream = null;
    this.#host.requestUpdate();
  }
}
