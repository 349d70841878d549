import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KEY_NEEDED, type Matter, Work } from "../../src/analyze/work";
import { golden } from "../golden";

const MATTER: Matter = { file: new Blob(["Hello."]), name: "hello.txt", mediaType: "text/plain" };
const AGREED = {
  consent: { subject: "self", text_version: "1", given_at: "", method: "button" as const },
  modalities: ["text" as const],
};
const TAKEN = {
  analysis_id: "a",
  token: "secret",
  url: "/v1/analyses/a",
  events_url: "/v1/analyses/a/events",
  kept_seconds: 900,
};

/** A request that the server answers with `answer` at once. */
class Sending extends EventTarget {
  static answer: { status: number; body: object };
  readonly upload = new EventTarget();
  status = 0;
  statusText = "";
  responseText = "";

  open(): void {}
  setRequestHeader(): void {}
  abort(): void {}

  send(): void {
    this.status = Sending.answer.status;
    this.responseText = JSON.stringify(Sending.answer.body);
    this.dispatchEvent(new Event("load"));
  }
}

const asked: string[] = [];
let work: Work;

beforeEach(() => {
  vi.stubGlobal("XMLHttpRequest", Sending);
  work = new Work({
    addController: () => undefined,
    removeController: () => undefined,
    requestUpdate: () => undefined,
    updateComplete: Promise.resolve(true),
  });
});

afterEach(() => {
  asked.length = 0;
  vi.unstubAllGlobals();
});

/** Answers calls with these events, and then with silence that ends when the caller does. */
function serve(...events: object[]): void {
  vi.stubGlobal("fetch", async (_: URL, { method = "GET", signal }: RequestInit) => {
    asked.push(method);
    const body = new ReadableStream({
      start(stream) {
        for (const event of events) {
          stream.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
        }
        signal?.addEventListener("abort", () => stream.error(signal.reason));
      },
    });
    return new Response(method === "GET" ? body : null, { status: method === "GET" ? 200 : 204 });
  });
}

test("what is found is there as it is found", async () => {
  Sending.answer = { status: 202, body: TAKEN };
  serve({ ...golden("state"), seq: 0 });
  void work.begin("http://host/", MATTER, AGREED);
  await vi.waitFor(() => expect(work.findings.states).toHaveLength(1));
  expect([work.step, work.findings.summary]).toEqual(["analysing", null]);
  work.cancel();
});

test("an analysis that is cancelled is stopped at the server, once, and leaves nothing", async () => {
  Sending.answer = { status: 202, body: TAKEN };
  serve({ ...golden("state"), seq: 0 });
  const ended = work.begin("http://host/", MATTER, AGREED);
  await vi.waitFor(() => expect(work.findings.states).toHaveLength(1));
  work.cancel();
  await ended;
  expect(asked).toEqual(["GET", "DELETE"]);
  expect([work.step, work.problem, work.findings.empty]).toEqual(["idle", null, true]);
});

test("a server that refuses says why", async () => {
  const error = { code: "overloaded", message: "Full.", retryable: true, request_id: "r1" };
  Sending.answer = { status: 503, body: { error } };
  await work.begin("http://host/", MATTER, AGREED);
  expect([work.step, work.problem?.code, work.matter]).toEqual(["failed", "overloaded", MATTER]);
});

test("a server that takes no file without a key is told from one that has lost it", async () => {
  const error = {
    code: "not_found",
    message: "No such route.",
    retryable: false,
    request_id: "r1",
  };
  Sending.answer = { status: 404, body: { error } };
  await work.begin("http://host/", MATTER, AGREED);
  expect(work.problem?.code).toBe(KEY_NEEDED);

  Sending.answer = { status: 202, body: TAKEN };
  vi.stubGlobal("fetch", async () => Response.json({ error }, { status: 404 }));
  await work.begin("http://host/", MATTER, AGREED);
  expect(work.problem?.code).toBe("not_found");
});
