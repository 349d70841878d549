/** The face box, the 468 FaceMesh points and the class-activation map over the self-view. */

import type { Activation, Overlay } from "../protocol";

/** What may be drawn: where the face is, and which parts of it spoke for the expression. */
export type Layer = "face" | "activation";

const SHOWN_MS = 1_000;
/** Light enough for every picture, with a shadow. */
const COLOUR = "#7ff0e0";
/** Of the map's strongest cell; the face stays visible below it. */
const STRONGEST = 0.65;
const HEAT = [255, 176, 46] as const;

// Points of the canonical FaceMesh topology, in drawing order (MediaPipe, Apache-2.0).
const OVAL = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148,
  176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
const LEFT_EYE = [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466];
const RIGHT_EYE = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246];
const LIPS = [
  61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
];
const OUTLINES = [OVAL, LEFT_EYE, RIGHT_EYE, LIPS];

/** Where a picture lies in a frame that it fills like `object-fit: cover`; all in frame pixels. */
export interface Placement {
  left: number;
  top: number;
  width: number;
  height: number;
}

interface Size {
  width: number;
  height: number;
}

/** Places a picture so that it covers the frame, centred; the excess is cut off on both sides. */
export function cover(picture: Size, frame: Size): Placement {
  const scale = Math.max(frame.width / picture.width, frame.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { left: (frame.width - width) / 2, top: (frame.height - height) / 2, width, height };
}

export class FaceOverlay {
  readonly #canvas: HTMLCanvasElement;
  readonly #video: HTMLVideoElement;
  #forget: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement, video: HTMLVideoElement) {
    this.#canvas = canvas;
    this.#video = video;
  }

  /** Draws what one analysed picture showed; it disappears when no newer one comes. */
  show({ box, landmarks, activation }: Overlay, layers: ReadonlySet<Layer>): void {
    const pen = this.clear();
    this.#forget = setTimeout(() => this.clear(), SHOWN_MS);
    if (pen === null || box === null || this.#video.videoWidth === 0) return;
    const picture = { width: this.#video.videoWidth, height: this.#video.videoHeight };
    const place = cover(picture, {
      width: this.#canvas.clientWidth,
      height: this.#canvas.clientHeight,
    });
    if (activation && layers.has("activation")) drawActivation(pen, activation, place);
    if (!layers.has("face")) return;
    pen.strokeStyle = pen.fillStyle = COLOUR;
    // Keeps the lines visible over a bright picture.
    pen.shadowColor = "rgb(0 0 0 / 0.6)";
    pen.shadowBlur = 3;
    drawBox(pen, box, place);
    drawPoints(pen, landmarks, place);
    for (const outline of OUTLINES) drawOutline(pen, outline, landmarks, place);
  }

  clear(): CanvasRenderingContext2D | null {
    clearTimeout(this.#forget);
    const ratio = devicePixelRatio;
    // Setting the size also empties the canvas.
    this.#canvas.width = Math.round(this.#canvas.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * ratio);
    const pen = this.#canvas.getContext("2d");
    pen?.scale(ratio, ratio);
    return pen;
  }
}

/**
 * The opacity of each cell, rows from the top: that of the strongest is 1, and what spoke against
 * the expression is not shown.
 */
export function opacities(cells: readonly (readonly number[])[]): number[] {
  const values = cells.flat();
  const strongest = Math.max(...values, 0);
  return values.map((value) => (strongest > 0 ? Math.max(0, value) / strongest : 0));
}

/** The transform that lays a map of one pixel a cell over its place in the frame. */
export function mapTransform(
  { cells, corners }: Activation,
  place: Placement,
): [number, number, number, number, number, number] {
  const [left, top] = point(corners, 0, place);
  const [right, rightTop] = point(corners, 1, place);
  const [bottomLeft, bottom] = point(corners, 2, place);
  const columns = cells[0]?.length ?? 1;
  return [
    (right - left) / columns,
    (rightTop - top) / columns,
    (bottomLeft - left) / cells.length,
    (bottom - top) / cells.length,
    left,
    top,
  ];
}

function drawActivation(pen: CanvasRenderingContext2D, map: Activation, place: Placement): void {
  const [rows, columns] = [map.cells.length, map.cells[0]?.length ?? 0];
  if (rows * columns === 0) return;
  const picture = new ImageData(columns, rows);
  for (const [index, opacity] of opacities(map.cells).entries()) {
    picture.data.set([...HEAT, Math.round(255 * STRONGEST * opacity)], 4 * index);
  }
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d")?.putImageData(picture, 0, 0);
  pen.save();
  pen.transform(...mapTransform(map, place));
  // Cells are far larger than pixels: their edges would look like a finding.
  pen.imageSmoothingQuality = "high";
  pen.drawImage(small, 0, 0);
  pen.restore();
}

function drawBox(pen: CanvasRenderingContext2D, box: number[], place: Placement): void {
  const [left = 0, top = 0, width = 0, height = 0] = box;
  pen.globalAlpha = 0.9;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.roundRect(
    place.left + left * place.width,
    place.top + top * place.height,
    width * place.width,
    height * place.height,
    8,
  );
  pen.stroke();
}

function drawPoints(pen: CanvasRenderingContext2D, landmarks: number[], place: Placement): void {
  pen.globalAlpha = 0.55;
  for (let index = 0; index + 1 < landmarks.length; index += 2) {
    const [x, y] = point(landmarks, index / 2, place);
    pen.fillRect(x - 0.6, y - 0.6, 1.2, 1.2);
  }
}

function drawOutline(
  pen: CanvasRenderingContext2D,
  outline: number[],
  landmarks: number[],
  place: Placement,
): void {
  if (landmarks.length === 0) return;
  pen.globalAlpha = 0.7;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const index of outline) pen.lineTo(...point(landmarks, index, place));
  pen.closePath();
  pen.stroke();
}

function point(landmarks: number[], index: number, place: Placement): [number, number] {
  const x = landmarks[2 * index] ?? 0;
  const y = landmarks[2 * index + 1] ?? 0;
  return [place.left + x * place.width, place.top + y * place.height];
}
