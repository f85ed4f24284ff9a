/**
 * How far regions are from each other: round-trip times in milliseconds, rounded to 5.
 *
 * Between Washington, London, Frankfurt, Sydney, Tokyo and São Paulo: IBM Cloud VPC, "Network latency", averages of 10 January to 8 February 2026
 * (https://cloud.ibm.com/docs/vpc?topic=vpc-network-latency-dashboard). Cape Town, Dubai, Singapore, California and Hong Kong: medians between
 * regions of AWS (https://www.cloudping.co), of the same order on every large network. Cloudflare publishes no such table.
 */
import { PLACES, type Place } from '../../src/model/token.ts';

/** California, Virginia, São Paulo, London, Frankfurt, Singapore, Sydney, Cape Town, Dubai. */
const ROUND_TRIPS: readonly (readonly number[])[] = [
  // wnam enam sam weur eeur apac oc afr me
  [0],
  [60, 0],
  [175, 120, 0],
  [145, 75, 190, 0],
  [150, 90, 200, 15, 0],
  [170, 220, 325, 165, 160, 0],
  [140, 210, 325, 260, 250, 95, 0],
  [285, 225, 335, 150, 155, 205, 295, 0],
  [225, 180, 290, 120, 110, 90, 175, 125, 0],
];

/**
 * From data centers of a region to the one where its objects are. North America: Washington–Toronto 20, –Dallas 32; Europe: London–Frankfurt 13,
 * –Madrid 25; Asia: Singapore–Hong Kong 34, –Mumbai 60, –Tokyo 70; the same sources. The rest by distance.
 */
const WITHIN: Readonly<Record<Place, readonly number[]>> = {
  wnam: [2, 8, 10, 20, 25],
  enam: [2, 8, 10, 20, 32],
  sam: [2, 10, 15, 30, 50],
  weur: [2, 8, 10, 13, 25],
  eeur: [2, 10, 15, 20, 30],
  apac: [2, 13, 34, 60, 70],
  oc: [2, 5, 12, 25, 45],
  afr: [2, 10, 30, 60, 90],
  me: [2, 10, 15, 30, 40],
};

/** Cloudflare makes no objects in these regions yet, but "in a nearby location" (https://developers.cloudflare.com/durable-objects/reference/data-location/). */
const NEARBY: { readonly [place in Place]?: Place } = { sam: 'enam', afr: 'weur', me: 'eeur' };

/** Where D1 has replicas, and a KV region its cache: https://developers.cloudflare.com/d1/best-practices/read-replication/. */
export const REPLICAS: readonly Place[] = ['wnam', 'enam', 'weur', 'eeur', 'apac', 'oc'];

/** Where an object is that is made for a region. */
export function siteOf(place: Place): Place {
  return NEARBY[place] ?? place;
}

/** Which data center of a region calls, and chance, from 0 to 1. */
export interface Caller {
  /** Number of the person: one after the other is at each data center. */
  readonly nth: number;
  readonly spread: () => number;
}

/** Milliseconds for a call and its answer. */
export function roundTrip(from: Place, to: Place, { nth, spread }: Caller): number {
  const [a, b] = [PLACES.indexOf(from), PLACES.indexOf(to)];
  const inside = WITHIN[from][nth % WITHIN[from].length] ?? 0;
  const busy = 1 + 0.1 * spread() + (spread() < 0.01 ? 1 : 0); // one in a hundred takes twice as long
  return (a === b ? inside : (ROUND_TRIPS[Math.max(a, b)]?.[Math.min(a, b)] ?? 0) + inside / 2) * busy;
}

/** The nearest of some regions. */
export function nearestTo(from: Place, regions: readonly Place[]): Place {
  const distance = (to: Place): number => roundTrip(from, to, { nth: 2, spread: () => 0.5 });
  return regions.toSorted((one, other) => distance(one) - distance(other))[0] ?? from;
}
