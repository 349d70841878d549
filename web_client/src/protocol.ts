// Generated from protocol.schema.json by `npm run protocol`. Do not edit.

export type ClientMessage = Hello | Configure | Text | ConsentRevoke | Ping | Close;
export type ServerMessage =
  SessionCreated | SessionUpdated | State | Overlay | Event | Warning | Gap | Error | Pong | SessionClosed;

/**
 * Why there is no fused expression.
 */
export interface AbstainReason {
  reason: string;
}
/**
 * First message: the protocol version, and where to resume.
 */
export interface Hello {
  type: "hello";
  version: number;
  resume?: Resume;
}
/**
 * The last state the client has seen.
 */
export interface Resume {
  last_seq: number;
}
/**
 * Change the session. ``tick_ms`` and ``modalities`` are locked at the first media.
 *
 *     ``detail`` concerns this subscriber only: ``overlay`` adds :class:`Overlay` messages.
 */
export interface Configure {
  type: "configure";
  tick_ms?: number;
  /**
   * @minItems 1
   * @maxItems 3
   */
  modalities?: ("face" | "text" | "voice")[];
  detail?: "overlay" | "state";
}
/**
 * A line of text; ``at_ms`` defaults to the time it arrives.
 */
export interface Text {
  type: "text";
  body: string;
  source?: "caption" | "chat" | "transcript";
  at_ms?: number;
}
/**
 * Stop all media at once and end the session.
 */
export interface ConsentRevoke {
  type: "consent.revoke";
}
/**
 * Measure the round trip; ``t`` comes back in :class:`Pong`.
 */
export interface Ping {
  type: "ping";
  t: number;
}
/**
 * End the session.
 */
export interface Close {
  type: "close";
}
/**
 * The receipt of an explicit act of consent.
 *
 *     ``given_at`` is an RFC 3339 time, ``text_version`` names the text that was shown.
 */
export interface Consent {
  subject: string;
  text_version: string;
  given_at: string;
  method: string;
}
/**
 * Dropped since the session began, by kind.
 */
export interface DropCounts {
  frames: number;
  windows: number;
  lines: number;
}
/**
 * Something sent was refused; always right before a close frame, too.
 */
export interface Error {
  type: "error";
  code: string;
  message: string;
  retryable: boolean;
  request_id: string;
  field?: string;
}
/**
 * Body of every HTTP answer with a status of 400 or more.
 */
export interface ErrorBody {
  error: ErrorDetail;
}
/**
 * What went wrong; ``field`` names the offending field, if there is one.
 */
export interface ErrorDetail {
  code: string;
  message: string;
  retryable: boolean;
  request_id: string;
  field?: string;
}
/**
 * An expression (``label``), speech or a face begins (``active``) or ends, or a blink happens.
 *
 *     ``t_ms`` is the end of the state, or the time of the picture, in which that was seen.
 */
export interface Event {
  type: "event";
  kind: "blink" | "expression" | "face" | "speaking";
  t_ms: number;
  active?: boolean;
  label?: string;
}
/**
 * What the face shows; ``box`` is left, top, width, height.
 */
export interface FaceState {
  probs: number[];
  weight: number;
  coverage: number;
  age_ms: number;
  box: number[];
  blinks_total: number;
  blink_rate: number;
  quality: string[];
}
/**
 * The fused expression; valence and arousal lie in [-1, 1].
 */
export interface Fused {
  label: string;
  probs: number[];
  confidence: number;
  valence: number;
  arousal: number;
}
/**
 * States that were skipped for this subscriber, both ends included.
 */
export interface Gap {
  type: "gap";
  from_seq: number;
  to_seq: number;
}
/**
 * A STUN or TURN server, as ``RTCIceServer`` of WebRTC has it.
 */
export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}
/**
 * Where the time went, worst modality of this state.
 */
export interface Latency {
  capture_to_state_ms: number;
  queue_ms: number;
  batch_size: number;
  infer_ms: number;
}
/**
 * What the sender has to stay under.
 */
export interface Limits {
  max_message_bytes: number;
  max_text_characters: number;
  text_per_second: number;
  text_burst: number;
  max_image_bytes: number;
  max_image_pixels: number;
  images_per_second: number;
  image_burst: number;
  max_audio_bytes: number;
  max_audio_ms: number;
  max_capture_age_ms: number;
}
/**
 * Modalities with evidence; a missing one is absent.
 */
