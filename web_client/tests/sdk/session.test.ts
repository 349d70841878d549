import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SessionCredentials, State } from "../../src/protocol";
import { EsaprError } from "../../src/sdk/errors";
import { Session } from "../../src/sdk/session";
import { golden } from "../golden";
import { Network } from "./fake_socket";

const CREATED = golden("session.created");
const LIMITS = {
  ...CREATED.limits,
  text_per_second: 2,
  text_burst: 4,
  images_per_second: 5,
  image_burst: 2,
};
const CREDENTIALS: SessionCredentials = {
  ...({} as SessionCredentials),
  session_id: "s",
  client_token: "secret",
  feed_url: "/feed",
  whip_url: "/whip",
  notice: "Measured.",
};
const RATE_LIMITED = {
  type: "error",
  code: "rate_limited",
  message: "too many pictures",
  retryable: true,
  request_id: "r1",
  field: "image",
};
const PICTURE = new Uint8Array([255, 216]);

let network: Network;
let session: Session;
let opened: Promise<void>;

beforeEach(async () => {
  vi.useFakeTimers();
  network = new Network();
  session = new Session(CREDENTIALS, "ws://host/feed", "http://host/whip", "state", network);
  opened = session.open();
  establish();
  await opened;
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function establish(): void {
  network.newest.accept();
  network.newest.receive({ ...CREATED, t_ms: network.clock, limits: LIMITS });
}

/** Lets time pass for the timers and for the clock. */
function wait(ms: number): void {
  for (let passed = 0; passed < ms; passed += 10) {
    network.clock += 10;
    vi.advanceTimersByTime(10);
  }
}

function state(seq: number): State {
  return { ...golden("state"), seq };
}

function lines(): unknown[] {
  return network.newest.sent.filter(({ type }) => type === "text").map(({ body }) => body);
}

async function read(count: number): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of session.states()) if (seqs.push(seq) === count) break;
  return seqs;
}

test("opens when the server has greeted, and shows its notice", () => {
  expect(session.created.labels).toEqual(CREATED.labels);
  expect(session.notice).toBe(CREATED.notice);
});

test("is refused with the server's code", async () => {
  const refused = new Session(CREDENTIALS, "ws://host/feed", "http://host/whip", "state", network);
  const opening = refused.open();
  network.newest.accept();
  network.newest.receive({ ...RATE_LIMITED, code: "version_unsupported", retryable: false });
  network.newest.drop(4400);
  await expect(opening).rejects.toMatchObject({ code: "version_unsupported", requestId: "r1" });
});

describe("states", () => {
  test("come as an iterable and to listeners", async () => {
    const heard: number[] = [];
    const stop = session.on("state", ({ seq }) => heard.push(seq));
    for (const seq of [1, 2]) network.newest.receive(state(seq));
    stop();
    network.newest.receive(state(3));
    expect(await read(3)).toEqual([1, 2, 3]);
    expect(heard).toEqual([1, 2]);
  });

  test("come once and in order through lost connections", async () => {
    for (let life = 0; life < 20; life += 1) {
      // The server repeats what was under way when the socket died.
      for (let seq = Math.max(0, 3 * life - 1); seq < 3 * life + 3; seq += 1) {
        network.newest.receive(state(seq));
      }
      network.newest.drop(1006);
      wait(500);
      establish();
      const last = { last_seq: 3 * life + 2 };
      expect(network.newest.sent[0]).toEqual({ type: "hello", version: 1, resume: last });
    }
    expect(await read(60)).toEqual(Array.from({ length: 60 }, (_, seq) => seq));
  });

  test("that are missing without a word are a gap", () => {
    const gaps: unknown[] = [];
    session.on("message", (message) => message.type === "gap" && gaps.push(message));
    for (const seq of [1, 5]) network.newest.receive(state(seq));
    expect(gaps).toMatchObject([{ from_seq: 2, to_seq: 4 }]);
  });

  test("that nobody reads are bounded, and reported as a gap", async () => {
    for (let seq = 0; seq < 300; seq += 1) network.newest.receive(state(seq));
    const first = await session.messages().next();
    // The greeting went first.
    expect(first.value).toMatchObject({ type: "gap", from_seq: 0, to_seq: 43 });
    expect(session.unread).toBe(45);
  });

  test("end with the session, or throw why it broke", async () => {
    network.newest.receive(state(1));
    network.newest.receive({ ...RATE_LIMITED, code: "unresponsive" });
    network.newest.drop(4408);
    await expect(read(2)).rejects.toBeInstanceOf(EsaprError);
    await expect(read(1)).rejects.toMatchObject({ code: "unresponsive" });
  });
});

