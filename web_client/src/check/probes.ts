/** Tries what the widget will do, from the page where it will do it. */

import { circumstances } from "../sdk/blocked";
import { type Entrance, feedAddress } from "../sdk/client";
import { publish } from "../sdk/publication";
import { PICTURE } from "../sdk/quality";
import { own } from "../sdk/tokens";
import {
  clockFinding,
  deviceFinding,
  type Finding,
  mediaFinding,
  policyFinding,
  type RequestFacts,
  type Route,
  secureFinding,
  sharingFinding,
  socketFinding,
} from "./findings";

const ANSWER_MS = 10_000;

/** What can be seen without a session. */
export async function checkPage(server: URL): Promise<Finding[]> {
  const around = await circumstances();
  const { answer, facts } = await ask(new URL("/healthz", server));
  return [
    secureFinding(around.secure, location.origin),
    ...(["camera", "microphone"] as const).map((device) =>
      deviceFinding(device, {
        framed: around.framed,
        allowed: around.allowed[device],
        refusedByHeader: around.refusedByHeader[device],
      }),
    ),
    policyFinding(server, facts),
    sharingFinding(server, facts),
    clockFinding(answer?.headers.get("Date") ?? null, Date.now()),
  ];
}

/** What takes a session: the feed, and a drawn picture on its way to the server. */
export async function checkSession(server: URL, opened: Entrance): Promise<Finding[]> {
  const entrance = { ...opened, client_token: own(opened.client_token) };
  const feed = feedAddress(entrance.feed_url, server.href);
  const { socket, violated } = await connect(feed, entrance.client_token);
  const route = await travel(new URL(entrance.whip_url, server).href, entrance);
  socket?.send(JSON.stringify({ type: "close" }));
  return [socketFinding(violated, socket?.protocol ?? null), mediaFinding(route)];
}

async function ask(url: URL): Promise<{ answer: Response | null; facts: RequestFacts }> {
  const [answer, violated] = await watchingPolicy(url.origin, () => tried(url));
  const readable = answer !== null;
  // Every origin may read the scripts.
  const reachable =
    readable || (violated === null && (await tried(new URL("/embed/check.js", url))) !== null);
  return { answer, facts: { violated, readable, reachable } };
}

async function tried(url: URL): Promise<Response | null> {
  try {
    return await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
  } catch {
    return null;
  }
}

/** Runs `attempt`, and answers which directive refused a request to `origin` meanwhile. */
async function watchingPolicy<Answer>(
  origin: string,
  attempt: () => Promise<Answer>,
): Promise<[Answer, string | null]> {
  let violated: string | null = null;
  const note = (event: SecurityPolicyViolationEvent) => {
    if (event.blockedURI.startsWith(origin)) violated = event.effectiveDirective;
  };
  document.addEventListener("securitypolicyviolation", note);
  const answer = await attempt();
  // The event comes as a task of its own.
  await new Promise((resolve) => setTimeout(resolve));
  document.removeEventListener("securitypolicyviolation", note);
  return [answer, violated];
}

async function connect(
  address: string,
  token: string,
): Promise<{ socket: WebSocket | null; violated: string | null }> {
  const [socket, violated] = await watchingPolicy(new URL(address).origin, () => {
    const opened = new WebSocket(address, ["esapr.v1.json", `esapr.token.${token}`]);
    return new Promise<WebSocket | null>((resolve) => {
      opened.onopen = () => resolve(opened);
      opened.onerror = () => resolve(null);
      setTimeout(() => resolve(null), ANSWER_MS);
    });
  });
  return { socket, violated };
}

async function travel(whipUrl: string, entrance: Entrance): Promise<Route | null> {
  const canvas = document.createElement("canvas");
  canvas.getContext("2d")?.fillRect(0, 0, canvas.width, canvas.height);
  const stream = canvas.captureStream(PICTURE.framesPerSecond);
  try {
    const quality = { framesPerSecond: PICTURE.framesPerSecond, scale: 1 };
    const publication = await publish(stream, whipUrl, entrance, quality);
    await connected(publication.connection);
    const route = await routeOf(publication.connection);
    await publication.stop();
    return route;
  } catch {
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

async function connected(connection: RTCPeerConnection): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = () => {
      if (["connected", "failed"].includes(connection.connectionState)) resolve();
    };
    connection.addEventListener("connectionstatechange", look);
    setTimeout(resolve, ANSWER_MS);
    look();
  });
}

async function routeOf(connection: RTCPeerConnection): Promise<Route | null> {
  if (connection.connectionState !== "connected") return null;
  const stats = await connection.getStats();
  for (const stat of stats.values()) {
    if (stat.type !== "candidate-pair" || !stat.nominated || stat.state !== "succeeded") continue;
    const local = stats.get(stat.localCandidateId);
    if (local) return { protocol: String(local.protocol), kind: String(local.candidateType) };
  }
  return null;
}
