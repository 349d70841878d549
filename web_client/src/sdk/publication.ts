/** Picture and sound on their way to the server: WHIP with trickle ICE (RFC 9725). */

import type { Entrance } from "./client";
import { problemIn } from "./errors";
import { encoding, type Quality } from "./quality";

const ANSWER_MS = 10_000;

/** Media on its way to the server. */
export interface Publication {
  readonly connection: RTCPeerConnection;
  /** Closes the connection and tells the server. */
  stop(): Promise<void>;
}

/** What the server calls this publication: its URL, and the entity tag of its ICE session. */
interface Resource {
  url: URL;
  token: string;
  etag: string;
}

/** Publishes the stream, and resolves when the server has accepted it. */
export async function publish(
  stream: MediaStream,
  whipUrl: string,
  credentials: Entrance,
  quality: Quality,
): Promise<Publication> {
  const token = credentials.client_token;
  const connection = new RTCPeerConnection({
    iceServers: credentials.ice_servers,
    bundlePolicy: "max-bundle",
  });
  try {
    for (const track of stream.getTracks()) {
      const sendEncodings = track.kind === "video" ? [encoding(quality, track.getSettings())] : [];
      connection.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings });
    }
    const trickle = new Trickle(connection);
    await connection.setLocalDescription();
    const offer = connection.localDescription?.sdp ?? "";
    const response = await fetch(whipUrl, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
      body: offer,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) throw await problemIn(response);
    await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
    const url = new URL(response.headers.get("Location") ?? "", response.url);
    const resource = { url, token, etag: response.headers.get("ETag") ?? "" };
    trickle.begin(resource, offer);
    return { connection, stop: () => unpublish(connection, resource) };
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

/** Changes how much picture is sent, without a new offer. */
export async function adapt(connection: RTCPeerConnection, quality: Quality): Promise<void> {
  for (const sender of connection.getSenders()) {
    if (sender.track?.kind !== "video" || connection.connectionState === "closed") continue;
    const parameters = sender.getParameters();
    for (const each of parameters.encodings) {
      Object.assign(each, encoding(quality, sender.track.getSettings()));
    }
    await sender.setParameters(parameters);
  }
}

/** Sends candidates as they are found: those found during a request go with the next one. */
class Trickle {
  #waiting: string[] = [];
  #send: ((lines: string[]) => Promise<void>) | null = null;
  #sending = false;

  constructor(connection: RTCPeerConnection) {
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.candidate === "") return;
      this.#waiting.push(candidate ? `a=${candidate.candidate}` : "a=end-of-candidates");
      void this.#flush();
    });
  }

  /** The server knows the ICE session of `offer` by now. */
  begin(resource: Resource, offer: string): void {
    const head = fragmentHead(offer);
    this.#send = (lines) => patch(resource, [...head, ...lines]);
    void this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#sending || this.#send === null) return;
    this.#sending = true;
    while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0));
    this.#sending = false;
  }
}

/** The lines of an SDP fragment (RFC 8840) that say which candidates follow. */
export function fragmentHead(offer: string): string[] {
  const found = ["ice-ufrag", "ice-pwd", "mid"].map(
    (name) => new RegExp(`^a=${name}:.*$`, "m").exec(offer)?.[0].trim() ?? "",
  );
  return [found[0] ?? "", found[1] ?? "", "m=audio 9 RTP/AVP 0", found[2] ?? ""];
}

async function patch({ url, token, etag }: Resource, lines: string[]): Promise<void> {
  try {
    await fetch(url, {
      method: "PATCH",
      headers: {
        "Content-Type": "application/trickle-ice-sdpfrag",
        Authorization: `Bearer ${token}`,
        "If-Match": etag,
      },
      body: lines.map((line) => `${line}\r\n`).join(""),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch {
    // The server also learns addresses from the checks that reach it.
  }
}

async function unpublish(connection: RTCPeerConnection, { url, token }: Resource): Promise<void> {
  connection.close();
  try {
    await fetch(url, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${token}` },
      // The page may be on its way out.
      keepalive: true,
    });
  } catch {
    // The server notices by itself that no media arrives.
  }
}
