/** The person's own picture, and what is drawn over it. */

import type { Overlay } from "../protocol";
import { FaceOverlay, type Layer } from "./overlay";

export class SelfView {
  #overlay: FaceOverlay | null = null;
  #canvas: HTMLCanvasElement | null = null;
  #video: HTMLVideoElement | null = null;

  showVideo = (element: Element | undefined): void => {
    this.#video = element instanceof HTMLVideoElement ? element : null;
    this.#join();
  };

  showOverlay = (element: Element | undefined): void => {
    this.#canvas = element instanceof HTMLCanvasElement ? element : null;
    this.#join();
  };

  /** Shows what the camera sees; nothing is drawn while it is closed. */
  follow(stream: MediaStream | null): void {
    if (this.#video && this.#video.srcObject !== stream) this.#video.srcObject = stream;
    if (stream === null) this.#overlay?.clear();
  }

  draw(overlay: Overlay, layers: ReadonlySet<Layer>): void {
    this.#overlay?.show(overlay, layers);
  }

  #join(): void {
    this.#overlay = this.#canvas && this.#video ? new FaceOverlay(this.#canvas, this.#video) : null;
  }
}
