/** From the camera and the microphone to the server: getUserMedia and WHIP (RFC 9725). */

import { Problem, problemIn } from "./errors";

const ANSWER_MS = 10_000;
/** Host candidates are known at once; a slow network adapter is not worth a longer wait. */
const GATHERING_MS = 2_000;

export interface Wanted {
  camera: boolean;
  microphone: boolean;
}

/** Media on its way to the server. */
export interface Publication {
  readonly connection: RTCPeerConnection;
  /** Closes the connection and tells the server. */
  stop(): Promise<void>;
}

/**
 * Opens the devices.
 *
 * Throws a `Problem` with the code `insecure_origin`, `permission_denied`, `device_in_use`,
 * `device_not_found` or `device_failed`.
 */
export async function startCapture({ camera, microphone }: Wanted): Promise<MediaStream> {
  if (!camera && !microphone) return new MediaStream();
  if (!window.isSecureContext || !navigator.mediaDevices) {
    const message = `Browsers open cameras only on https:// pages and on localhost, not on ${location.origin}.`;
    throw new Problem("insecure_origin", message);
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: camera && {
        width: { ideal: 640 },
        height: { ideal: 480 },
        frameRate: { ideal: 15, max: 30 },
        facingMode: "user",
      },
      audio: microphone && {
        channelCount: 1,
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
      },
    });
  } catch (thrown) {
    const devices = [...(camera ? ["camera"] : []), ...(microphone ? ["microphone"] : [])];
    throw deviceProblem(thrown, devices.join(" or "));
  }
}

/** Says in words why a device did not open (the names are those of the Media Capture spec). */
export function deviceProblem(thrown: unknown, device: string): Problem {
  switch (thrown instanceof Error ? thrown.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return new Problem(
        "permission_denied",
        `This page may not use the ${device}. Allow it in the browser’s site settings and start again.`,
      );
    case "NotReadableError":
    case "AbortError":
      return new Problem(
        "device_in_use",
        `The ${device} cannot be read. Another program may be using it: close that one and start again.`,
      );
    case "NotFoundError":
    case "OverconstrainedError":
      return new Problem(
        "device_not_found",
        `No ${device} was found. Connect one, or leave it out above, and start again.`,
      );
    default:
      return new Problem("device_failed", `The ${device} did not open: ${String(thrown)}`);
  }
}

/** Publishes the stream, and resolves when the server has accepted it. */
export async function publish(
  stream: MediaStream,
  whipUrl: string,
  token: string,
): Promise<Publication> {
  const connection = new RTCPeerConnection();
  try {
    for (const track of stream.getTracks()) {
      connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    }
    await connection.setLocalDescription();
    await gathered(connection);
    const response = await fetch(whipUrl, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
      body: connection.localDescription?.sdp ?? "",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) throw await problemIn(response);
    await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
    const resource = new URL(response.headers.get("Location") ?? whipUrl, response.url);
    return { connection, stop: () => unpublish(connection, resource, token) };
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

async function unpublish(connection: RTCPeerConnection, resource: URL, token: string) {
  connection.close();
  try {
    await fetch(resource, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${token}` },
      // The page may be on its way out.
      keepalive: true,
    });
  } catch {
    // The server notices by itself that no media arrives.
  }
}

async function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === "complete") return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