export interface ModalityStates {
  face?: FaceState;
  voice?: VoiceState;
  text?: TextState;
}
/**
 * What the voice shows; ``loudness_db`` is relative to full scale.
 */
export interface VoiceState {
  probs: number[];
  weight: number;
  coverage: number;
  age_ms: number;
  speech_ms: number;
  loudness_db: number;
  quality: string[];
}
/**
 * What the text shows; ``lines`` counts the lines the score rests on.
 */
export interface TextState {
  probs: number[];
  weight: number;
  coverage: number;
  age_ms: number;
  lines: number;
  quality: string[];
}
/**
 * One installed model; part of ``GET /v1/models``.
 */
export interface ModelInfo {
  name: string;
  version: string;
  task: string;
  sha256: string;
  licence: string;
  commercial_use: boolean;
}
/**
 * Where the face is in one analysed picture, or ``box: null`` when none is found.
 *
 *     ``landmarks`` holds x, y of the 468 FaceMesh points, flat. Only the newest one is kept for a
 *     subscriber.
 */
export interface Overlay {
  type: "overlay";
  t_ms: number;
  box: number[] | null;
  landmarks: number[];
  blinks_total: number;
}
/**
 * Answer to ``ping``: its ``t``, and the session clock.
 */
export interface Pong {
  type: "pong";
  t: number;
  t_ms: number;
}
/**
 * Answer to ``hello``. ``labels`` is the order of every ``probs``.
 *
 *     ``t_ms`` is the session clock at this moment: capture times are counted from it.
 */
export interface SessionCreated {
  type: "session.created";
  session: string;
  participant: string;
  version: number;
  t_ms: number;
  labels: string[];
  config: SessionConfig;
  limits: Limits;
  models: {
    [k: string]: string;
  };
  notice: string;
}
/**
 * The whole effective configuration.
 */
export interface SessionConfig {
  tick_ms: number;
  modalities: ("face" | "text" | "voice")[];
  detail: "overlay" | "state";
}
/**
 * Answer to ``configure``.
 */
export interface SessionUpdated {
  type: "session.updated";
  config: SessionConfig;
}
/**
 * What a participant showed over ``[t_start_ms, t_end_ms)``.
 */
export interface State {
  type: "state";
  session: string;
  participant: string;
  seq: number;
  t_start_ms: number;
  t_end_ms: number;
  fused: Fused | null;
  abstain: AbstainReason | null;
  modalities: ModalityStates;
  latency: Latency;
  dropped: DropCounts;
  level: "full" | "minimal" | "reduced";
  models: {
    [k: string]: string;
  };
}
/**
 * A condition that degrades the states began (``active``) or ended.
 */
export interface Warning {
  type: "warning";
  code: string;
  active: boolean;
  message: string;
  t_ms: number;
}
/**
 * The last message of a session.
 */
export interface SessionClosed {
  type: "session.closed";
  reason: string;
  totals: Totals;
}
/**
 * What a session amounted to.
 */
export interface Totals {
  states: number;
  fused: number;
  frames: number;
  windows: number;
  lines: number;
  dropped: DropCounts;
}
/**
 * Answer to a session request: where to connect, and with which token.
 *
 *     URLs are paths on the same host. ``ice_servers`` is for the ``RTCPeerConnection``; ``notice``
 *     is the text to show to the person.
 */
export interface SessionCredentials {
  session_id: string;
  client_token: string;
  feed_url: string;
  whip_url: string;
  ice_servers: IceServer[];
  notice: string;
}
/**
 * Answer to ``GET /v1/sessions/{session}``: what the session is doing.
 *
 *     ``t_ms`` is the session clock; ``media`` says how pictures and sound come in.
 */
export interface SessionInfo {
  session_id: string;
  participant: string;
  t_ms: number;
  tick_ms: number;
  modalities: ("face" | "text" | "voice")[];
  media: "messages" | "none" | "webrtc";
  feeds: number;
  totals: Totals;
}
/**
 * Body of ``POST /v1/demo/sessions``.
 */
export interface SessionRequest {
  consent?: Consent;
  participant?: string;
  /**
   * @minItems 1
   * @maxItems 3
   */
  modalities?: ("face" | "text" | "voice")[];
  tick_ms?: number;
}
