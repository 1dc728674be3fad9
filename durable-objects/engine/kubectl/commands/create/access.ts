/** kubectl create serviceaccount, role, clusterrole, rolebinding, clusterrolebinding, token. k8s: kubectl/pkg/cmd/create */
import { lookup } from "../../../core/lookup.ts";
import { terminal } from "../../asks.ts";
import { goQuote } from "../../../machinery/field.ts";
import type { Command, Kubectl } from "../../command.ts";
import type { Mapper } from "../../discovery.ts";
import { Exit, Failure } from "../../errors.ts";
import { byText } from "../../go/json.ts";
import { generator, nameOfArgs, type Generated } from "../../mutate/generate.ts";
import { placeIn } from "../../mutate/mutation.ts";
import type { KubeObject } from "../../objects.ts";
import { printerOf } from "../../printers/index.ts";
import type { Work } from "../../work.ts";

const rbac = "rbac.authorization.k8s.io";

// eslint-disable-next-line require-yield
function* serviceAccount(k: Kubectl, name: string): Work<Generated> {
  if (name === "") k.fail("name must be specified");
  return {
    plural: "serviceaccounts",
    failure: "failed to create serviceaccount: ",
    object: { kind: "ServiceAccount", apiVersion: "v1", metadata: { name } },
  };
}

/** k8s: create_role.go validResourceVerbs */
const resourceVerbs = new Set(
  "* get delete list create update patch watch proxy deletecollection use bind escalate impersonate".split(
    " ",
  ),
);
const urlVerbs = new Set("* get post put delete patch head options".split(" "));
/** What verbs that are not of every kind may be given on. k8s: create_role.go specialVerbs */
const specialVerbs: Record<string, readonly string[]> = lookup({
  use: ["policy/podsecuritypolicies", "extensions/podsecuritypolicies"],
  bind: [`${rbac}/roles`, `${rbac}/clusterroles`],
  escalate: [`${rbac}/roles`, `${rbac}/clusterroles`],
  impersonate: ["/users", "/serviceaccounts", "/groups", "authentication.k8s.io/userextras"],
});

interface Resource {
  group: string;
  resource: string;
  subresource: string;
}

function resourcesOf(words: readonly string[]): Resource[] {
  const out: Resource[] = [];
  for (const word of words) {
    const [named = "", subresource = ""] = word.split(/\/(.*)/s);
    const [resource = "", group = ""] = named.split(/\.(.*)/s);
    if (word === "*") return [{ group: "", resource: "*", subresource: "" }];
    out.push({ group, resource, subresource });
  }
  return out;
}

/** What a resource is called by the server; undefined: it has none such. */
function served(
  mapper: Mapper,
  { resource, group }: Resource,
): { group: string; plural: string } | undefined {
  return mapper.find(group ? `${resource}.${group}` : resource);
}

function checkResources(
  mapper: Mapper,
  resources: readonly Resource[],
  verbs: readonly string[],
): void {
  for (const one of resources) {
    if (one.resource === "")
      throw new Failure("resource must be specified if apiGroup/subresource specified");
    if (one.resource === "*") return;
    const found = served(mapper, one);
    const [group, plural] = found ? [found.group, found.plural] : [one.group, one.resource];
    let known = found !== undefined;
    for (const verb of verbs) {
      const special = specialVerbs[verb];
      if (!special) continue;
      if (!special.includes(`${group}/${plural}`))
        throw new Failure(`can not perform '${verb}' on '${plural}' in group '${group}'`);
      known = true;
    }
    if (!known) {
      const { resource } = one;
      const within = one.group ? ` in group ${goQuote(one.group)}` : "";
      throw new Exit(1, `the server doesn't have a resource type ${goQuote(resource)}${within}`);
    }
  }
}

