// Generated from protocol.schema.json by `npm run protocol`. Do not edit.

export type AnalysisMessage = Progress | State | Page | Event | AnalysisDone | Error;
export type ClientMessage =
  Hello | Configure | Text | Mute | Pause | ResumeMedia | BaselineStart | BaselineLoad | ConsentRevoke | Ping | Close;
export type ServerMessage =
  | SessionCreated
  | SessionUpdated
  | BaselineCaptured
  | SessionClosed
  | State
  | Overlay
  | Event
  | Warning
  | Gap
  | Error
  | Pong
  | RoomEntered
  | MemberJoined
  | MemberLeft
  | MemberMuted
  | MemberPaused
  | Trend
  | Aggregate
  | RoomClosed;

/**
 * Why there is no fused expression.
 */
export interface AbstainReason {
  reason: string;
}
/**
 * Which parts of the face spoke for ``label``, the likeliest expression of one picture.
 *
 *     ``cells`` holds rows of a square map, from the top: what each place added to the logit of
 *     ``label`` in the network. ``corners`` holds x, y of the map's upper left, upper right and lower
 *     left corner in fractions of the picture.
 */
export interface Activation {
  label: string;
  cells: number[][];
  corners: number[];
}
/**
 * What the people of a room show together, at most once a second.
 */
export interface Aggregate {
  type: "aggregate";
  room: string;
  mean: Mean | null;
  withheld: Withheld | null;
}
/**
 * The mean over ``people`` fused expressions, in two digits.
 */
export interface Mean {
  people: number;
  probs: number[];
  valence: number;
  arousal: number;
}
/**
 * Why a mean is not shown: fewer than ``needed`` people show an expression.
 */
export interface Withheld {
  reason: "too_few_people";
  needed: number;
}
/**
 * Answer to a file: the analysis, its token and where to read; URLs are on the same host.
 */
export interface AnalysisCredentials {
  analysis_id: string;
  token: string;
  url: string;
  events_url: string;
  kept_seconds: number;
}
/**
 * The last event of an analysis that succeeded.
 */
export interface AnalysisDone {
  type: "analysis.done";
  analysis: string;
  summary: AnalysisSummary;
}
/**
 * What a file amounted to.
 *
 *     ``labels`` counts the states, or pages, of each expression, ``abstained`` those without one by
 *     reason. ``coverage`` is the share of them with evidence of each modality. ``damaged`` counts
 *     packets that could not be decoded. Of documents, ``duration_ms`` is 0. ``traits`` are of a whole
 *     document.
 */
