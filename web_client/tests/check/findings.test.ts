import { beforeEach, expect, test, vi } from "vitest";
import {
  clockFinding,
  deviceFinding,
  mediaFinding,
  policyFinding,
  sharingFinding,
  socketFinding,
} from "../../src/check/findings";

const SERVER = new URL("https://esapr.example/");

beforeEach(() => {
  vi.stubGlobal("location", new URL("https://site.example/page"));
});

test("a refused device names the header or the frame that has to change", () => {
  const own = deviceFinding("camera", { allowed: false, refusedByHeader: true, framed: true });
  expect(own.remedy).toBe("Permissions-Policy: camera=(self)");
  const outer = deviceFinding("camera", { allowed: false, refusedByHeader: false, framed: true });
  expect(outer.remedy).toContain('allow="camera; microphone"');
  expect(outer.remedy).toContain("https://site.example");
});

test("what the browser does not say is not called good", () => {
  const facts = { allowed: null, refusedByHeader: null, framed: false };
  expect(deviceFinding("camera", facts).outcome).toBe("open");
});

test("a policy that refuses the server names both addresses that it needs", () => {
  const facts = { violated: "connect-src", readable: false, reachable: false };
  const finding = policyFinding(SERVER, facts);
  expect(finding.remedy).toBe("connect-src https://esapr.example wss://esapr.example");
  expect(sharingFinding(SERVER, facts).outcome).toBe("open");
});

test("an answer that may not be read is told from none", () => {
  const unread = { violated: null, readable: false, reachable: true };
  expect(sharingFinding(SERVER, unread).remedy).toBe(
    'ESAPR_ALLOWED_ORIGINS="https://site.example"',
  );
  expect(sharingFinding(SERVER, { ...unread, reachable: false }).text).toContain("does not answer");
});

test("a clock may be half a minute off", () => {
  const date = "Mon, 23 Nov 2026 10:00:00 GMT";
  const serverMs = Date.parse(date);
  expect(clockFinding(date, serverMs + 30_000).outcome).toBe("good");
  expect(clockFinding(date, serverMs - 31_000).outcome).toBe("bad");
  expect(clockFinding(null, serverMs).outcome).toBe("open");
});

test("a proxy that drops the subprotocol is found", () => {
  expect(socketFinding(null, "esapr.v1.json").outcome).toBe("good");
  expect(socketFinding(null, "").remedy).toContain("Sec-WebSocket-Protocol");
  expect(socketFinding("connect-src", null).remedy).toContain("wss://");
});

test("media that do not arrive are a matter of UDP or TURN", () => {
  expect(mediaFinding(null).remedy).toContain("TURN");
  expect(mediaFinding({ protocol: "udp", kind: "relay" }).text).toBe(
    "Connected over UDP, through a TURN server.",
  );
});
