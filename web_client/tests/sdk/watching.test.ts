import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EsaprError } from "../../src/sdk/errors";
import { Watching } from "../../src/sdk/watching";
import { Network } from "./fake_socket";

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

/** Watches a room of a server that refuses every socket, and answers requests with these. */
async function refused(status: number, code: string): Promise<EsaprError> {
  const error = { code, message: "No.", retryable: false, request_id: "r1" };
  vi.stubGlobal("fetch", (url: URL, { headers }: RequestInit) => {
    asked.push({ url: url.href, authorization: new Headers(headers).get("Authorization") });
    return Promise.resolve(Response.json({ error }, { status }));
  });
  const watching = new Watching("wss://host/v1/rooms/ward/feed", "secret", "state", network);
  const opened = watching.open().then(
    () => null,
    (thrown: EsaprError) => thrown,
  );
  for (let seconds = 0; seconds < 120; seconds += 1) {
    if (network.newest.onclose) network.newest.drop(1006);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const problem = await opened;
  if (problem === null) throw new Error("the feed was opened");
  return problem;
}

test("a request tells why a socket was refused", async () => {
  expect((await refused(401, "token_invalid")).code).toBe("token_invalid");
  expect(asked).toEqual([
    { url: "https://host/v1/rooms/ward/feed", authorization: "Bearer secret" },
  ]);
  expect(network.sockets).toHaveLength(1);
});

test("a room that a new gateway does not know yet is asked for more than once", async () => {
  expect((await refused(404, "not_found")).code).toBe("not_found");
  expect(network.sockets).toHaveLength(3);
});

test("a server that says nothing of it is tried to the end", async () => {
  expect((await refused(400, "bad_message")).code).toBe("unreachable");
  expect(network.sockets.length).toBeGreaterThan(9);
});
