import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EsaprError } from "../../src/sdk/errors";
import { Watching } from "../../src/sdk/watching";
import { Network } from "./fake_socket";

const REFUSAL = { code: "not_found", message: "None.", retryable: false, request_id: "r1" };

let network: Network;
let asked: { url: string; authorization: string | null }[];

beforeEach(() => {
  vi.useFakeTimers();
  network = new Network();
  asked = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Watches a room of a server that refuses every socket, and answers requests with `status`. */
async function refused(status: number): Promise<EsaprError> {
  vi.stubGlobal("fetch", (url: URL, { headers }: RequestInit) => {
    asked.push({ url: url.href, authorization: new Headers(headers).get("Authorization") });
    return Promise.resolve(Response.json({ error: REFUSAL }, { status }));
  });
  const watching = new Watching("wss://host/v1/rooms/ward/feed", "secret", "state", network);
  const opened = watching.open().then(
    () => null,
    (error: EsaprError) => error,
  );
  for (let seconds = 0; seconds < 120; seconds += 1) {
    if (network.newest.onclose) network.newest.drop(1006);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const error = await opened;
  if (error === null) throw new Error("the feed was opened");
  return error;
}

test("a request tells why a socket was refused", async () => {
  expect((await refused(404)).code).toBe("not_found");
  expect(asked).toEqual([
    { url: "https://host/v1/rooms/ward/feed", authorization: "Bearer secret" },
  ]);
});

test("a room that a new gateway does not know yet is asked for more than once", async () => {
  await refused(404);
  expect(network.sockets.length).toBeGreaterThan(2);
});

test("a server that says nothing of it is tried to the end", async () => {
  expect((await refused(400)).code).toBe("unreachable");
  expect(network.sockets.length).toBeGreaterThan(9);
});
