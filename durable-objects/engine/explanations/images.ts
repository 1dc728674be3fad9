/** Images that cannot be had: what the registry answers, which tags there are, what the Pod brings along. */
import { parseReference, type ImageReference } from "../machinery/image-reference.ts";
import type { Secret } from "../kinds/secret.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { imagesOf } from "../runtime/image/image-object-lookup.ts";
import { officialRepositories } from "../runtime/image/official-repositories.ts";
import { runtime } from "../cri/runtime.ts";
import { pullCredentials } from "../kubelet/pull-secrets.ts";
import { imagesTable, type NodeImages } from "../kubelet/images.ts";
import type { Evidence, Mend } from "../kinds/podyard/explanation.ts";
import { containersOf, nextTry, type ContainerView } from "./containers.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  near,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const reasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
]);

/** The command that sets another image where the Pod's template is. */
export function setImage(pod: Pod, container: string, image: string): string {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
  const hash = pod.metadata.labels?.["pod-template-hash"];
  const target = !owner
    ? `pod/${pod.metadata.name}`
    : owner.kind === "ReplicaSet" && hash && owner.name.endsWith(`-${hash}`)
      ? `deployment/${owner.name.slice(0, -hash.length - 1)}`
      : `${owner.kind.toLowerCase()}/${owner.name}`;
  return `kubectl set image ${target} ${container}=${image}${inNamespace(pod)}`;
}

interface Answer {
  sentence: string;
  evidence?: Evidence[];
  mend: Mend[];
  reason: string;
}

function pulling(scope: Scope, pod: Pod): Found | undefined {
  const view = containersOf(scope, pod).find(
    ({ record, status }) =>
      record.state !== "running" &&
      reasons.has(record.waiting?.reason ?? status?.state?.waiting?.reason ?? ""),
  );
  if (!view) return undefined;
  const reason = view.record.waiting?.reason ?? view.status?.state?.waiting?.reason ?? "";
  const answer = answerFor(scope, pod, view, reason);
  const image = view.container.image ?? "";
  const next = nextTry(scope, view);
  const who = `container ${view.container.name}`;
  return {
    sentence: `${nameOf(pod)} cannot run ${who}: ${answer.sentence}${next ? ` The next try is ${next}.` : ""}`,
    evidence: [
      about(pod, `${who} has image ${image}`, { field: `${view.path}.image` }),
      about(pod, view.record.waiting?.message ?? reason, { event: "Failed" }),
      ...(answer.evidence ?? []),
    ],
    mend: answer.mend,
    decidedBy:
      reason === "ErrImageNeverPull" || reason === "InvalidImageName" ? "kubelet" : "registry",
    reason: answer.reason,
  };
}

function answerFor(scope: Scope, pod: Pod, view: ContainerView, reason: string): Answer {
  const image = view.container.image ?? "";
  const reference = parseReference(image);
  const { name } = view.container;
  if ("error" in reference) {
    return {
      sentence: `"${image}" is no name of an image: ${reference.error}.`,
      mend: [mend("Write it as REPOSITORY:TAG", setImage(pod, name, "nginx:1.29"))],
      reason: "invalid image name",
    };
  }
  if (reason === "ErrImageNeverPull") return neverPulled(scope, pod, view);
  const resolved = resolve(scope, pod, image);
  if (resolved === undefined) {
    return {
      sentence: `the pull of ${image} failed, and the registry would give it now.`,
      mend: [
        mend(
          "Wait for the next try, or make the Pod anew",
          `kubectl delete pod ${pod.metadata.name}${inNamespace(pod)}`,
        ),
      ],
      reason: `image ${image}`,
    };
  }
  if (/no such host|i\/o timeout|connection refused/.test(resolved)) {
    return {
      sentence: `the registry ${reference.domain} of image ${image} cannot be reached (${lastPart(resolved)}).`,
      mend: [
        mend(
          "Correct the registry's name",
          setImage(
            pod,
            name,
            `${reference.path.split("/").at(-1) ?? ""}:${reference.tag ?? "latest"}`,
          ),
        ),
      ],
      reason: `registry ${reference.domain}`,
    };
  }
  const denied = /pull access denied/.test(resolved) && isLocked(scope, reference);
  if (/401 Unauthorized/.test(resolved) || denied)
    return locked(scope, pod, view, reference, resolved);
  if (/pull access denied/.test(resolved)) return misspelt(pod, view, reference);
  return noTag(scope, pod, view, reference);
}

/** The registry's refusal of a reference, asked now with the Pod's secrets; undefined: it would give the image. */
function resolve({ client }: Scope, pod: Pod, image: string): string | undefined {
  const credentials = pullCredentials({ client, pod }, image);
  const answer = runtime.resolveImage(image, client, credentials, pod.spec.nodeName);
  return "error" in answer ? answer.error : "invalid" in answer ? answer.invalid : undefined;
}

/** The image as it was typed, without its tag. */
const typed = ({ container }: ContainerView): string =>
  ((container.image ?? "").split("@")[0] ?? "").replace(/:[^:/]*$/, "");

const lastPart = (text: string): string => text.split(": ").slice(-2).join(": ");

