/** Why a camera or a microphone stays closed: browsers give one name to many causes. */

export type Device = "camera" | "microphone";

export type BlockedCode =
  | "insecure_origin"
  | "unsupported_browser"
  | "policy_header"
  | "frame_blocked"
  | "permission_denied"
  | "permission_dismissed"
  | "system_denied"
  | "device_in_use"
  | "device_not_found"
  | "device_failed";

export interface Blocked {
  code: BlockedCode;
  devices: readonly Device[];
  /** What the browser said. */
  detail: string;
}

/** What a page can find out about itself; null where the browser does not say. */
export interface Circumstances {
  secure: boolean;
  supported: boolean;
  framed: boolean;
  /** Whether the document may use the device at all: headers and `allow` taken together. */
  allowed: Readonly<Record<Device, boolean | null>>;
  /** Whether the document's own `Permissions-Policy` header takes the device away. */
  refusedByHeader: Readonly<Record<Device, boolean | null>>;
  permission: Readonly<Record<Device, PermissionState | null>>;
  found: Readonly<Record<Device, boolean | null>>;
}

const KINDS = { camera: "videoinput", microphone: "audioinput" } as const;

/** Finds the cause of what `getUserMedia` has thrown (the names are those of Media Capture). */
export function whyBlocked(
  thrown: unknown,
  wanted: readonly Device[],
  around: Circumstances,
): Blocked {
  const { name, message } = thrown instanceof Error ? thrown : { name: "", message: "" };
  const detail = message || name || String(thrown);
  const which = (facts: Readonly<Record<Device, unknown>>, value: unknown) => {
    const some = wanted.filter((device) => facts[device] === value);
    return some.length > 0 ? some : wanted;
  };
  const blocked = (code: BlockedCode, devices = wanted): Blocked => ({ code, devices, detail });
  if (!around.secure) return blocked("insecure_origin");
  if (!around.supported) return blocked("unsupported_browser");
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return blocked(whyRefused(message, wanted, around), refused(wanted, around));
    case "NotReadableError":
    case "AbortError":
      return blocked("device_in_use");
    case "NotFoundError":
    case "OverconstrainedError":
      return blocked("device_not_found", which(around.found, false));
    default:
      return blocked("device_failed");
  }
}

function whyRefused(
  message: string,
  wanted: readonly Device[],
  around: Circumstances,
): BlockedCode {
  if (wanted.some((device) => around.allowed[device] === false)) {
    const byHeader = wanted.some((device) => around.refusedByHeader[device] === true);
    return around.framed && !byHeader ? "frame_blocked" : "policy_header";
  }
  if (/by system/i.test(message)) return "system_denied";
  return /dismissed/i.test(message) ? "permission_dismissed" : "permission_denied";
}

function refused(wanted: readonly Device[], around: Circumstances): readonly Device[] {
  const some = wanted.filter(
    (device) => around.allowed[device] === false || around.permission[device] === "denied",
  );
  return some.length > 0 ? some : wanted;
}

/** The cause in a sentence, in English: pages have words of their own. */
export function blockedMessage({ code, devices, detail }: Blocked): string {
  const device = devices.join(" and ");
  const sentences: Record<BlockedCode, string> = {
    insecure_origin: "Browsers open cameras and microphones on https:// pages and localhost only.",
    unsupported_browser: "This browser opens no cameras and microphones for web pages.",
    policy_header: `The page’s Permissions-Policy header takes the ${device} away from it.`,
    frame_blocked: `The page around this frame does not let it use the ${device}.`,
    permission_denied: `The browser was told not to let this site use the ${device}.`,
    permission_dismissed: `The question whether this site may use the ${device} was not answered.`,
    system_denied: `The operating system does not let the browser use the ${device}.`,
    device_in_use: `The ${device} cannot be read; another program may be using it.`,
    device_not_found: `No ${device} was found.`,
    device_failed: `The ${device} did not open: ${detail}`,
  };
  return sentences[code];
}

/** Asks the browser. */
export async function circumstances(): Promise<Circumstances> {
  const framed = window.self !== window.top;
  const allowed = { camera: allows("camera"), microphone: allows("microphone") };
  const doubtful = framed && (allowed.camera === false || allowed.microphone === false);
  const header = doubtful ? await ownHeader() : null;
  return {
    secure: window.isSecureContext,
    supported: "mediaDevices" in navigator,
    framed,
    allowed,
    refusedByHeader: {
      camera: refuses(header, "camera"),
      microphone: refuses(header, "microphone"),
    },
    permission: { camera: await permission("camera"), microphone: await permission("microphone") },
    found: await found(),
  };
}

/** Whether a `Permissions-Policy` header allows nobody the feature, or only others. */
export function refuses(header: string | null, feature: string): boolean | null {
  if (header === null) return null;
  const allowlist = new RegExp(`(?:^|,)\\s*${feature}\\s*=\\s*(\\([^)]*\\)|[^,\\s]+)`).exec(header);
  return allowlist?.[1] !== undefined && !/\*|\bself\b/.test(allowlist[1]);
}

/** Chromium alone has the interface, under its old name. */
interface FeaturePolicy {
  allowsFeature(feature: string): boolean;
}

function allows(feature: string): boolean | null {
  const { featurePolicy } = document as Document & { featurePolicy?: FeaturePolicy };
  return featurePolicy?.allowsFeature(feature) ?? null;
}

/** The `Permissions-Policy` of this document, "" without one, null if it cannot be read. */
async function ownHeader(): Promise<string | null> {
  try {
    const response = await fetch(location.href, { method: "HEAD" });
    return response.headers.get("Permissions-Policy") ?? "";
  } catch {
    return null;
  }
}

async function permission(device: Device): Promise<PermissionState | null> {
  try {
    const status = await navigator.permissions.query({ name: device as PermissionName });
    return status.state;
  } catch {
    // Not every browser knows these names.
    return null;
  }
}

async function found(): Promise<Record<Device, boolean | null>> {
  if (!("mediaDevices" in navigator)) return { camera: null, microphone: null };
  const kinds = (await navigator.mediaDevices.enumerateDevices()).map(({ kind }) => kind);
  return {
    camera: kinds.includes(KINDS.camera),
    microphone: kinds.includes(KINDS.microphone),
  };
}
