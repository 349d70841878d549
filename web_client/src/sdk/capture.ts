/** The camera and the microphone: getUserMedia, and what to say when it fails. */

import { EsaprError } from "./errors";

export interface Wanted {
  camera: boolean;
  microphone: boolean;
}

/**
 * Opens the devices.
 *
 * Throws an `EsaprError` with the code `insecure_origin`, `permission_denied`, `device_in_use`,
 * `device_not_found` or `device_failed`.
 */
export async function startCapture({ camera, microphone }: Wanted): Promise<MediaStream> {
  if (!camera && !microphone) return new MediaStream();
  if (!window.isSecureContext || !navigator.mediaDevices) {
    const message = `Browsers open cameras only on https:// pages and on localhost, not on ${location.origin}.`;
    throw new EsaprError("insecure_origin", message);
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
export function deviceProblem(thrown: unknown, device: string): EsaprError {
  switch (thrown instanceof Error ? thrown.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return new EsaprError(
        "permission_denied",
        `This page may not use the ${device}. Allow it in the browser’s site settings and start again.`,
      );
    case "NotReadableError":
    case "AbortError":
      return new EsaprError(
        "device_in_use",
        `The ${device} cannot be read. Another program may be using it: close that one and start again.`,
      );
    case "NotFoundError":
    case "OverconstrainedError":
      return new EsaprError(
        "device_not_found",
        `No ${device} was found. Connect one, or leave it out above, and start again.`,
      );
    default:
      return new EsaprError("device_failed", `The ${device} did not open: ${String(thrown)}`);
  }
}