const isLocked = ({ client }: Scope, { domain, path }: ImageReference): boolean =>
  imagesOf(client, `${domain}/${path}`).some(({ spec }) => spec?.private || spec?.credentials);

function neverPulled({ client }: Scope, pod: Pod, view: ContainerView): Answer {
  const node = pod.spec.nodeName ?? "";
  const present = Object.keys(client.records.get<NodeImages>(imagesTable, node)?.present ?? {});
  const image = view.container.image ?? "";
  const others = near(image, present, 2);
  return {
    sentence: `imagePullPolicy is Never, and ${image} is not among the ${present.length} images on ${node}${others.length ? ` (there is ${listed(others)})` : ""}.`,
    evidence: [about(pod, "imagePullPolicy is Never", { field: `${view.path}.imagePullPolicy` })],
    mend: [
      mend(
        "Let it be pulled: imagePullPolicy IfNotPresent",
        `kubectl explain pod.spec.containers.imagePullPolicy`,
      ),
      mend("Or pull it onto the node", `ssh ${node} crictl pull ${image}`),
    ],
    reason: "pull policy Never",
  };
}

function locked(
  { client, mayRead }: Scope,
  pod: Pod,
  view: ContainerView,
  reference: ImageReference,
  said: string,
): Answer {
  const { namespace = "" } = pod.metadata;
  const names = (pod.spec.imagePullSecrets ?? []).map(({ name = "" }) => name);
  const missing = names.filter((name) => !client.get<Secret>("secrets", namespace, name));
  const refused = missing.length === 0 ? names[0] : undefined;
  const secrets =
    names.length === 0
      ? "the Pod has 0 imagePullSecrets"
      : missing.length > 0
        ? `its pull secret ${listed(missing)} does not exist`
        : `what its pull secret ${listed(names)} says is not accepted`;
  return {
    sentence: `image ${view.container.image ?? ""} is private at ${reference.domain}, and ${secrets}.`,
    evidence: [
      about(pod, lastPart(said), { event: "Failed" }),
      ...names.map((name) =>
        mayRead("secrets", namespace, name) && !missing.includes(name)
          ? {
              text: `pull secret ${name}`,
              object: { apiVersion: "v1", kind: "Secret", namespace, name },
            }
          : about(pod, `imagePullSecrets names ${name}`, { field: "spec.imagePullSecrets" }),
      ),
    ],
    mend: [
      ...(refused
        ? [
            mend(
              "Delete the secret that is not accepted",
              `kubectl delete secret ${refused}${inNamespace(pod)}`,
            ),
          ]
        : []),
      mend(
        names.length === 0
          ? "Create a pull secret, and name it in spec.imagePullSecrets (or of the service account)"
          : `Create it with a name and a password that ${reference.domain} takes`,
        `kubectl create secret docker-registry ${missing[0] ?? refused ?? "regcred"} --docker-server=${reference.domain} --docker-username=USER --docker-password=PASSWORD${inNamespace(pod)}`,
      ),
    ],
    reason: "private image",
  };
}

function misspelt(pod: Pod, view: ContainerView, reference: ImageReference): Answer {
  const name = typed(view);
  const others = near(name, [...officialRepositories]);
  const other = others[0] ?? "nginx";
  return {
    sentence: `there is no repository ${name} at ${reference.domain}, or not for everybody${others.length ? `; spelt nearly like it: ${listed(others)}` : ""}.`,
    mend: [
      mend(
        "Correct the name",
        setImage(pod, view.container.name, `${other}:${reference.tag ?? "latest"}`),
      ),
    ],
    reason: `no image ${name}`,
  };
}

const commonTags =
  "latest stable alpine slim 1 1.0 1.2 1.24 1.25 1.26 1.27 1.28 1.29 1.30 1.36 2 3 3.12 3.13 4 5 6 7 7.2 7.4 8 8.0 9 15 16 17 18 20 22 24 1.29-alpine 1.28-alpine 1.27-alpine 1.26-alpine".split(
    " ",
  );

/** Tags that the registry has, of those that people use and those that an Image object lists; the nearest first. */
function tagsNear({ client, context }: Scope, reference: ImageReference): string[] {
  const repository = `${reference.domain}/${reference.path}`;
  const described = imagesOf(client, repository).flatMap(({ spec }) => spec?.tags ?? []);
  const known = context.images.repository(repository);
  const tags = described.length
    ? described
    : commonTags.filter((tag) => known?.resolveTag(tag) !== undefined);
  const nearest = near(reference.tag ?? "latest", tags);
  return nearest.length ? nearest : tags.slice(0, 3);
}

function noTag(scope: Scope, pod: Pod, view: ContainerView, reference: ImageReference): Answer {
  const tag = reference.tag ?? "latest";
  const repository = typed(view);
  const tags = tagsNear(scope, reference);
  return {
    sentence: `image ${repository} has no tag ${tag}${tags.length ? `; tags near it: ${listed(tags)}` : ""}.`,
    mend: [
      mend(
        `Set a tag that exists`,
        setImage(pod, view.container.name, `${repository}:${tags[0] ?? "latest"}`),
      ),
    ],
    reason: `no tag ${tag}`,
  };
}

/** Rows about images. */
export const images: Situation[] = [
  { name: "image cannot be pulled", of: ["pods"], find: pulling },
];
