import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Session } from "../../src/sdk/session";
import { GOOD_MS, RETRY_MS, SAMPLE_MS, WEAK_MS } from "../../src/sdk/uplink";
import { golden } from "../golden";
import { Network } from "./fake_socket";

const CREDENTIALS = {
  session_id: "s",
  client_token: "secret",
  feed_url: "/feed",
  whip_url: "/whip",
  ice_servers: [],
};

/** A connection that loses `lost` of its packets, and notes what its sender is told. */
class Lossy extends EventTarget {
  static lost = 0;
  static asked = 0;
  static newest: Lossy;
  readonly connectionState = "connected";
  readonly localDescription = { sdp: "" };
  #encodings: { active?: boolean }[] = [];

  constructor() {
    super();
    Lossy.newest = this;
  }

  get pictureSent(): boolean | undefined {
    return this.#encodings[0]?.active;
  }

  addTransceiver(_: unknown, { sendEncodings }: { sendEncodings: { active?: boolean }[] }): void {
    this.#encodings = sendEncodings;
  }

  getSenders(): unknown[] {
    const track = { kind: "video", getSettings: () => ({}) };
    const setParameters = ({ encodings }: { encodings: { active?: boolean }[] }) => {
      this.#encodings = encodings;
    };
    return [{ track, getParameters: () => ({ encodings: this.#encodings }), setParameters }];
  }

  getStats(): Map<string, object> {
    Lossy.asked += 1;
    return new Map([["1", { type: "remote-inbound-rtp", fractionLost: Lossy.lost }]]);
  }

  setLocalDescription(): void {}
  setRemoteDescription(): void {}
  close(): void {}
}

let network: Network;
let session: Session;
const told: boolean[] = [];

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("RTCPeerConnection", Lossy);
  const answer = { ok: true, url: "http://host/whip", headers: new Headers(), text: () => "" };
  vi.stubGlobal("fetch", async () => answer);
  [Lossy.lost, Lossy.asked] = [0, 0];
  network = new Network();
  session = new Session(CREDENTIALS, "ws://host/feed", "http://host/whip", "state", network);
  session.on("audioOnly", (audioOnly) => told.push(audioOnly));
  const opened = session.open();
  network.newest.accept();
  network.newest.receive({ ...golden("session.created") });
  await opened;
});

afterEach(() => {
  told.length = 0;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function camera(): MediaStream {
  const track = {
    kind: "video",
    getSettings: () => ({}),
    addEventListener: vi.fn(),
    stop: vi.fn(),
  };
  const tracks = () => [track];
  return { getTracks: tracks, getVideoTracks: tracks } as unknown as MediaStream;
}

test("a picture that does not get through stays away, and comes back", async () => {
  await session.publish(camera());
  Lossy.lost = 0.3;
  await vi.advanceTimersByTimeAsync(WEAK_MS + SAMPLE_MS);
  expect([session.audioOnly, Lossy.newest.pictureSent, told]).toEqual([true, false, [true]]);

  // A busy server changes how much is sent, not whether.
  network.newest.receive({ ...golden("state"), seq: 1, level: "minimal" });
  await vi.advanceTimersByTimeAsync(0);
  expect(Lossy.newest.pictureSent).toBe(false);
  network.newest.receive({ ...golden("state"), seq: 2, level: "full" });

  Lossy.lost = 0;
  await vi.advanceTimersByTimeAsync(RETRY_MS + GOOD_MS);
  expect([session.audioOnly, Lossy.newest.pictureSent, told]).toEqual([false, true, [true, false]]);
});

test("a picture stays away from the next publication, too", async () => {
  await session.publish(camera());
  Lossy.lost = 0.3;
  await vi.advanceTimersByTimeAsync(WEAK_MS + SAMPLE_MS);
  await session.publish(camera());
  expect(Lossy.newest.pictureSent).toBe(false);
});

test("nobody looks at a session that has ended", async () => {
  await session.publish(camera());
  session.close();
  await vi.advanceTimersByTimeAsync(10 * SAMPLE_MS);
  expect(Lossy.asked).toBe(0);
});
