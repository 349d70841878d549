/** One watcher in one room: the connection, and what its messages make of the page. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Aggregate, RoomEntered, ServerMessage, State } from "../protocol";
import { feedAddress, type Modality } from "../sdk/client";
import { EsaprError, problemFrom } from "../sdk/errors";
import type { FeedPhase } from "../sdk/feed";
import { own } from "../sdk/tokens";
import { Watching } from "../sdk/watching";
import { Alarms, type Alert } from "./alarms";
import { GroupCourse } from "./group_course";
import type { Kept } from "./kept";
import { People } from "./people";
import { sound } from "./tone";

/**
 * Where a visit is: `refused` may not come in, `absent` finds no open room, `ended` has seen
 * everybody leave, `lost` has lost the server; the others go on by themselves.
 */
export type Phase =
  "connecting" | "live" | "reconnecting" | "ended" | "refused" | "absent" | "lost";

/** What is worth being said aloud. */
export type News = { kind: "joined" | "left"; participant: string } | ({ kind: "alert" } & Alert);

const CLOSED_BY: Readonly<Record<string, Phase>> = {
  token_invalid: "refused",
  scope_missing: "refused",
  sign_in_required: "refused",
  not_found: "absent",
};
const REVOKED = "consent_revoked";

export class Visit implements ReactiveController {
  phase: Phase = "connecting";
  problem: EsaprError | null = null;
  entered: RoomEntered | null = null;
  aggregate: Aggregate | null = null;
  news: News | null = null;
  /** Whether the role may leave modalities out, as far as is known. */
  mutes = false;
  /** What this visit is let in with. */
  token = "";
  readonly people = new People();
  readonly course = new GroupCourse();
  readonly alarms: Alarms;
  readonly #host: ReactiveControllerHost;
  #feed: Watching | null = null;
  #left = false;
  #due = 0;

  constructor(host: ReactiveControllerHost, kept: Kept) {
    this.#host = host;
    this.alarms = new Alarms(kept);
    host.addController(this);
  }

  /** Watches until the room closes; `token` answers null where there is none. */
  async run(server: string, room: string, token: () => Promise<string | null>): Promise<void> {
    try {
      const presented = await token();
      if (this.#left) return;
      if (presented === null) throw new EsaprError("token_invalid", "There is no token.");
      const path = `/v1/rooms/${encodeURIComponent(room)}/feed`;
      // Not by a `Client`, which would bring everything that sends media.
      this.token = own(presented);
      const feed = new Watching(feedAddress(path, server), this.token, "state");
      this.#feed = feed;
      feed.on("phase", (phase) => this.#connect(phase));
      await feed.open();
      for await (const message of feed.messages()) this.#take(message);
      this.#close("ended", null);
    } catch (thrown) {
      const problem = problemFrom(thrown);
      const over = this.#feed?.closed ? "ended" : "lost";
      this.#close(CLOSED_BY[problem.code] ?? over, problem);
    }
  }

  hostDisconnected(): void {
    this.#left = true;
    this.#feed?.leave();
    cancelAnimationFrame(this.#due);
  }

  /** Leaves a modality of somebody out, or takes it in again. */
  readonly mute = (session: string, modality: Modality, muted: boolean): void => {
    this.#feed?.mute(modality, { muted, session });
  };

  #connect({ name }: FeedPhase): void {
    if (name === "closed") return;
    const again = this.entered === null ? "connecting" : "reconnecting";
    this.phase = name === "live" ? "live" : again;
    this.#redraw();
  }

  #close(phase: Phase, problem: EsaprError | null): void {
    this.phase = phase;
    this.problem = problem;
    this.#redraw();
  }

  #take(message: ServerMessage): void {
    const now = performance.now() / 1_000;
    this.#note(message);
    this.people.take(message, now);
    switch (message.type) {
      case "room.entered":
        this.phase = "live";
        this.entered = message;
        this.mutes = message.role === "clinician" || message.role === "participant";
        break;
      case "state":
        this.#heed(message, now);
        if (this.entered?.view === "full") this.course.add(now, this.people.position(now));
        break;
      case "aggregate":
        this.aggregate = message;
        this.course.add(now, message.mean);
        break;
      case "error":
        if (message.code === "scope_missing") this.mutes = false;
    }
    this.#redraw();
  }

  /** Who comes and goes. */
  #note(message: ServerMessage): void {
    if (message.type === "member.joined") {
      this.news = { kind: "joined", participant: message.member.participant };
    } else if (message.type === "member.left") {
      this.news = { kind: "left", participant: message.participant };
      this.alarms.forget(message.session);
      if (message.reason === REVOKED) this.alarms.withdraw(message.session);
    }
  }

  #heed(state: State, now: number): void {
    const clock = this.people.find(state.session)?.clockMs(now) ?? state.t_end_ms;
    // States that are sent again after a reconnection are alerted for at their own time.
    const alerts = this.alarms.take(state, Date.now() - (clock - state.t_end_ms));
    const [newest] = alerts;
    if (newest === undefined) return;
    this.news = { kind: "alert", ...newest };
    if (this.alarms.sound) sound();
  }

  /** Many people say much at once: one drawing for all that comes between two pictures. */
  #redraw(): void {
    cancelAnimationFrame(this.#due);
    this.#due = requestAnimationFrame(() => this.#host.requestUpdate());
  }
}
