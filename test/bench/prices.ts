/**
 * Cloudflare's published prices, in US dollars, of the Workers Paid plan; what the plan includes is left aside. Sources, as they stood on
 * 20 November 2026: developers.cloudflare.com workers/platform/pricing, durable-objects/platform/pricing, d1/platform/pricing, r2/pricing.
 */
export const pricesOf = "2026-11-20";

const million = 1e6;

export const prices = {
  requests: { of: "Worker requests", each: 0.3 / million },
  cpuMs: { of: "Worker CPU, ms", each: 0.02 / million },
  objectRequests: { of: "object requests", each: 0.15 / million },
  /** An object is billed with 128 MB, whatever it holds. */
  objectSeconds: { of: "object seconds", each: (12.5 / million) * 0.128 },
  objectRowsRead: { of: "object rows read", each: 0.001 / million },
  objectRowsWritten: { of: "object rows written", each: 1 / million },
  objectMbMonths: { of: "object storage, MB for a month", each: 0.2 / 1000 },
  databaseRowsRead: { of: "D1 rows read", each: 0.001 / million },
  databaseRowsWritten: { of: "D1 rows written", each: 1 / million },
  databaseMbMonths: { of: "D1 storage, MB for a month", each: 0.75 / 1000 },
  bucketWrites: { of: "R2 class A operations", each: 4.5 / million },
  bucketReads: { of: "R2 class B operations", each: 0.36 / million },
  bucketMbMonths: { of: "R2 storage, MB for a month", each: 0.015 / 1000 },
} as const;

export type Used = Partial<Record<keyof typeof prices, number>>;

/** US dollars. */
export const costOf = (used: Used): number =>
  Object.entries(used).reduce(
    (sum, [name, count]) => sum + count * prices[name as keyof typeof prices].each,
    0,
  );
