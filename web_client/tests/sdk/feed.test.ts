import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  BACK_OFF_MAX_MS,
  backOff,
  FAREWELL_MS,
  Feed,
  type FeedPhase,
  MAX_ATTEMPTS,
  PING_MS,
  SILENCE_MS,
} from "../../src/sdk/feed";
import type { ServerMessage } from "../../src/protocol";
import { Network } from "./fake_socket";
import { golden } from "../golden";

let network: Network;
let feed: Feed;
let messages: ServerMessage[];
let phases: FeedPhase[];
let roundTrips: number[];

beforeEach(() => {
  vi.useFakeTimers();
  network = new Network();
  messages = [];
  phases = [];
  roundTrips = [];
  feed = new Feed(
    "ws://host/feed",
    "secret",
    "overlay",
    {
      message: (message) => messages.push(message),
      phase: (phase) => phases.push(phase),
      roundTrip: (ms) => roundTrips.push(ms),
    },
    network,
  );
  feed.open();
});

afterEach(() => {
  vi.useRealTimers();
});

function establish(): void {
  network.newest.accept();
  network.newest.receive(golden("session.created"));
}

function state(seq: number): ServerMessage {
  return { ...golden("state"), seq };
}

function seqs(): number[] {
  return messages.flatMap((message) => (message.type === "state" ? [message.seq] : []));
}

describe("a fresh feed", () => {
  test("offers the protocol and the token as subprotocols", () => {
    expect(network.protocols).toEqual([["esapr.v1.json", "esapr.token.secret"]]);
  });

  test("says hello, and asks for the overlay once the session is there", () => {
    network.newest.accept();
    expect(network.newest.sent).toEqual([{ type: "hello", version: 1 }]);
    network.newest.receive(golden("session.created"));
    expect(network.newest.sent.at(-1)).toEqual({ type: "configure", detail: "overlay" });
    expect(phases.map((phase) => phase.name)).toEqual(["connecting", "live"]);
  });

  test("sends nothing before the session is there", () => {
    network.newest.accept();
    expect(feed.send({ type: "text", body: "early" })).toBe(false);
    expect(network.newest.sent).toHaveLength(1);
  });

  test("hands over every message of the protocol", () => {
    establish();
    const types = ["gap", "state", "overlay", "warning", "error", "session.updated"] as const;
    const before = { to_seq: golden("state").seq - 1 };
    for (const type of types) {
      network.newest.receive({ ...golden(type), ...(type === "gap" ? before : {}) });
    }
    network.newest.receive(golden("session.closed"));
    const received = messages.map((message) => message.type);
    expect(received).toEqual(["session.created", ...types, "session.closed"]);
  });

  test("measures the round trip", () => {
    establish();
    network.clock = 100;
    vi.advanceTimersByTime(PING_MS);
    expect(network.newest.sent.at(-1)).toEqual({ type: "ping", t: 100 });
    network.clock = 130;
    network.newest.receive({ type: "pong", t: 100, t_ms: 0 });
    expect(roundTrips).toEqual([30]);
  });
});

