import { expect, test } from "vitest";
import { CALM_STATES, encoding, QualityLadder } from "../../src/sdk/quality";

test("a busy server gets less picture at once, and more again step by step", () => {
  const ladder = new QualityLadder();
  const full = ladder.quality;
  expect(ladder.heed("minimal")).toBe(true);
  const least = ladder.quality;
  expect(least.framesPerSecond).toBeLessThan(full.framesPerSecond);
  expect(least.scale).toBeGreaterThan(full.scale);

  const changes = Array.from({ length: 2 * CALM_STATES }, () => ladder.heed("full"));
  expect(changes.filter(Boolean)).toHaveLength(2);
  expect(ladder.quality).toEqual(full);
});

test("a little trouble while it is calm begins the wait anew", () => {
  const ladder = new QualityLadder();
  ladder.heed("reduced");
  for (let states = 1; states < CALM_STATES; states += 1) ladder.heed("full");
  ladder.heed("reduced");
  expect(ladder.heed("full")).toBe(false);
});

test("a server that is less busy is not sent less", () => {
  const ladder = new QualityLadder();
  ladder.heed("minimal");
  expect(ladder.heed("reduced")).toBe(false);
});

test("a camera that gives more than was asked for is scaled down", () => {
  const full = new QualityLadder().quality;
  expect(encoding(full, { width: 1280, height: 960 }).scaleResolutionDownBy).toBe(2);
  expect(encoding(full, { width: 320, height: 240 }).scaleResolutionDownBy).toBe(1);
});
