/**
 * `--as`: who the request counts as. Each mode in turn may let it through, and the first one's refusal is what is told.
 * k8s: apiserver/pkg/endpoints/filters/impersonation, ConstrainedImpersonation
 */
import type { Reader } from "../../ports/controller.ts";
import type { ApiRequest, User } from "../../ports/request.ts";
import { authorize, superuserGroup, type Attributes } from "./authorization.ts";
import { aggregate, goQuote } from "../../machinery/field.ts";
import { forbiddenTo } from "./forbidden.ts";
import * as status from "../../machinery/status.ts";
import { nodeNameExtra } from "./token-validation.ts";
import { dns1123Subdomain, domainPrefixedPath } from "../../machinery/names.ts";

const extraPrefix = "impersonate-extra-";
const authentication = "authentication.k8s.io";
/** From so many values on, the right to all of them is asked for first. */
const manyChecks = 4;

interface Wanted {
  name: string;
  uid: string;
  groups: string[];
  extra: Record<string, string[]>;
}

interface Mode {
  name: string;
  /** Whether the mode is for such a user at all. */
  fits(wanted: Wanted, asker: User): boolean;
}

const modes: readonly Mode[] = [
  {
    name: "associated-node",
    fits: (wanted, asker) => {
      const node = nodeOf(wanted.name);
      return (
        node !== undefined &&
        onlyName(wanted) &&
        serviceAccountOf(asker.name) !== undefined &&
        asker.extra?.[nodeNameExtra]?.join() === node
      );
    },
  },
  {
    name: "arbitrary-node",
    fits: (wanted) => onlyName(wanted) && nodeOf(wanted.name) !== undefined,
  },
  {
    name: "serviceaccount",
    fits: (wanted) => onlyName(wanted) && serviceAccountOf(wanted.name) !== undefined,
  },
  {
    name: "user-info",
    fits: ({ name }) => nodeOf(name) === undefined && serviceAccountOf(name) === undefined,
  },
];

