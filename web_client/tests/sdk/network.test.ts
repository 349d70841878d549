import { describe, expect, test } from "vitest";
import { feedAddress } from "../../src/sdk/client";
import { EsaprError, problemFrom, problemIn } from "../../src/sdk/errors";
import { fragmentHead } from "../../src/sdk/publication";

describe("problems", () => {
  test("carry the server's code and words", async () => {
    const error = { code: "overloaded", message: "Full.", retryable: true, request_id: "r1" };
    const problem = await problemIn(Response.json({ error }, { status: 503 }));
    expect([problem.code, problem.message]).toEqual(["overloaded", "Full."]);
  });

  test("name the status when something else answered", async () => {
    const answer = new Response("<html>", { status: 502, statusText: "Bad Gateway" });
    const problem = await problemIn(answer);
    expect([problem.code, problem.message]).toEqual(["http_502", "Bad Gateway"]);
  });

  test("keep their code on the way", () => {
    const problem = new EsaprError("insecure_origin", "Only on https.");
    expect(problemFrom(problem)).toBe(problem);
  });

  test("tell a late answer from an unreachable server", () => {
    expect(problemFrom(new DOMException("", "TimeoutError")).code).toBe("timeout");
    expect(problemFrom(new TypeError("Failed to fetch")).code).toBe("unreachable");
  });
});

test.each([
  ["http://localhost:8080/", "ws://localhost:8080/v1/sessions/s/feed"],
  ["https://example.org/", "wss://example.org/v1/sessions/s/feed"],
])("the feed of %s is %s", (page, address) => {
  expect(feedAddress("/v1/sessions/s/feed", page)).toBe(address);
});

test("late candidates are sent under the credentials and the section of the offer", () => {
  const offer = [
    "v=0",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=ice-ufrag:Wx9b",
    "a=ice-pwd:0123456789abcdefghijkl",
    "a=mid:0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=ice-ufrag:Wx9b",
    "a=mid:1",
  ].join("\r\n");
  expect(fragmentHead(offer)).toEqual([
    "a=ice-ufrag:Wx9b",
    "a=ice-pwd:0123456789abcdefghijkl",
    "m=audio 9 RTP/AVP 0",
    "a=mid:0",
  ]);
});