describe("text", () => {
  test("goes at the rate that the server takes, in order, and none is lost", () => {
    const said = Array.from({ length: 10 }, (_, number) => `line ${number}`);
    expect(said.every((line) => session.sendText(line))).toBe(true);
    expect(lines()).toEqual(said.slice(0, 2));
    wait(3_900);
    expect(lines()).toHaveLength(9);
    wait(200);
    expect(lines()).toEqual(said);
  });

  test("that was said without a connection goes with the next", () => {
    network.newest.drop(1006);
    expect(session.sendText("hello")).toBe(true);
    wait(500);
    establish();
    expect(lines()).toEqual(["hello"]);
  });

  test("goes before the session is closed, and none after", () => {
    for (const line of ["a", "b", "c"]) session.sendText(line);
    session.close();
    expect(session.sendText("late")).toBe(false);
    wait(600);
    expect(network.newest.sent.slice(-2)).toMatchObject([{ body: "c" }, { type: "close" }]);
  });

  test("does not go once consent is revoked", () => {
    for (const line of ["a", "b", "c"]) session.sendText(line);
    session.revokeConsent();
    wait(2_000);
    expect(lines()).toEqual(["a", "b"]);
    expect(network.newest.sent.at(-1)).toEqual({ type: "consent.revoke" });
  });

  test("is refused when 64 lines wait", () => {
    const taken = Array.from({ length: 70 }, () => session.sendText("x"));
    expect(taken.filter(Boolean)).toHaveLength(66);
  });
});

test("a session is paused and goes on", () => {
  expect(session.pause()).toBe(true);
  expect(session.resumeMedia()).toBe(true);
  expect(network.newest.sent.slice(-2)).toEqual([{ type: "pause" }, { type: "resume_media" }]);
  network.newest.drop(1006);
  expect(session.pause()).toBe(false);
});

describe("pictures", () => {
  test("carry their capture time, and the latest wins", () => {
    wait(1_000);
    for (let number = 0; number < 5; number += 1) session.sendImage(PICTURE, { atMs: number + 1 });
    wait(250);
    const times = network.newest.media.map((bytes) =>
      Number(new DataView(bytes.buffer).getBigUint64(4, true)),
    );
    expect(times).toEqual([1, 5]);
    expect([...(network.newest.media[0] ?? [])].slice(0, 4)).toEqual([1, 1, 0, 0]);
    expect(session.dropped.images).toBe(3);
  });

  test("go half as fast when the server refuses them, and climb back", () => {
    const problems: string[] = [];
    session.on("problem", ({ code }) => problems.push(code));
    network.newest.receive(RATE_LIMITED);
    network.newest.receive(RATE_LIMITED);
    expect(session.imagesPerSecond).toBe(2.5);
    wait(4_000);
    expect(session.imagesPerSecond).toBeCloseTo(3.5);
    wait(8_000);
    expect(session.imagesPerSecond).toBe(5);
    expect(problems).toEqual(["rate_limited", "rate_limited"]);
  });

  test("go on as fast when the server refuses something else", () => {
    for (const field of ["text", "audio", "message", undefined]) {
      network.newest.receive({ ...RATE_LIMITED, field });
    }
    expect(session.imagesPerSecond).toBe(5);
  });

  test("that are too big are not sent", () => {
    const big = new Uint8Array(LIMITS.max_image_bytes + 1);
    expect(() => session.sendImage(big)).toThrow(EsaprError);
  });
});

test("sound is laid where it ended", () => {
  wait(500);
  session.sendAudio(new Int16Array(1_600), 16_000);
  const [message] = network.newest.media;
  const view = new DataView(message?.buffer ?? new ArrayBuffer(12));
  expect([view.getUint8(0), view.getUint8(2), view.getBigUint64(4, true)]).toEqual([2, 2, 400n]);
  expect(() => session.sendAudio(new Int16Array(1), 12_345)).toThrow(RangeError);
});

test("a session that a stopping server has ended is not looked for again", () => {
  const ended = vi.fn();
  session.on("ended", ended);
  const closed = { ...golden("session.closed"), reason: "shutdown" };
  network.newest.receive(closed);
  network.newest.receive({ ...RATE_LIMITED, code: "shutting_down" });
  network.newest.drop(1001);
  vi.runAllTimers();
  expect(network.sockets).toHaveLength(1);
  const [{ error }] = ended.mock.lastCall as [{ error: EsaprError }];
  expect([error.code, error.retryable]).toEqual(["shutting_down", true]);
});

test("the end of a session is told with its totals", () => {
  const ended = vi.fn();
  session.on("ended", ended);
  session.close();
  network.newest.receive(golden("session.closed"));
  network.newest.drop(1001);
  expect(network.sockets).toHaveLength(1);
  expect(ended).toHaveBeenCalledWith({ closed: golden("session.closed"), error: null });
});

describe("a session whose feed was cut", () => {
  test("is given up when the server has forgotten it", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 404 })));
    const endings: (string | undefined)[] = [];
    session.on("ended", ({ error }) => endings.push(error?.code));
    network.newest.drop(1006);
    await vi.waitFor(() => expect(endings).toEqual(["not_found"]));
    wait(20_000);
    expect(network.sockets).toHaveLength(1);
  });

  test("is waited for while the server knows it, or says nothing", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 200 })));
    network.newest.drop(1006);
    await vi.runAllTicks();
    wait(1_000);
    expect(network.sockets).toHaveLength(2);
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    network.newest.drop(1006);
    await vi.runAllTicks();
    wait(2_000);
    expect(network.sockets).toHaveLength(3);
  });
});