/** Who the request acts as: the asker, or whom its Impersonate-* headers name. Throws 403 where the asker may not. */
export function impersonated(
  reader: Reader,
  request: ApiRequest,
  asker: User,
  attributes: Attributes,
): User {
  const wanted = wantedOf(request.headers);
  if (!wanted) return asker;
  let refusal: status.StatusError | undefined;
  for (const mode of [...modes, undefined]) {
    if (mode && !mode.fits(wanted, asker)) continue;
    try {
      if (mode) asking(reader, asker, `impersonate-on:${mode.name}:${attributes.verb}`)(attributes);
      return assumed(reader, asker, wanted, mode);
    } catch (error) {
      if (!(error instanceof status.StatusError)) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? status.internalError("all impersonation modes failed");
}

/** Whether a request names somebody that it is to count as. */
export const actsAsAnother = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.startsWith("impersonate-"));

function wantedOf(headers: Readonly<Record<string, string>>): Wanted | undefined {
  const wanted: Wanted = {
    name: headers["impersonate-user"] ?? "",
    uid: headers["impersonate-uid"] ?? "",
    groups: (headers["impersonate-group"] ?? "").split(/\n|, /).filter(Boolean),
    extra: {},
  };
  for (const [key, value] of Object.entries(headers)) {
    if (!key.startsWith(extraPrefix)) continue;
    wanted.extra[unescaped(key.slice(extraPrefix.length))] = value.split(", ");
  }
  if (wanted.name) return wanted;
  if (onlyName(wanted)) return undefined;
  throw status.badRequest(`requested ${goUser(wanted)} without impersonating a user name`);
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** As Go prints the value with %#v. */
function goUser({ name, uid, groups, extra }: Wanted): string {
  const strings = (list: readonly string[]): string => `[]string{${list.map(goQuote).join(", ")}}`;
  const keys = Object.keys(extra).sort();
  const pairs = keys.map((key) => `${goQuote(key)}:${strings(extra[key] ?? [])}`);
  return `&user.DefaultInfo{Name:${goQuote(name)}, UID:${goQuote(uid)}, Groups:${
    groups.length ? strings(groups) : "[]string(nil)"
  }, Extra:map[string][]string${pairs.length ? `{${pairs.join(", ")}}` : "(nil)"}}`;
}

const onlyName = ({ uid, groups, extra }: Wanted): boolean =>
  uid === "" && groups.length === 0 && Object.keys(extra).length === 0;

function nodeOf(name: string): string | undefined {
  const node = /^system:node:(.+)$/.exec(name)?.[1];
  return node !== undefined && dns1123Subdomain(node).length === 0 ? node : undefined;
}

interface ServiceAccountName {
  namespace: string;
  name: string;
}

function serviceAccountOf(user: string): ServiceAccountName | undefined {
  const found = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  return found ? { namespace: found[1] as string, name: found[2] as string } : undefined;
}

type Ask = (group: string, resource: string, name: string, more?: Partial<Attributes>) => void;

/** Asks for one right of the asker's; throws the refusal. */
function asking(reader: Reader, asker: User, verb: string): (attributes: Attributes) => void {
  return (attributes) => {
    // A service account that is on the node must be allowed all of them: its node changes.
    const any = verb === "impersonate:associated-node";
    const asked = { ...attributes, verb, ...(any ? { name: "*" } : {}) };
    const decision = authorize(asker, asked, reader);
    if (!decision.allowed) throw forbiddenTo(asker, asked, decision.reason);
  };
}

/** k8s: impersonationModeState.check */
function assumed(reader: Reader, asker: User, wanted: Wanted, mode: Mode | undefined): User {
  const { name, uid, extra } = wanted;
  const verb = mode ? `impersonate:${mode.name}` : "impersonate";
  const allowed = asking(reader, asker, verb);
  const attributes = (group: string, resource: string, value: string): Attributes => ({
    verb,
    group,
    resource,
    subresource: "",
    name: value,
    namespace: "",
    path: "",
  });
  const ask: Ask = (group, resource, value, more) =>
    allowed({ ...attributes(group, resource, value), ...more });
  const home = mode ? authentication : "";
  const account = serviceAccountOf(name);
  const node = mode ? nodeOf(name) : undefined;
  if (account) {
    ask(home, "serviceaccounts", account.name, { namespace: account.namespace });
  } else if (node !== undefined) ask(home, "nodes", node);
  else ask(home, "users", name);
  if (uid) ask(authentication, "uids", uid);
  if (mode && wanted.groups.includes(superuserGroup)) {
    const why = "impersonating the system:masters group is not allowed";
    throw forbiddenTo(asker, attributes(home, "groups", superuserGroup), why);
  }
  askGroups(wanted.groups, mode, (group) => ask(home, "groups", group));
  const problem = mode ? extraProblem(extra) : undefined;
  if (problem !== undefined) {
    throw forbiddenTo(asker, attributes(authentication, "userextras", ""), problem);
  }
  askExtra(extra, mode, (key, value) =>
    ask(authentication, "userextras", value, { subresource: key }),
  );
  return {
    name,
    groups: groupsOf(wanted, account, node),
    ...(uid ? { uid } : {}),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

function askGroups(groups: string[], mode: Mode | undefined, ask: (group: string) => void): void {
  if (mode && groups.length >= manyChecks && succeeds(() => ask("*"))) return;
  for (const group of groups) ask(group);
}

function askExtra(
  extra: Wanted["extra"],
  mode: Mode | undefined,
  ask: (key: string, value: string) => void,
): void {
  const pairs = Object.entries(extra).flatMap(([key, values]) =>
    values.map((value) => [key, value] as const),
  );
  if (mode && pairs.length >= manyChecks && succeeds(() => ask("*", "*"))) return;
  for (const [key, value] of pairs) ask(key, value);
}

function succeeds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof status.StatusError) return false;
    throw error;
  }
}

/** k8s: validateExtra */
function extraProblem(extra: Wanted["extra"]): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === "") return "impersonating the empty string key in extra is not allowed";
    const errors = domainPrefixedPath("extra.key", key);
    if (errors.length > 0) {
      return `impersonating an invalid key in extra is not allowed: ${aggregate(errors)}`;
    }
    if (key !== key.toLowerCase()) {
      return `impersonating a non-lowercase key in extra is not allowed: ${goQuote(key)}`;
    }
    if (values.includes("")) {
      return "impersonating the empty string value in extra is not allowed";
    }
  }
  return undefined;
}

/** Groups that follow from what the user is. */
function groupsOf(
  wanted: Wanted,
  account: ServiceAccountName | undefined,
  node: string | undefined,
): string[] {
  const groups = new Set(wanted.groups);
  if (node !== undefined) groups.add("system:nodes");
  if (account && groups.size === 0) {
    groups.add("system:serviceaccounts");
    groups.add(`system:serviceaccounts:${account.namespace}`);
  }
  if (wanted.name === "system:anonymous") groups.add("system:unauthenticated");
  else if (!groups.has("system:unauthenticated")) groups.add("system:authenticated");
  return [...groups];
}
