import { countOne, type Allowance, type Refused } from "./db/creations.ts";
import type { Env } from "./env.ts";
import { EdgeError } from "./errors.ts";
import type { Limits } from "./limits.ts";

/**
 * How many sandboxes may be made: by one network a minute, by all an hour, from the first one on; and how often one may try to
 * sign in. Labs have a window of their own, since a class is one network and begins at one moment.
 */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What a refusal calls it. */
interface Limit extends Allowance {
  limit: string;
  what: string;
}

/** The network first: what it may not make does not count against the others. */
export function creationAllowances(
  { createsPerMinuteMax, labsPerMinuteMax, createsPerHourMax }: Limits,
  address: string | undefined,
  { lab = false } = {},
): Limit[] {
  const all: Limit[] = [];
  const max = lab ? labsPerMinuteMax : createsPerMinuteMax;
  if (max !== undefined) {
    const network = networkOf(address ?? "");
    const name = lab ? "LABS_PER_MINUTE_MAX" : "CREATES_PER_MINUTE_MAX";
    all.push({
      scope: `${lab ? "labs" : "network"} ${network}`,
      max,
      windowMs: minuteMs,
      limit: `${name}, ${max} a minute from ${network}`,
      what: lab ? "labs" : "sandboxes",
    });
  }
  if (createsPerHourMax !== undefined) {
    all.push({
      scope: "all",
      max: createsPerHourMax,
      windowMs: hourMs,
      limit: `CREATES_PER_HOUR_MAX, ${createsPerHourMax} an hour from everybody`,
      what: "sandboxes",
    });
  }
  return all;
}

/** What a creation that was not written down is refused with. */
export function refusalOf(
  refused: Refused,
  { sandboxesPerPersonMax: most }: Limits,
  now: number,
): EdgeError {
  if (refused === "owner has all") {
    return new EdgeError(
      409,
      `you have ${most} sandboxes, the most that one may (SANDBOXES_PER_PERSON_MAX); delete one`,
    );
  }
  const { limit, what } = refused.usedUp as Limit;
  return tooMany(limit, refused.endsAt, now, what);
}

/** How often one network may try to sign in, a minute. */
export async function spendSignIn(
  env: Env,
  { signInsPerMinuteMax }: Limits,
  address: string | undefined,
  now: number,
): Promise<void> {
  if (signInsPerMinuteMax === undefined) return;
  const network = networkOf(address ?? "");
  const scope = `sign-in ${network}`;
  const endsAt = await countOne(env.DB, scope, signInsPerMinuteMax, minuteMs, now);
  const limit = `SIGN_INS_PER_MINUTE_MAX, ${signInsPerMinuteMax} a minute from ${network}`;
  if (endsAt !== undefined) throw tooMany(limit, endsAt, now, "attempts to sign in");
}

function tooMany(limit: string, endsAt: number, now: number, what: string): EdgeError {
  const seconds = Math.max(1, Math.ceil((endsAt - now) / 1000));
  const until = new Date(endsAt).toISOString();
  const error = new EdgeError(
    429,
    `too many ${what}: the limit is ${limit}; it resets at ${until}, in ${seconds} s`,
  );
  error.retryAfterSeconds = seconds;
  return error;
}

/** Whom an address stands for: IPv4 for itself (mapped into IPv6 as well), IPv6 for its /64, which one customer has whole. */
export function networkOf(address: string): string {
  const text = address.trim().toLowerCase();
  if (!text.includes(":")) return text === "" ? "unknown" : text;
  const groups = groupsOf(text);
  if (!groups) return "unknown";
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) {
    const [high = 0, low = 0] = groups.slice(6);
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  }
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

/** The eight numbers of an IPv6 address; undefined: it is none. */
function groupsOf(text: string): number[] | undefined {
  const [plain = ""] = text.split("%", 1);
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail] = halves.map(numbersOf);
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
}

function numbersOf(half: string): number[] | undefined {
  if (half === "") return [];
  const out: number[] = [];
  const parts = half.split(":");
  for (const [i, part] of parts.entries()) {
    const v4 =
      i === parts.length - 1 ? /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part) : null;
    if (v4) {
      const [a = 0, b = 0, c = 0, d = 0] = v4.slice(1).map(Number);
      if (Math.max(a, b, c, d) > 255) return undefined;
      out.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-f]{1,4}$/.test(part)) out.push(parseInt(part, 16));
    else return undefined;
  }
  return out;
}
