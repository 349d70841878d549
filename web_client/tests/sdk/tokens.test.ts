import { describe, expect, it } from "vitest";
import { own } from "../../src/sdk/tokens";

describe("a token", () => {
  it("gets a secret behind it, another one each time", () => {
    const first = own("a.b.c");
    expect(first).toMatch(/^a\.b\.c\.[0-9a-f]{48}$/);
    expect(own("a.b.c")).not.toBe(first);
  });

  it("keeps the secret that it has", () => {
    const mine = own("a.b.c");
    expect(own(mine)).toBe(mine);
  });
});
