/** The camera and the microphone: what is asked of them, and what is said when they do not open. */

import { blockedMessage, circumstances, type Device, whyBlocked } from "./blocked";
import { EsaprError } from "./errors";
import { PICTURE } from "./quality";

export interface Wanted {
  camera: boolean;
  microphone: boolean;
  /** `deviceId`s; without one the browser chooses. */
  cameraId?: string;
  microphoneId?: string;
}

/** A camera or a microphone that did not open. */
export class DeviceError extends EsaprError {
  /** Which of those that were asked for. */
  readonly devices: readonly Device[];

  constructor(code: string, devices: readonly Device[], message: string) {
    super(code, message);
    this.devices = devices;
  }
}

/**
 * Opens the devices: at most 640 × 480 at 15 pictures a second, and mono sound.
 *
 * Throws a `DeviceError`; its codes are those of `whyBlocked`.
 */
export async function startCapture(wanted: Wanted): Promise<MediaStream> {
  const devices = devicesOf(wanted);
  if (devices.length === 0) return new MediaStream();
  try {
    // Throws a TypeError where the page is not secure: there are no devices then.
    return await navigator.mediaDevices.getUserMedia(constraints(wanted));
  } catch (thrown) {
    const found = whyBlocked(thrown, devices, await circumstances());
    throw new DeviceError(found.code, found.devices, blockedMessage(found));
  }
}

function devicesOf({ camera, microphone }: Wanted): Device[] {
  return [
    ...(camera ? (["camera"] as const) : []),
    ...(microphone ? (["microphone"] as const) : []),
  ];
}

function constraints(wanted: Wanted): MediaStreamConstraints {
  return {
    video: wanted.camera && {
      // Bounds that a camera cannot keep would keep it closed; senders scale down what is too much.
      width: { ideal: PICTURE.width },
      height: { ideal: PICTURE.height },
      frameRate: { ideal: PICTURE.framesPerSecond, max: 30 },
      ...(wanted.cameraId ? { deviceId: { exact: wanted.cameraId } } : { facingMode: "user" }),
    },
    audio: wanted.microphone && {
      channelCount: 1,
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      ...(wanted.microphoneId ? { deviceId: { exact: wanted.microphoneId } } : {}),
    },
  };
}

/** Closes the devices of a stream. */
export function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
