import { afterEach, describe, expect, it, vi } from "vitest";
import { Client } from "../../src/sdk/client";
import { own } from "../../src/sdk/tokens";
import { sourceOf } from "../../src/widget/source";

afterEach(() => vi.unstubAllGlobals());

describe("a token", () => {
  it("gets a secret behind it, another one than other tokens", () => {
    const first = own("a.b.c");
    expect(first).toMatch(/^a\.b\.c\.[0-9a-f]{48}$/);
    expect(own("a.b.d").slice(6)).not.toBe(first.slice(6));
  });

  it("gets the same secret wherever it is presented: it is redeemed once", () => {
    expect(own("a.b.c")).toBe(own("a.b.c"));
  });

  it("keeps the secret that it has", () => {
    const mine = own("a.b.c");
    expect(own(mine)).toBe(mine);
  });

  it("is remembered among a bounded number of others", () => {
    const first = own("first.b.c");
    for (let number = 0; number < 1_000; number += 1) own(`${number}.b.c`);
    expect(own("first.b.c")).not.toBe(first);
  });
});

describe("what a site's server has opened", () => {
  const credentials = {
    session_id: "s",
    client_token: "x.y.z",
    feed_url: "/v1/sessions/s/feed",
    whip_url: "/v1/sessions/s/whip",
    room_feed_url: "/v1/rooms/r/feed",
    ice_servers: [],
  };
  const receipt = { subject: "self", text_version: "1", given_at: "", method: "button" } as const;

  it("is entered, entered again and shared with one and the same token", async () => {
    const presented: string[] = [];
    vi.stubGlobal("location", { href: "https://host/" });
    vi.stubGlobal(
      "WebSocket",
      class {
        onopen = null;
        constructor(_: string, protocols: string[]) {
          presented.push(
            protocols.find((each) => each.includes("x.y.z"))!.slice("esapr.token.".length),
          );
          throw new Error("there is no network here");
        }
      },
    );
    vi.stubGlobal("fetch", async (_: URL, { headers }: { headers: { Authorization: string } }) => {
      presented.push(headers.Authorization.slice("Bearer ".length));
      return Response.json({});
    });
    const origin = {
      server: "https://host/",
      demo: false,
      openSession: null,
      credentials,
      session: "",
      clientToken: "",
      feedUrl: "",
      whipUrl: "",
    };
    // A person who agrees a second time gets a new source.
    for (const source of [sourceOf(origin), sourceOf(origin)]) {
      await expect(source.open(receipt, ["text"])).rejects.toThrow("no network");
    }
    await new Client("https://host/").invite(credentials as never, { role: "clinician" } as never);

    expect(presented).toEqual(Array(3).fill(own("x.y.z")));
  });
});
