import { describe, expect, test } from "vitest";
import {
  GOOD_MS,
  HELD_MS,
  RETRY_MAX_MS,
  RETRY_MS,
  SAMPLE_MS,
  SETTLE_MS,
  Uplink,
  type UplinkSample,
  uplinkSample,
  WEAK_MS,
} from "../../src/sdk/uplink";

const GOOD: UplinkSample = { availableBits: 900_000, lost: 0, roundTripMs: 40 };
const LOSSY: UplinkSample = { ...GOOD, lost: 0.2 };

/** Samples the same for `ms`, and answers when the picture went or came back. */
function last(
  uplink: Uplink,
  sample: UplinkSample,
  from: number,
  ms: number,
  level: "full" | "minimal" = "full",
): number[] {
  const changes: number[] = [];
  for (let now = from; now < from + ms; now += SAMPLE_MS) {
    if (uplink.heed(sample, level, now)) changes.push(now);
  }
  return changes;
}

describe("the picture goes", () => {
  test.each<[string, Partial<UplinkSample>]>([
    ["much is lost", { lost: 0.1 }],
    ["the way is clogged", { roundTripMs: 1_200 }],
  ])("when %s for a while", (_, bad) => {
    const uplink = new Uplink();
    expect(last(uplink, { ...GOOD, ...bad }, 0, 60_000)).toEqual([WEAK_MS]);
    expect(uplink.audioOnly).toBe(true);
  });

  test("when there is no room for it, once the sender can know that", () => {
    const narrow = { ...GOOD, availableBits: 119_999 };
    expect(last(new Uplink(), narrow, 0, 40_000)).toEqual([SETTLE_MS + WEAK_MS]);
    expect(last(new Uplink(), narrow, 500_000, 40_000)).toEqual([500_000 + SETTLE_MS + WEAK_MS]);
  });

  test("not for a moment's trouble, however often", () => {
    const uplink = new Uplink();
    for (let now = 0; now < 600_000; now += WEAK_MS + SAMPLE_MS) {
      expect(last(uplink, LOSSY, now, WEAK_MS)).toEqual([]);
      expect(last(uplink, GOOD, now + WEAK_MS, SAMPLE_MS)).toEqual([]);
    }
  });

  test("not where the browser says nothing", () => {
    const silent = { availableBits: null, lost: null, roundTripMs: null };
    expect(last(new Uplink(), silent, 0, 600_000)).toEqual([]);
  });
});

describe("the picture comes back", () => {
  test("when it was away for a while and the way is good", () => {
    const uplink = new Uplink();
    last(uplink, LOSSY, 0, WEAK_MS + SAMPLE_MS);
    // What may be sent is not learnt while little is sent.
    const found = { ...GOOD, availableBits: 50_000 };
    expect(last(uplink, found, WEAK_MS + SAMPLE_MS, RETRY_MS)).toEqual([WEAK_MS + RETRY_MS]);
    expect(uplink.audioOnly).toBe(false);
  });

  test("only once the way has been good for as long as it takes", () => {
    const uplink = new Uplink();
    last(uplink, LOSSY, 0, 2 * RETRY_MS);
    expect(last(uplink, { ...GOOD, lost: 0.05 }, 2 * RETRY_MS, 2 * RETRY_MS)).toEqual([]);
    const calm = 4 * RETRY_MS;
    expect(last(uplink, GOOD, calm, RETRY_MS)).toEqual([calm + GOOD_MS]);
  });

  test("not while the server is busy", () => {
    const uplink = new Uplink();
    last(uplink, LOSSY, 0, WEAK_MS + SAMPLE_MS);
    expect(last(uplink, GOOD, WEAK_MS + SAMPLE_MS, 10 * RETRY_MS, "minimal")).toEqual([]);
  });

  test("later each time that it does not hold, and soon again after it has held", () => {
    const uplink = new Uplink();
    const waits: number[] = [];
    let now = 0;
    const until = (sample: UplinkSample) => {
      const began = now;
      do now += SAMPLE_MS;
      while (!uplink.heed(sample, "full", now));
      return now - began;
    };
    for (let attempt = 0; attempt < 6; attempt += 1) {
      until(LOSSY);
      waits.push(until(GOOD));
    }
    expect(waits).toEqual([1, 2, 4, 8, 10, 10].map((factor) => factor * RETRY_MS));
    expect(waits.at(-1)).toBe(RETRY_MAX_MS);

    last(uplink, GOOD, now + SAMPLE_MS, HELD_MS);
    now += HELD_MS;
    until(LOSSY);
    expect(until(GOOD)).toBe(RETRY_MS);
  });
});

describe("a sample", () => {
  test("is that of the pair in use and of the worse medium", () => {
    const stats = [
      { type: "candidate-pair", nominated: false, state: "succeeded", currentRoundTripTime: 9 },
      {
        type: "candidate-pair",
        nominated: true,
        state: "succeeded",
        currentRoundTripTime: 0.25,
        availableOutgoingBitrate: 300_000,
      },
      { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.02 },
      { type: "remote-inbound-rtp", kind: "video", fractionLost: 0.12 },
      { type: "outbound-rtp", kind: "video" },
    ];
    expect(uplinkSample(stats)).toEqual({ availableBits: 300_000, lost: 0.12, roundTripMs: 250 });
  });

  test("of a browser that says nothing is empty", () => {
    const nothing = { availableBits: null, lost: null, roundTripMs: null };
    expect(uplinkSample([{ type: "transport" }])).toEqual(nothing);
  });
});
