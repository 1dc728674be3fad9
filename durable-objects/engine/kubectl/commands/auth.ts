/** kubectl auth can-i, whoami. k8s: kubectl/pkg/cmd/auth */
import type { Command, Kubectl } from "../command.ts";
import { isNotFound, isReason } from "../errors.ts";
import { byText } from "../go/json.ts";
import { placeIn } from "../mutate/mutation.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import { TabWriter } from "../printers/tab-writer.ts";
import type { Outcome, Work } from "../work.ts";
import { reconcile } from "./auth-reconcile.ts";

const resourceVerbs = new Set(
  "get list watch create update patch delete deletecollection use bind impersonate * approve sign escalate attest".split(
    " ",
  ),
);
const urlVerbs = new Set("get put post head options delete patch *".split(" "));

interface Rule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

/** As Go prints a list of words. */
const goWords = (words: readonly string[] = []): string => `[${words.join(" ")}]`;

/** A rule for each verb, group and resource. k8s: component-helpers/auth/rbac/validation/policy_comparator.go BreakdownRule */
function brokenDown(rule: Rule): Rule[] {
  const out: Rule[] = [];
  for (const group of rule.apiGroups ?? [])
    for (const resource of rule.resources ?? [])
      for (const verb of rule.verbs ?? []) {
        const one = { apiGroups: [group], resources: [resource], verbs: [verb] };
        const names = rule.resourceNames ?? [];
        if (names.length === 0) out.push(one);
        else out.push(...names.map((name) => ({ ...one, resourceNames: [name] })));
      }
  for (const url of rule.nonResourceURLs ?? [])
    for (const verb of rule.verbs ?? []) out.push({ nonResourceURLs: [url], verbs: [verb] });
  return out;
}

/** Those of one resource put together again. k8s: kubectl/pkg/util/rbac/rbac.go CompactRules */
function compact(rules: readonly Rule[]): Rule[] {
  const out: Rule[] = [];
  const simple = new Map<string, Rule>();
  for (const rule of rules) {
    if (rule.nonResourceURLs) {
      out.push(rule);
      continue;
    }
    const { apiGroups, resources, resourceNames, verbs = [] } = rule;
    const key = JSON.stringify([apiGroups, resources, resourceNames]);
    const known = simple.get(key);
    if (known) known.verbs = [...new Set([...(known.verbs ?? []), ...verbs])];
    else simple.set(key, { ...rule });
  }
  return [...out, ...simple.values()];
}

const protoText = (rule: Rule): string =>
  `&PolicyRule{Verbs:${goWords(rule.verbs)},APIGroups:${goWords(rule.apiGroups)},Resources:${goWords(rule.resources)},ResourceNames:${goWords(rule.resourceNames)},NonResourceURLs:${goWords(rule.nonResourceURLs)},}`;

/** `deployments.apps/scale` */
function resourceText({ resources = [], apiGroups = [] }: Rule): string {
  const [first] = resources;
  if (first === undefined) return "";
  const [resource = "", sub] = first.split(/\/(.*)/s);
  return `${resource}${apiGroups[0] ? `.${apiGroups[0]}` : ""}${sub === undefined ? "" : `/${sub}`}`;
}