describe("a lost connection", () => {
  test.each([1001, 1006, 1011, 1012, 1013])("with %i comes back and resumes", (code) => {
    establish();
    network.newest.receive(state(41));
    network.newest.drop(code);
    expect(phases.at(-1)).toEqual({ name: "waiting", attempt: 1, delayMs: 500 });
    vi.advanceTimersByTime(500);
    expect(network.sockets).toHaveLength(2);
    network.newest.accept();
    expect(network.newest.sent).toEqual([{ type: "hello", version: 1, resume: { last_seq: 41 } }]);
  });

  test.each([1000, 1009, 4400, 4401, 4403, 4408, 4429])("with %i stays closed", (code) => {
    establish();
    network.newest.drop(code);
    vi.runAllTimers();
    expect(network.sockets).toHaveLength(1);
    expect(phases.at(-1)).toMatchObject({ name: "closed", code });
  });

  test("hands over a replayed state once", () => {
    establish();
    for (const seq of [1, 2]) network.newest.receive(state(seq));
    network.newest.drop(1006);
    vi.advanceTimersByTime(500);
    establish();
    for (const seq of [2, 3]) network.newest.receive(state(seq));
    expect(seqs()).toEqual([1, 2, 3]);
  });

  test("resumes behind a gap", () => {
    establish();
    network.newest.receive({
      type: "gap",
      session: golden("state").session,
      from_seq: 2,
      to_seq: 9,
    });
    network.newest.drop(1006);
    vi.advanceTimersByTime(500);
    network.newest.accept();
    expect(network.newest.sent[0]).toMatchObject({ resume: { last_seq: 9 } });
  });

  test("is noticed when the server falls silent", () => {
    establish();
    const [silent] = network.sockets;
    vi.advanceTimersByTime(SILENCE_MS);
    expect(silent?.closed).toBe(true);
    expect(phases.at(-1)?.name).toBe("waiting");
  });

  test("is given up after the last attempt", () => {
    for (let attempt = 0; attempt <= MAX_ATTEMPTS; attempt += 1) {
      network.newest.drop(1006);
      vi.advanceTimersByTime(BACK_OFF_MAX_MS);
    }
    expect(network.sockets).toHaveLength(MAX_ATTEMPTS + 1);
    expect(phases.at(-1)).toMatchObject({ name: "closed", code: 1006 });
  });

  test("counts attempts anew after a session was there", () => {
    network.newest.drop(1006);
    vi.advanceTimersByTime(BACK_OFF_MAX_MS);
    establish();
    network.newest.drop(1006);
    expect(phases.at(-1)).toMatchObject({ name: "waiting", attempt: 1 });
  });
});

describe("the end of a session", () => {
  test("waits for the server's last message", () => {
    establish();
    feed.finish({ type: "close" });
    network.newest.receive(golden("session.closed"));
    network.newest.drop(1000);
    expect(messages.at(-1)?.type).toBe("session.closed");
    expect(phases.at(-1)).toMatchObject({ name: "closed", code: 1000 });
  });

  test("does not wait for ever", () => {
    establish();
    feed.finish({ type: "close" });
    vi.advanceTimersByTime(FAREWELL_MS);
    expect(phases.at(-1)?.name).toBe("closed");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("reaches the server although consent was withdrawn without a connection", () => {
    establish();
    network.newest.drop(1006);
    feed.finish({ type: "consent.revoke" });
    vi.advanceTimersByTime(500);
    establish();
    expect(network.newest.sent.at(-1)).toEqual({ type: "consent.revoke" });
  });
});

test("in a room each session is counted for itself, and resumed by its name", () => {
  network.newest.accept();
  network.newest.receive(golden("room.entered"));
  const trend = golden("trend");
  for (const [session, seq] of [
    ["ann", 7],
    ["ben", 2],
    ["ann", 8],
    ["ben", 2],
    ["ben", 4],
  ] as const) {
    network.newest.receive(
      session === "ann" ? { ...state(seq), session } : { ...trend, session, seq },
    );
  }
  expect(messages.filter(({ type }) => type === "gap")).toEqual([
    { type: "gap", session: "ben", from_seq: 3, to_seq: 3 },
  ]);
  expect(messages.filter(({ type }) => type === "trend")).toHaveLength(2);
  network.newest.drop(1006);
  vi.advanceTimersByTime(500);
  network.newest.accept();
  const resume = { last_seqs: { ann: 8, ben: 4 } };
  expect(network.newest.sent).toEqual([{ type: "hello", version: 1, resume }]);
});

test("back-off doubles up to its cap, and keeps at least half of its range", () => {
  expect([1, 2, 3, 4, 5, 9].map((attempt) => backOff(attempt, 1))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 8_000,
  ]);
  expect(backOff(3, 0)).toBe(1_000);
});