function rulesOf(
  mapper: Mapper,
  verbs: readonly string[],
  resources: readonly Resource[],
  names: readonly string[],
  urls: readonly string[],
): Record<string, unknown>[] {
  const groups = new Map<string, Set<string>>();
  for (const one of resources) {
    const { group, plural } = served(mapper, one) ?? { group: one.group, plural: one.resource };
    const set = groups.get(group) ?? new Set<string>();
    groups.set(group, set.add(one.subresource ? `${plural}/${one.subresource}` : plural));
  }
  const rules = [...groups.keys()].toSorted(byText).map((group) => ({
    verbs,
    apiGroups: [group],
    resources: [...(groups.get(group) ?? [])],
    ...(names.length ? { resourceNames: names } : {}),
  }));
  return [...rules, ...(urls.length ? [{ verbs, nonResourceURLs: urls }] : [])];
}

function checkUrls(urls: readonly string[], verbs: readonly string[]): void {
  if (urls.length === 0) return;
  for (const verb of verbs)
    if (!urlVerbs.has(verb)) throw new Failure(`invalid verb: '${verb}' for nonResourceURL`);
  for (const url of urls) {
    if (url === "*") continue;
    if (!url.startsWith("/")) throw new Failure("nonResourceURL should start with /");
    if (url.slice(0, -1).includes("*"))
      throw new Failure("nonResourceURL only supports wildcard matches when '*' is at the end");
  }
}