function* listAccess(k: Kubectl, namespace: string): Work<Outcome> {
  const client = yield* k.client();
  const answer = yield* client.json<{
    status: {
      resourceRules?: Rule[];
      nonResourceRules?: Rule[];
      incomplete?: boolean;
      evaluationError?: string;
    };
  }>({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    body: {
      kind: "SelfSubjectRulesReview",
      apiVersion: "authorization.k8s.io/v1",
      spec: { namespace },
    },
  });
  const { status } = answer;
  if (status.incomplete)
    k.err(`Warning: the list may be incomplete: ${status.evaluationError ?? ""}\n`);
  const rules = [...(status.resourceRules ?? []), ...(status.nonResourceRules ?? [])];
  const shown = compact(rules.flatMap(brokenDown)).toSorted((a, b) =>
    byText(protoText(a), protoText(b)),
  );
  const writer = new TabWriter();
  if (!k.flags.bool("no-headers"))
    writer.write("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
  for (const rule of shown)
    writer.write(
      `${resourceText(rule)}\t${goWords(rule.nonResourceURLs)}\t${goWords(rule.resourceNames)}\t${goWords(rule.verbs)}\n`,
    );
  k.out(writer.flush());
  return 0;
}

interface Asked {
  group: string;
  resource: string;
  name: string;
  url: string;
}

const warn = (k: Kubectl, text: string): void => k.err(`Warning: ${text}\n\n`);

/** What an argument means: a path, or a resource with a name. */
function* askedOf(k: Kubectl, arg: string): Work<Asked> {
  if (arg.startsWith("/")) return { group: "", resource: "", name: "", url: arg };
  const [word = "", name = ""] = arg.split(/\/(.*)/s);
  const mapper = yield* k.mapper();
  if (word === "*") return { group: "", resource: "*", name, url: "" };
  const found = mapper.find(word.toLowerCase());
  if (found) {
    if (!found.namespaced && !k.flags.bool("all-namespaces"))
      warn(
        k,
        `resource '${found.plural}' is not namespace scoped${found.group ? ` in group '${found.group}'` : ""}`,
      );
    return { group: found.group, resource: found.plural, name, url: "" };
  }
  const [resource = "", group = ""] = word.toLowerCase().split(/\.(.*)/s);
  if (!["users", "groups"].includes(word.toLowerCase()))
    warn(
      k,
      `the server doesn't have a resource type '${resource}'${group ? ` in group '${group}'` : ""}`,
    );
  return { group: "", resource: word, name, url: "" };
}

function* canI(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (flags.bool("list")) {
    if (args.length > 0) k.fail("list option must be specified with no arguments");
    const { namespace } = yield* placeIn(k);
    if (flags.bool("quiet") || flags.bool("all-namespaces") || flags.string("subresource"))
      k.fail(
        "list option can't be specified with neither quiet, all-namespaces nor subresource options",
      );
    return yield* listAccess(k, namespace);
  }
  const [verb = "", arg = ""] = args;
  if (args.length !== 2)
    k.fail(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    );
  const asked = yield* askedOf(k, arg);
  const namespace = flags.bool("all-namespaces") ? "" : (yield* placeIn(k)).namespace;
  const subresource = flags.string("subresource");
  if (asked.url && subresource) k.fail("--subresource can not be used with NonResourceURL");
  if (!(asked.url ? urlVerbs : resourceVerbs).has(verb)) {
    if (asked.url || !flags.bool("all-namespaces")) warn(k, `verb '${verb}' is not a known verb`);
  }
  if (flags.bool("no-headers")) k.fail("--no-headers cannot be set without --list specified");
  const filled = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
  const { group, resource, name } = asked;
  const spec = asked.url
    ? { nonResourceAttributes: { path: asked.url, verb } }
    : { resourceAttributes: filled({ namespace, verb, group, resource, subresource, name }) };
  const client = yield* k.client();
  const { status } = yield* client.json<{
    status: { allowed: boolean; reason?: string; evaluationError?: string };
  }>({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: { kind: "SelfSubjectAccessReview", apiVersion: "authorization.k8s.io/v1", spec },
  });
  const why = [status.reason, status.evaluationError].filter(Boolean).map((text) => ` - ${text}`);
  if (!flags.bool("quiet")) k.out(status.allowed ? "yes\n" : `no${why.join("")}\n`);
  return status.allowed ? 0 : 1;
}

interface UserInfo {
  username?: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

function* whoAmI(k: Kubectl): Work<Outcome> {
  const print = yield* printerOf(k.flags);
  const client = yield* k.client();
  let answer: KubeObject;
  try {
    answer = yield* client.json<KubeObject>({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" },
    });
  } catch (error) {
    const off = "the selfsubjectreviews API is not enabled in the cluster";
    if (isReason(error, "Forbidden")) k.fail(`${off} or you do not have permission to call it`);
    if (isNotFound(error)) k.fail(off);
    throw error;
  }
  if (k.flags.string("output") !== "") {
    k.out(print(answer));
    return 0;
  }
  const { userInfo = {} } = (answer["status"] ?? {}) as { userInfo?: UserInfo };
  const writer = new TabWriter();
  writer.write("ATTRIBUTE\tVALUE\n");
  if (userInfo.username) writer.write(`Username\t${userInfo.username}\n`);
  if (userInfo.uid) writer.write(`UID\t${userInfo.uid}\n`);
  if (userInfo.groups?.length) writer.write(`Groups\t${goWords(userInfo.groups)}\n`);
  for (const key of Object.keys(userInfo.extra ?? {}).toSorted(byText))
    writer.write(`Extra: ${key}\t${goWords(userInfo.extra?.[key])}\n`);
  k.out(writer.flush());
  return 0;
}

export const authCommands: readonly Command[] = [
  { path: "auth can-i", run: canI },
  { path: "auth whoami", run: whoAmI },
  reconcile,
];
