import { describe, expect, test } from "vitest";
import {
  blockedMessage,
  type Circumstances,
  type Device,
  refuses,
  whyBlocked,
} from "../../src/sdk/blocked";
import { isSafari } from "../../src/widget/blocked_view";

const ORDINARY: Circumstances = {
  secure: true,
  supported: true,
  framed: false,
  allowed: { camera: true, microphone: true },
  refusedByHeader: { camera: null, microphone: null },
  permission: { camera: "granted", microphone: "granted" },
  found: { camera: true, microphone: true },
};
const BOTH: readonly Device[] = ["camera", "microphone"];

function why(error: DOMException | TypeError, around: Partial<Circumstances> = {}) {
  const { code, devices } = whyBlocked(error, BOTH, { ...ORDINARY, ...around });
  return [code, ...devices];
}

const DENIED = new DOMException("Permission denied", "NotAllowedError");

test.each([
  ["Permission denied", "permission_denied"],
  ["Permission dismissed", "permission_dismissed"],
  ["Permission denied by system", "system_denied"],
])("a refusal with “%s” is %s", (message, code) => {
  expect(why(new DOMException(message, "NotAllowedError"))[0]).toBe(code);
});

test("the device that the browser refuses is named", () => {
  const permission = { camera: "denied", microphone: "granted" } as const;
  expect(why(DENIED, { permission })).toEqual(["permission_denied", "camera"]);
});

describe("a policy that takes a device away", () => {
  const allowed = { camera: false, microphone: true };

  test("is the page's own header where there is no frame", () => {
    expect(why(DENIED, { allowed })).toEqual(["policy_header", "camera"]);
  });

  test("is the outer page's doing in a frame", () => {
    expect(why(DENIED, { allowed, framed: true })).toEqual(["frame_blocked", "camera"]);
  });

  test("is the frame's own header if that refuses it", () => {
    const refusedByHeader = { camera: true, microphone: false };
    expect(why(DENIED, { allowed, framed: true, refusedByHeader })[0]).toBe("policy_header");
  });
});

test("a device that is not there is told from one that is", () => {
  const found = { camera: false, microphone: true };
  const missing = new DOMException("", "NotFoundError");
  expect(why(missing, { found })).toEqual(["device_not_found", "camera"]);
});

test.each([
  ["NotReadableError", "device_in_use"],
  ["OverconstrainedError", "device_not_found"],
  ["InvalidStateError", "device_failed"],
])("%s is %s", (name, code) => {
  expect(why(new DOMException("", name))[0]).toBe(code);
});

test("without a secure origin nothing else matters", () => {
  expect(why(new TypeError("undefined"), { secure: false, supported: false })[0]).toBe(
    "insecure_origin",
  );
  expect(why(new TypeError("undefined"), { supported: false })[0]).toBe("unsupported_browser");
});

test.each([
  [null, null],
  ["", false],
  ["camera=(), microphone=(self)", true],
  ["microphone=(), camera=(self)", false],
  ["camera=*", false],
  ['camera=("https://other.example")', true],
  ["x-camera=(), geolocation=()", false],
])("of the header %s, the camera is refused: %s", (header, refused) => {
  expect(refuses(header, "camera")).toBe(refused);
});

test("messages name the devices", () => {
  expect(blockedMessage({ code: "device_not_found", devices: BOTH, detail: "" })).toBe(
    "No camera and microphone was found.",
  );
});

test("Chromium is not Safari", () => {
  const webkit = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko)";
  expect(isSafari(`${webkit} Version/18.0 Safari/605.1.15`)).toBe(true);
  expect(isSafari(`${webkit} Chrome/140.0.0.0 Safari/537.36`)).toBe(false);
});