/** `a=b,c=d`. k8s: component-base/cli/flag MapStringString */
function labelsOf(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of text === "" ? [] : text.split(",")) {
    const at = pair.indexOf("=");
    if (at < 0) throw new Failure(`malformed pair, expect string=string`);
    out[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return out;
}

const role = (cluster: boolean): Command =>
  generator(cluster ? "clusterrole" : "role", function* (k, name): Work<Generated> {
    const { flags } = k;
    const given = flags.list("verb");
    const verbs = given.includes("*") ? ["*"] : [...new Set(given)];
    const resources = resourcesOf(flags.list("resource"));
    const names = [...new Set(flags.list("resource-name"))];
    const urls = cluster ? [...new Set(flags.list("non-resource-url"))] : [];
    const mapper = yield* k.mapper();
    const aggregation = cluster ? labelsOf(flags.string("aggregation-rule")) : {};
    if (name === "") k.fail("name must be specified");
    const object: KubeObject = {
      kind: cluster ? "ClusterRole" : "Role",
      apiVersion: `${rbac}/v1`,
      metadata: { name },
    };
    const made: Generated = cluster
      ? { object, plural: "clusterroles", clusterScoped: true }
      : { object, plural: "roles" };
    if (Object.keys(aggregation).length > 0) {
      if ([urls, verbs, resources, names].some((list) => list.length > 0))
        k.fail(
          "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
        );
      object["rules"] = null;
      object["aggregationRule"] = { clusterRoleSelectors: [{ matchLabels: aggregation }] };
      return made;
    }
    if (verbs.length === 0) k.fail("at least one verb must be specified");
    const warn = (): void => {
      for (const verb of verbs)
        if (!resourceVerbs.has(verb)) k.err(`Warning: '${verb}' is not a standard resource verb\n`);
    };
    if (!cluster) warn();
    if (resources.length === 0 && urls.length === 0)
      k.fail(
        cluster
          ? "one of resource or nonResourceURL must be specified"
          : "at least one resource must be specified",
      );
    if (cluster && resources.length > 0) warn();
    checkResources(mapper, resources, verbs);
    checkUrls(urls, verbs);
    object["rules"] = rulesOf(mapper, verbs, resources, names, urls);
    return made;
  });

/** Subjects of `--user`, `--group` and `--serviceaccount`. */
function subjectsOf(k: Kubectl): Record<string, string>[] {
  const { flags } = k;
  const accounts = flags.list("serviceaccount").map((account) => {
    const [namespace = "", name = "", ...rest] = account.split(":");
    if (rest.length > 0 || !namespace || !name)
      throw new Failure("serviceaccount must be <namespace>:<name>");
    return { kind: "ServiceAccount", name, namespace };
  });
  return [
    ...flags.list("user").map((name) => ({ kind: "User", apiGroup: rbac, name })),
    ...flags.list("group").map((name) => ({ kind: "Group", apiGroup: rbac, name })),
    ...accounts,
  ];
}

const binding = (cluster: boolean): Command =>
  generator(
    cluster ? "clusterrolebinding" : "rolebinding",
    // eslint-disable-next-line require-yield
    function* (k, name): Work<Generated> {
      const { flags } = k;
      const clusterRole = flags.string("clusterrole");
      const own = cluster ? "" : flags.string("role");
      if (!cluster && name === "") k.fail("name must be specified");
      if (!cluster && (clusterRole === "") === (own === ""))
        k.fail("exactly one of clusterrole or role must be specified");
      const subjects = subjectsOf(k);
      const object = {
        kind: cluster ? "ClusterRoleBinding" : "RoleBinding",
        apiVersion: `${rbac}/v1`,
        metadata: { name },
        ...(subjects.length ? { subjects } : {}),
        roleRef: { apiGroup: rbac, kind: own ? "Role" : "ClusterRole", name: own || clusterRole },
      };
      if (!cluster)
        return { object, plural: "rolebindings", failure: "failed to create rolebinding: " };
      const failure = "failed to create clusterrolebinding: ";
      return { object, plural: "clusterrolebindings", clusterScoped: true, failure };
    },
    cluster ? ["clusterrole"] : [],
  );

const boundKinds = ["Node", "Pod", "Secret"];

function checkToken(k: Kubectl, name: string): void {
  const { flags } = k;
  const kind = flags.string("bound-object-kind");
  const bound = flags.string("bound-object-name");
  const duration = flags.duration("duration");
  if (name === "") k.fail("service account name is required");
  if (duration < 0) k.fail("--duration must be greater than or equal to 0");
  if (duration % 1000 !== 0) k.fail("--duration cannot be expressed in units less than seconds");
  if (flags.list("audience").includes("")) k.fail("--audience must not be an empty string");
  if (kind === "") {
    if (bound) k.fail("--bound-object-name can only be set if --bound-object-kind is provided");
    if (flags.string("bound-object-uid"))
      k.fail("--bound-object-uid can only be set if --bound-object-kind is provided");
    return;
  }
  if (!boundKinds.includes(kind))
    k.fail(`supported --bound-object-kind values are ${boundKinds.join(", ")}`);
  if (!bound) k.fail("--bound-object-name is required if --bound-object-kind is provided");
}

const token: Command = {
  path: "create token",
  *run(k) {
    const { flags } = k;
    const name = nameOfArgs(k);
    const { namespace } = yield* placeIn(k);
    const print = yield* printerOf(flags, { operation: "created" });
    checkToken(k, name);
    const audiences = flags.list("audience");
    const duration = flags.duration("duration");
    const kind = flags.string("bound-object-kind");
    const uid = flags.string("bound-object-uid");
    const bound = {
      kind,
      apiVersion: "v1",
      name: flags.string("bound-object-name"),
      ...(uid ? { uid } : {}),
    };
    const spec = {
      audiences: audiences.length ? audiences : null,
      expirationSeconds: duration > 0 ? duration / 1000 : null,
      boundObjectRef: kind ? bound : null,
    };
    const client = yield* k.client();
    let answer: KubeObject;
    try {
      answer = yield* client.json<KubeObject>({
        method: "POST",
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
        body: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata: {}, spec },
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(`failed to create token: ${error.message}`);
    }
    const { token: text } = (answer["status"] ?? {}) as { token?: string };
    if (!text) k.fail("failed to create token: no token in server response");
    if (flags.string("output") !== "") k.out(print(answer));
    else k.out((yield* terminal(1)) ? `${text}\n` : (text ?? ""));
  },
};

export const createAccess: readonly Command[] = [
  generator("serviceaccount", serviceAccount),
  role(false),
  role(true),
  binding(false),
  binding(true),
  token,
];