export interface AnalysisSummary {
  duration_ms: number;
  states: number;
  pages: number;
  labels: {
    [k: string]: number;
  };
  abstained: {
    [k: string]: number;
  };
  coverage: {
    [k: string]: number;
  };
  blinks: number;
  speech_ms: number;
  damaged: number;
  totals: Totals;
  traits?: Traits;
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
 * Dropped since the session began, by kind.
 */
export interface DropCounts {
  frames: number;
  windows: number;
  lines: number;
}
/**
 * What ``words`` words show of all traits; before there are enough, ``abstain`` says so.
 */
export interface Traits {
  words: number;
  scores: {
    [k: string]: TraitScore;
  } | null;
  abstain: "insufficient_text" | null;
}
/**
 * How likely it is that people whose essays read like this call themselves more so than most.
 *
 *     More of the same person's text would bring ``score`` between ``low`` and ``high`` with a
 *     probability of 0.8. That says how much the score still depends on which words came so far, and
 *     nothing of how well words tell a trait.
 */
export interface TraitScore {
  score: number;
  low: number;
  high: number;
}
/**
 * Answer to ``GET /v1/analyses/{analysis}``: how far it is and what it has found so far.
 *
 *     ``events`` are ``support_resources``, of a document or of what was said.
 */
export interface AnalysisInfo {
  analysis_id: string;
  stage: "done" | "failed" | "running" | "waiting";
  fraction: number;
  states: State[];
  pages: Page[];
  events?: Event[];
  summary?: AnalysisSummary;
  error?: ErrorDetail;
}
/**
 * What a participant showed over ``[t_start_ms, t_end_ms)``; ``muted`` modalities left out.
 *
 *     ``traits`` are of all that was written so far, where the receipt covers them.
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
  muted: ("face" | "text" | "voice")[];
  models: {
    [k: string]: string;
  };
  explanation?: Explanation;
  traits?: Traits;
  trend?: Slope;
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
 * Modalities with evidence; a missing one is absent.
 */
export interface ModalityStates {
  face?: FaceState;
  voice?: VoiceState;
  text?: TextState;
}
/**
 * What the face shows; ``box`` is left, top, width, height.
 *
 *     ``mouth_open`` is height over width of the inner lips; it and ``head`` are missing right after a
 *     session was taken over. ``faces`` are in view; ``track`` changes when another one is followed.
 *     ``gaze`` is read once a second, and missing where no eye can be.
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
  head?: Head;
  mouth_open?: number;
  track?: number;
  faces?: number;
  gaze?: Gaze;
}
/**
 * Degrees: the face turned to the picture's right, up, and clockwise; else negative.
 */
export interface Head {
  yaw: number;
  pitch: number;
  roll: number;
}
/**
 * Where an eye looks, in degrees from the camera: to the picture's right and up; else negative.
 *
 *     ``away`` says that this is further than a laptop's screen reaches from its camera. It measures
 *     no attention: who looks at a screen beside the camera, or thinks, looks away.
 */
export interface Gaze {
  yaw: number;
  pitch: number;
  away: boolean;
}
/**
 * What the voice shows; ``loudness_db`` is relative to full scale.
 *
 *     ``prosody`` is missing right after a session was taken over.
 */
export interface VoiceState {
  probs: number[];
  weight: number;
  coverage: number;
  age_ms: number;
  speech_ms: number;
  loudness_db: number;
  quality: string[];
  prosody?: Prosody;
}
/**
 * How somebody spoke, in the last second and, from ``pitch_hz`` on, in the last three.
 *
 *     ``speaking`` is the share that was speech. ``pauses`` ended in this second and took ``pause_ms``
 *     together. Pitch is a median in Hz with its 10th to 90th percentile in semitones; both are null
 *     where too little was voiced. Syllables are counted in a second of speech.
 */
export interface Prosody {
  speaking: number;
  pauses: number;
  pause_ms: number;
  pitch_hz: number | null;
  pitch_range_st: number | null;
  syllables_per_second: number;
}
/**
 * What the text shows; ``lines`` counts the lines the score rests on.
 *
 *     ``source`` is where the newest of them came from, missing right after a session was taken over.
 */
export interface TextState {
  probs: number[];
  weight: number;
  coverage: number;
  age_ms: number;
  lines: number;
  quality: string[];
  source?: "caption" | "chat" | "transcript";
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
 * Why ``first`` comes before ``second`` in ``raw``, the probabilities before smoothing.
 *
 *     The ``log_odds`` of the shares sum to that of the two labels.
 */
export interface Explanation {
  raw: number[];
  first: string;
  second: string;
  log_odds: number;
  shares: {
    [k: string]: Share;
  };
}
/**
 * What a modality adds to the log-odds, and what is left of its learned ``weight``.
 *
 *     ``of_coverage`` is what coverage and quality have left of it, ``of_age`` what age has, and
 *     ``of_change`` a face that has turned to another class since; 1 is all.
 */
export interface Share {
  log_odds: number;
  weight: number;
  of_coverage: number;
  of_age: number;
  of_change: number;
}
/**
 * Change a minute of valence and arousal: the line through the last minute's states.
 */
export interface Slope {
  valence: number;
  arousal: number;
}
/**
 * What one page of a document shows, or why that cannot be said; ``number`` begins at 1.
 */
export interface Page {
  type: "page";
  analysis: string;
  number: number;
  pages: number;
  lines: number;
  fused: Fused | null;
  abstain: AbstainReason | null;
}
/**
 * An expression (``label``), speech or a face begins (``active``) or ends, or a blink happens.
 *
 *     ``t_ms`` is the end of the state, or the time of the picture, in which that was seen.
 *
 *     ``support_resources`` says that a line of text, taken in at ``t_ms``, speaks of self-harm:
 *     ``help_lines`` are to be shown to the person.
 */
export interface Event {
  type: "event";
  kind: "blink" | "expression" | "face" | "speaking" | "support_resources";
  t_ms: number;
  active?: boolean;
  label?: string;
  help_lines?: HelpLine[];
}
/**
 * Somebody to turn to: ``about`` says when and how, in the language of the session.
 *
 *     ``phone`` is as people write it. At least one of it and ``url`` is there.
 */
export interface HelpLine {
  id: string;
  name: string;
  about: string;
  phone?: string;
  url?: string;
}
/**
 * What went wrong; ``field`` and ``rule`` name the offending field and the rule, if any.
 */
export interface ErrorDetail {
  code: string;
  message: string;
  retryable: boolean;
  request_id: string;
  field?: string;
  rule?: string;
}
/**
 * How far an analysis is.
 */
export interface Progress {
  type: "progress";
  analysis: string;
  stage: "done" | "failed" | "running" | "waiting";
  fraction: number;
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
 * What a file is analysed for; the fields are those of a session's request.
 *
 *     ``participant`` is named by the states. With ``transcribe`` what is said in a recording is
 *     written down and read as text, where the server does that.
 */
export interface AnalysisRequest {
  purpose?: string;
  jurisdiction?: string;
  subject_flags?: ("incapacitated" | "minor")[];
  consent?: Consent;
  participant?: string;
  /**
   * @minItems 1
   * @maxItems 3
   */
  modalities?: ("face" | "text" | "voice")[];
  tick_ms?: number;
  transcribe?: boolean;
}
/**
 * The receipt of an explicit act of consent.
 *
 *     ``text_version`` and ``language`` name the notice that was shown, ``given_at`` is an RFC 3339
 *     time with its zone, ``method`` how ``subject`` agreed (``test``: nobody did, the media are
 *     recorded). What is kept beyond the session has to be in ``covers``: ``records`` of the states,
 *     and ``text`` as it was written or, under ``transcript``, written down from speech; so has what
 *     is made of them, ``recommendations``. With ``cohort`` means over ten people or more may have
 *     this one among them. Only with ``traits`` are the Big Five guessed from what is written, and
 *     only with ``baseline`` is the person's own neutral measured, for them to keep.
 */
export interface Consent {
  subject: string;
  text_version: string;
  given_at: string;
  method: "button" | "checkbox" | "signature" | "spoken" | "test";
  language?: string;
  covers?: ("baseline" | "cohort" | "recommendations" | "records" | "text" | "traits" | "transcript")[];
}
/**
 * Answer to :class:`BaselineStart` when the time is over: the baseline is in effect.
 *
 *     ``seconds`` of evidence there were of each modality. ``blob`` is for the client to keep until
 *     ``expires_ms`` of Unix time; the server keeps nothing.
 */
export interface BaselineCaptured {
  type: "baseline.captured";
  session: string;
  seconds: {
    [k: string]: number;
  };
  blob: string;
  expires_ms: number;
}
/**
 * Bring back what :class:`BaselineCaptured` has handed out, in a session of the same person.
 */
export interface BaselineLoad {
  type: "baseline.load";
  blob: string;
}
/**
 * Capture what the person shows while neutral, for ``capture_ms`` from now on.
 *
 *     It needs ``baseline`` in the receipt's ``covers``. One that is under way begins anew.
 */
export interface BaselineStart {
  type: "baseline.start";
  capture_ms?: number;
}
/**
 * What was shown: means over ``seconds`` of states with an expression, each as it is long.
 */
export interface Basis {
  seconds: number;
  valence: number;
  arousal: number;
}
/**
 * The point of the way from what was shown to the goal, for which an entry was chosen.
 *
 *     ``match`` is where the session was, ``towards`` is half of the way, ``goal`` its end.
 */
export interface Because {
  step: "goal" | "match" | "towards";
  valence: number;
  arousal: number;
}
/**
 * Blinks that were seen, and how many a minute with a face.
 */
export interface Blinks {
  total: number;
  per_minute: number;
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
 * The last state the client has seen; on a room's feed, that of each session.
 */
export interface Resume {
  last_seq?: number;
  last_seqs?: {
    [k: string]: number;
  };
}
/**
 * Change the session. ``tick_ms`` and ``modalities`` are locked at the first media.
 *
 *     ``smoothing_ms`` may change at any time, for the states to come. ``detail`` concerns this
 *     subscriber only: ``overlay`` adds :class:`Overlay` messages.
 */
export interface Configure {
  type: "configure";
  tick_ms?: number;
  /**
   * @minItems 1
   * @maxItems 3
   */
  modalities?: ("face" | "text" | "voice")[];
  smoothing_ms?: number;
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
 * Leave a modality out of the states of ``session``, or take it in again.
 *
 *     Without ``session`` it is the sender's own.
 */
export interface Mute {
  type: "mute";
  modality: "face" | "text" | "voice";
  muted: boolean;
  session?: string;
}
/**
 * Analyse nothing of the session until :class:`ResumeMedia`; states abstain meanwhile.
 */
export interface Pause {
  type: "pause";
}
/**
 * Go on after :class:`Pause`.
 */
export interface ResumeMedia {
  type: "resume_media";
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
 * This session beside a group that agreed to it; every person in it counts once.
 *
 *     ``people`` is ten or a multiple of it. ``change`` is this session's expression less theirs.
 */
export interface Cohort {
  people: number;
  expression: Expression;
  change: Expression;
}
/**
 * A mean over fused states; valence and arousal lie in [-1, 1].
 */
export interface Expression {
  probs: number[];
  confidence: number;
  valence: number;
  arousal: number;
}
/**
 * This session beside the participant's earlier ones, newest first.
 *
 *     ``change`` is this session's expression less the mean of theirs, each session counting once.
 */
export interface Comparison {
  earlier: EarlierSession[];
  change: Expression;
}
/**
 * An earlier session of the same participant.
 */
export interface EarlierSession {
  opened_at: string;
  fused: number;
  expression: Expression;
}
/**
 * Body of every HTTP answer with a status of 400 or more.
 */
export interface ErrorBody {
  error: ErrorDetail;
}
/**
 * What one modality brought.
 *
 *     ``present`` is the share of the recorded time with evidence; ``coverage`` and ``weight`` are
 *     means over that time, and ``quality`` holds the share of it with each flag.
 */
export interface Evidence {
  present: number;
  coverage: number;
  weight: number;
  quality: {
    [k: string]: number;
  };
}
/**
 * States of a session that were skipped for this subscriber, both ends included.
 */
export interface Gap {
  type: "gap";
  session: string;
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
 * What is known of an entry's effect, and where that is written.
 */
export interface KnownEffect {
  note: string;
  source: string;
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
 * A person in a room, by session.
 */
export interface Member {
  session: string;
  participant: string;
  muted?: ("face" | "text" | "voice")[];
  paused?: boolean;
}
/**
 * A person has come into the room.
 */
export interface MemberJoined {
  type: "member.joined";
  room: string;
  member: Member;
}
/**
 * A person has left the room: the ``reason`` of ``session.closed``, or ``lost``.
 */
export interface MemberLeft {
  type: "member.left";
  room: string;
  session: string;
  participant: string;
  reason: string;
}
/**
 * A modality of a person is left out (``muted``) or taken in again.
 */
export interface MemberMuted {
  type: "member.muted";
  room: string;
  session: string;
  participant: string;
  modality: "face" | "text" | "voice";
  muted: boolean;
}
/**
 * A person has paused the session (``paused``) or goes on.
 */
export interface MemberPaused {
  type: "member.paused";
  room: string;
  session: string;
  participant: string;
  paused: boolean;
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
 * Why nothing is named; ``needed_seconds`` is how long an expression has to be shown.
 */
export interface NoRecommendation {
  reason: "not_agreed" | "purpose_excluded" | "too_little_evidence";
  needed_seconds: number;
}
/**
 * A note that is kept with the records of its session.
 */
export interface NoteAnswer {
  note_id: string;
  session_id: string;
  kept_at: string;
}
/**
 * Body of ``POST /v1/sessions/{id}/notes``.
 *
 *     ``note_id`` is the writer's choice, 32 hexadecimal digits: a note that is sent twice is kept
 *     once. ``t_ms`` is on the session clock.
 */
export interface NoteRequest {
  note_id: string;
  t_ms: number;
  body: string;
}
/**
 * What people are told before they are analysed; answer to ``GET /v1/notice``.
 *
 *     ``version`` is for ``text_version`` of the receipt. ``sha256`` is that of ``text`` in UTF-8.
 *     ``covers`` is what a receipt may cover here.
 */
export interface Notice {
  version: string;
  language: string;
  languages: string[];
  text: string;
  sha256: string;
  covers?: ("baseline" | "cohort" | "recommendations" | "records" | "text" | "traits" | "transcript")[];
}
/**
 * A room with somebody in it.
 */
export interface OpenRoom {
  room: string;
  members: Member[];
}
/**
 * Answer to ``GET /v1/staff/rooms``, by name.
 */
export interface OpenRooms {
  rooms: OpenRoom[];
}
/**
 * Where the face is in one analysed picture, or ``box: null`` when none is found.
 *
 *     ``landmarks`` holds x, y of the 468 FaceMesh points, flat. ``activation`` is missing if the
 *     network has no map. Only the newest one is kept for a subscriber.
 */
export interface Overlay {
  type: "overlay";
  t_ms: number;
  box: number[] | null;
  landmarks: number[];
  blinks_total: number;
  activation?: Activation;
}
/**
 * A stretch of the timeline: ``states`` states, of which those with an expression are averaged.
 *
 *     ``label`` is the highest mean; with no expression it and ``expression`` are null. ``evidence``
 *     is of this stretch.
 */
export interface Point {
  t_start_ms: number;
  t_end_ms: number;
  states: number;
  label: string | null;
  expression: Expression | null;
  evidence: {
    [k: string]: Evidence;
  };
}
/**
 * What the rules of ``version`` allow, by which ``rule``, and which rules demand the notice.
 */
export interface PolicyDecision {
  outcome: "allow" | "refuse" | "text_only";
  rule: string;
  version: string;
  notice_rules: string[];
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
 * The consent under which the session was recorded; whose it is, is left out.
 */
export interface Receipt {
  text_version: string;
  language: string;
  given_at: string;
  method: "button" | "checkbox" | "signature" | "spoken" | "test";
  covers: ("baseline" | "cohort" | "recommendations" | "records" | "text" | "traits" | "transcript")[];
}
/**
 * An entry of the catalogue; ``text`` is an exercise, step by step.
 *
 *     ``language`` is an ISO 639 code, ``zxx`` for what has no words.
 */
export interface Recommendation {
  id: string;
  title: string;
  kind: "article" | "exercise" | "music" | "video";
  language: string;
  licence: string;
  minutes: number;
  evidence: KnownEffect;
  because: Because;
  url?: string;
  text?: string[];
}
/**
 * Answer to ``GET /v1/sessions/{session}/recommendations``.
 *
 *     ``help_lines`` come first, if the session raised ``support_resources``. ``items`` follow the way
 *     of their ``because``; those of one step are in the order in which they fit. ``catalogue`` is its
 *     version.
 */
export interface Recommendations {
  session: string;
  catalogue: string;
  help_lines: HelpLine[];
  basis: Basis | null;
  abstain: NoRecommendation | null;
  items: Recommendation[];
}
/**
 * One session of which records are kept.
 *
 *     ``closed_at``, ``reason`` and ``totals`` are null while it is open, and where its end was not
 *     seen.
 */
export interface RecordedSession {
  session: string;
  participant: string;
  room: string;
  opened_at: string;
  closed_at: string | null;
  reason: string | null;
  modalities: ("face" | "text" | "voice")[];
  totals: Totals | null;
}
/**
 * Answer to ``GET /v1/staff/sessions``, newest first; ``next`` is the path of earlier ones.
 */
export interface RecordedSessions {
  sessions: RecordedSession[];
  next: string | null;
}
/**
 * Answer to ``GET /v1/sessions/{session}/report``.
 *
 *     ``closed_at``, ``reason`` and ``totals`` are null while the session is open, and for one whose
 *     end was not seen. ``abstained`` counts states without an expression by their reason;
 *     ``shares`` are of the time with one. ``labels`` is the order of every ``probs``. ``absent`` says
 *     of what is null why it is. ``purpose`` is null for sessions of before it was kept.
 */
export interface Report {
  session: string;
  participant: string;
  opened_at: string;
  closed_at: string | null;
  reason: string | null;
  recorded_ms: number;
  tick_ms: number;
  purpose: string | null;
  consent: Receipt;
  modalities: ("face" | "text" | "voice")[];
  models: {
    [k: string]: string;
  };
  labels: string[];
  totals: Totals | null;
  states: number;
  fused: number;
  abstained: {
    [k: string]: number;
  };
  expression: Expression | null;
  shares: {
    [k: string]: number;
  };
  segments: Segment[];
  transitions: Transition[];
  evidence: {
    [k: string]: Evidence;
  };
  blinks: Blinks | null;
  voice: VoiceSignals | null;
  gaps: Span[];
  warnings: WarningSpan[];
  timeline: Point[];
  comparison: Comparison | null;
  words: Word[] | null;
  traits: Traits | null;
  cohort: Cohort | null;
  absent: {
    [k: string]:
      | "insufficient_text"
      | "no_earlier_sessions"
      | "no_evidence"
      | "no_expression"
      | "not_allowed"
      | "not_covered"
      | "not_in_session"
      | "off"
      | "too_few";
  };
}
/**
 * An expression that stayed for two seconds or longer, with its mean confidence.
 */
export interface Segment {
  label: string;
  t_start_ms: number;
  t_end_ms: number;
  confidence: number;
}
/**
 * How often one expression followed another without a pause.
 */
export interface Transition {
  before: string;
  after: string;
  count: number;
}
/**
 * How long and in how many turns there was speech, and its mean loudness (full scale: 0).
 *
 *     ``speaking_share`` is of the recorded time, ``pauses_per_minute`` of speech, ``pause_ms`` the
 *     mean pause. ``pitch_hz`` is the median over seconds, ``pitch_range_st`` from its 10th to its
 *     90th percentile in semitones. What was not measured is null, all of it in records of before it
 *     was.
 */
export interface VoiceSignals {
  speaking_ms: number;
  turns: number;
  loudness_db: number;
  speaking_share: number;
  pauses_per_minute?: number | null;
  pause_ms?: number | null;
  pitch_hz?: number | null;
  pitch_range_st?: number | null;
  syllables_per_second?: number | null;
}
/**
 * A time without states.
 */
export interface Span {
  t_start_ms: number;
  t_end_ms: number;
}
/**
 * A condition that degraded the states; one that lasted to the end has no ``t_end_ms``.
 */
export interface WarningSpan {
  code: string;
  t_start_ms: number;
  t_end_ms: number | null;
}
/**
 * A word of the lines that were kept, and how often it was written.
 *
 *     ``share`` is of all words of the session, ``earlier`` the share that the word had in the same
 *     person's earlier sessions; null if nothing of their text was kept.
 */
export interface Word {
  word: string;
  count: number;
  share: number;
  earlier: number | null;
}
/**
 * The last message of a room: everybody has left.
 */
export interface RoomClosed {
  type: "room.closed";
  room: string;
}
/**
 * Answer to ``hello`` on a room's feed; ``members`` are those that the view shows.
 */
export interface RoomEntered {
  type: "room.entered";
  room: string;
  role: "clinician" | "observer" | "participant" | "supervisor";
  view: "aggregate" | "full" | "own" | "trends";
  version: number;
  labels: string[];
  members: Member[];
  notice: string;
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
 *
 *     ``smoothing_ms`` is null where the server smooths in another way. ``baseline`` names the
 *     modalities whose scores are relative to the person's own neutral.
 */
export interface SessionConfig {
  tick_ms: number;
  modalities: ("face" | "text" | "voice")[];
  detail: "overlay" | "state";
  smoothing_ms?: number | null;
  baseline?: ("face" | "text" | "voice")[];
}
/**
 * Answer to ``configure`` and ``baseline.load``.
 */
export interface SessionUpdated {
  type: "session.updated";
  config: SessionConfig;
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
 * Where a person's expression moves; null while that cannot be said.
 */
export interface Trend {
  type: "trend";
  session: string;
  participant: string;
  seq: number;
  t_start_ms: number;
  t_end_ms: number;
  valence: ("falling" | "rising" | "steady") | null;
  arousal: ("falling" | "rising" | "steady") | null;
}
/**
 * Answer to a session request: where to connect, and with which token.
 *
 *     ``client_token`` must be used for the first time until ``expires_at``; ``token_id`` names it.
 *     URLs are paths on the same host. ``ice_servers`` is for the ``RTCPeerConnection``; ``notice``
 *     is the text to show to the person.
 */
export interface SessionCredentials {
  session_id: string;
  client_token: string;
  token_id: string;
  expires_at: string;
  feed_url: string;
  whip_url: string;
  ice_servers: IceServer[];
  room: string;
  room_feed_url: string;
  policy: PolicyDecision;
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
 * Body of ``POST /v1/sessions`` and ``POST /v1/demo/sessions``.
 *
 *     Without ``room`` the session has one of its own. With ``origin`` its token serves pages of that
 *     origin only.
 *
 *     ``jurisdiction`` is an ISO 3166 code of a country or of a part of one, or ``EU``;
 *     ``subject_flags`` says what keeps the person from consenting by themselves.
 *
 *     States move halfway to what is shown within ``smoothing_ms``; 0 for no smoothing. With
 *     ``explain`` each says what it rests on. With ``transcribe`` what is said is written down and
 *     read as text, where the server does that; it needs the modalities ``voice`` and ``text``.
 *
 *     Records are erased after ``retention_days``, or earlier where the server keeps them for less.
 */
export interface SessionRequest {
  purpose?: string;
  jurisdiction?: string;
  subject_flags?: ("incapacitated" | "minor")[];
  consent?: Consent;
  participant?: string;
  room?: string;
  /**
   * @minItems 1
   * @maxItems 3
   */
  modalities?: ("face" | "text" | "voice")[];
  tick_ms?: number;
  origin?: string;
  retention_days?: number;
  smoothing_ms?: number;
  explain?: boolean;
  transcribe?: boolean;
}
/**
 * Answer to ``DELETE /v1/staff/session``: the browser goes to ``next``.
 */
export interface SignedOut {
  next: string;
}
/**
 * Answer to ``GET /v1/staff/session``.
 *
 *     ``records`` says whether sessions are recorded here. ``name`` is what the provider calls the
 *     person; it and ``ends_at`` are null for whoever sits at the machine of a server on which nobody
 *     signs in.
 */
export interface StaffInfo {
  role: "clinician" | "supervisor";
  scopes: ("control" | "feed" | "media" | "mute" | "notes" | "report" | "text" | "tokens")[];
  records: boolean;
  name: string | null;
  ends_at: string | null;
}
/**
 * A further token, and the feed that it opens (a path on the same host).
 *
 *     ``token_id`` names it, to revoke it.
 */
export interface TokenAnswer {
  token: string;
  token_id: string;
  role: "clinician" | "observer" | "participant" | "supervisor";
  view: "aggregate" | "full" | "own" | "trends";
  scopes: ("control" | "feed" | "media" | "mute" | "notes" | "report" | "text" | "tokens")[];
  feed_url: string;
  redeem_seconds: number;
}
/**
 * Body of ``POST /v1/sessions/{id}/tokens``.
 *
 *     ``scopes`` defaults to all that the role may have. The token must be used for the first time
 *     within ``redeem_seconds``; with ``origin``, by pages of that origin only.
 */
export interface TokenRequest {
  role: "clinician" | "observer" | "participant" | "supervisor";
  scopes?: ("control" | "feed" | "media" | "mute" | "notes" | "report" | "text" | "tokens")[];
  redeem_seconds?: number;
  origin?: string;
}
