/** What `kubectl proxy` lets through, by regular expressions. k8s: kubectl/pkg/proxy/proxy_server.go FilterServer */
import { encodeUtf8 } from "../../runtime/bytes.ts";
import { Regex, regexFor } from "../../regex/regex.ts";
import { MatchWork } from "../../runtime/match-work.ts";

/** Patterns, comma separated each. */
export interface Filter {
  acceptPaths: string;
  rejectPaths: string;
  acceptHosts: string;
  rejectMethods: string;
}

const listed = (patterns: string): string[] => (patterns === "" ? [] : patterns.split(","));

const compiled = (work: MatchWork, pattern: string): Regex | undefined => {
  const made = regexFor(work, pattern, encodeUtf8(pattern), { syntax: "perl" });
  return made instanceof Regex ? made : undefined;
};

/** The first pattern that is none; undefined: all are. */
export function badPattern(filter: Filter): string | undefined {
  const all = [filter.acceptPaths, filter.rejectPaths, filter.acceptHosts, filter.rejectMethods];
  return all.flatMap(listed).find((pattern) => !compiled(new MatchWork(), pattern));
}

function matches(text: string, patterns: string): boolean {
  const work = new MatchWork();
  return listed(patterns).some(
    (pattern) => compiled(work, pattern)?.test(encodeUtf8(text), work) === true,
  );
}

/** The host of a `Host:` header. Go: net.SplitHostPort, or the whole */
const hostOf = (header: string): string =>
  /^\[([^\]]*)\]:\d*$/.exec(header)?.[1] ?? /^([^:[\]]*):\d*$/.exec(header)?.[1] ?? header;

export const accepts = (filter: Filter, method: string, path: string, host: string): boolean =>
  !matches(path, filter.rejectPaths) &&
  !matches(method, filter.rejectMethods) &&
  matches(path, filter.acceptPaths) &&
  matches(hostOf(host), filter.acceptHosts);
