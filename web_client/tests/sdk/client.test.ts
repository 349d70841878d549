/** What a program asks for reaches the server under the protocol's names. */

import { afterEach, describe, expect, it, vi } from "vitest";

import { Client, consent } from "../../src/sdk/client";

const receipt = consent("ann", "2026-11", "test");

describe("a session that is opened", () => {
  let body: Record<string, unknown> = {};

  afterEach(() => vi.unstubAllGlobals());

  async function opened(options: object): Promise<typeof body> {
    vi.stubGlobal("fetch", async (_: URL, init: RequestInit) => {
      body = JSON.parse(init.body as string);
      return Response.json({});
    });
    await new Client("https://host/").open({ consent: receipt, ...options });
    return body;
  }

  it("asks for everything by the protocol's names", async () => {
    const asked = {
      tickMs: 500,
      subjectFlags: ["minor"],
      smoothingMs: 0,
      retentionDays: 7,
      transcribe: true,
      explain: true,
      detail: "overlay",
    };
    expect(await opened(asked)).toEqual({
      consent: receipt,
      tick_ms: 500,
      subject_flags: ["minor"],
      smoothing_ms: 0,
      retention_days: 7,
      transcribe: true,
      explain: true,
    });
  });

  it("says nothing of what is left to the server", async () => {
    expect(await opened({ participant: "ann" })).toEqual({ consent: receipt, participant: "ann" });
  });
});
