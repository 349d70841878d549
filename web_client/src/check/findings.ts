/** What a check has found, and what to do about it. English: its readers run the site. */

export type Outcome = "good" | "bad" | "open";

export interface Finding {
  id: string;
  title: string;
  outcome: Outcome;
  /** What was seen. */
  text: string;
  /** What to change; empty where nothing has to be. */
  remedy: string;
}

/** What a page may do with one device, as its browser says. */
export interface DeviceFacts {
  allowed: boolean | null;
  refusedByHeader: boolean | null;
  framed: boolean;
}

export function secureFinding(secure: boolean, origin: string): Finding {
  return {
    id: "secure",
    title: "Secure context",
    outcome: secure ? "good" : "bad",
    text: secure ? `${origin} is one.` : `${origin} is not one: browsers open no camera here.`,
    remedy: secure ? "" : "Serve the page over https:// (http:// is enough on localhost only).",
  };
}

export function deviceFinding(device: "camera" | "microphone", facts: DeviceFacts): Finding {
  const base = { id: device, title: `Permissions-Policy: ${device}` };
  const { allowed, framed } = facts;
  if (allowed === null) {
    const text = "This browser does not say. Chromium does.";
    return { ...base, outcome: "open", text, remedy: "" };
  }
  if (allowed) {
    const text = `This ${framed ? "frame" : "page"} may ask for the ${device}.`;
    return { ...base, outcome: "good", text, remedy: "" };
  }
  const outcome = "bad";
  if (!framed || facts.refusedByHeader) {
    const text = "The page’s own Permissions-Policy header refuses it.";
    return { ...base, outcome, text, remedy: `Permissions-Policy: ${device}=(self)` };
  }
  const text = "The page around this frame refuses it.";
  const remedy = `<iframe allow="camera; microphone">, and in the outer page’s Permissions-Policy header ${device}=(self "${location.origin}")`;
  return { ...base, outcome, text, remedy };
}

/** What became of a request from this page to the server. */
export interface RequestFacts {
  /** The directive of the page's Content-Security-Policy that refused it. */
  violated: string | null;
  /** Whether the page could read the answer. */
  readable: boolean;
  /** Whether the server answers at all. */
  reachable: boolean;
}

export function policyFinding(server: URL, { violated }: RequestFacts): Finding {
  const socket = server.origin.replace(/^http/, "ws");
  return {
    id: "csp",
    title: "Content-Security-Policy",
    outcome: violated === null ? "good" : "bad",
    text:
      violated === null ? `It lets the page reach ${server.origin}.` : `${violated} refuses it.`,
    remedy: violated === null ? "" : `connect-src ${server.origin} ${socket}`,
  };
}

export function sharingFinding(server: URL, facts: RequestFacts): Finding {
  const base = { id: "cors", title: "The server answers this origin (CORS)" };
  if (facts.violated !== null) {
    return { ...base, outcome: "open", text: "Not checked: the request was refused.", remedy: "" };
  }
  if (facts.readable) {
    return { ...base, outcome: "good", text: `${server.host} answers.`, remedy: "" };
  }
  if (facts.reachable) {
    const text = `${server.host} answers, but not for pages of ${location.origin}.`;
    return { ...base, outcome: "bad", text, remedy: `ESAPR_ALLOWED_ORIGINS="${location.origin}"` };
  }
  const text = `${server.host} does not answer.`;
  const remedy = "Is the address right, the certificate valid, and the server running?";
  return { ...base, outcome: "bad", text, remedy };
}

/** Receipts of consent and tokens carry times: clocks may differ by this much. */
const MAX_SKEW_SECONDS = 30;

export function clockFinding(date: string | null, nowMs: number): Finding {
  const base = { id: "clock", title: "Clock" };
  const serverMs = Date.parse(date ?? "");
  if (Number.isNaN(serverMs)) {
    return { ...base, outcome: "open", text: "The server’s answer shows no date.", remedy: "" };
  }
  const seconds = Math.round((nowMs - serverMs) / 1_000);
  const good = Math.abs(seconds) <= MAX_SKEW_SECONDS;
  return {
    ...base,
    outcome: good ? "good" : "bad",
    text: `This computer’s clock and the server’s differ by ${Math.abs(seconds)} s.`,
    remedy: good ? "" : "Set the clock by NTP: receipts of consent and tokens carry times.",
  };
}

export function socketFinding(violated: string | null, protocol: string | null): Finding {
  const base = { id: "socket", title: "WebSocket and its subprotocol" };
  if (protocol === "esapr.v1.json") {
    return { ...base, outcome: "good", text: `Connected with ${protocol}.`, remedy: "" };
  }
  const outcome = "bad";
  if (violated !== null) {
    const text = `${violated} refuses it.`;
    return { ...base, outcome, text, remedy: "connect-src needs the wss:// address, too." };
  }
  const text = protocol === null ? "It does not connect." : "It connects without a subprotocol.";
  const remedy =
    "A proxy in between has to pass on the headers Upgrade, Connection and Sec-WebSocket-Protocol.";
  return { ...base, outcome, text, remedy };
}

/** How media travel; null when they do not. */
export interface Route {
  protocol: string;
  kind: string;
}

export function mediaFinding(route: Route | null): Finding {
  const base = { id: "media", title: "WebRTC" };
  if (route === null) {
    const text = "Picture and sound do not reach the server.";
    const remedy =
      "Open the server’s UDP ports for this network, or configure a TURN server (ESAPR_TURN_URLS).";
    return { ...base, outcome: "bad", text, remedy };
  }
  const relayed = route.kind === "relay" ? "through a TURN server" : "directly";
  const text = `Connected over ${route.protocol.toUpperCase()}, ${relayed}.`;
  return { ...base, outcome: "good", text, remedy: "" };
}
