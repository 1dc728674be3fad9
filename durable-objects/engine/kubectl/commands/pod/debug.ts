/** kubectl debug. k8s: kubectl/pkg/cmd/debug/debug.go */
import { goQuote } from "../../../machinery/field.ts";
import { parseYaml } from "../../../schema/yaml.ts";
import { attachOrLog, printLog, waitPod } from "../../attaching.ts";
import { readFile } from "../../asks.ts";
import { strategicPatchType } from "../../client.ts";
import type { Command, Kubectl } from "../../command.ts";
import { placeOf } from "../../config/client-config.ts";
import { copyOf, ephemeral, onNode, type DebugOptions } from "../../debug/pods.ts";
import { isPowerless, profileOf } from "../../debug/profiles.ts";
import { apiVersionOf } from "../../discovery.ts";
import { Failure, isNotFound, type StatusFailure } from "../../errors.ts";
import { fileOptions, hasFiles } from "../../files.ts";
import { imageReference } from "../../mutate/image-reference.ts";
import type { KubeObject } from "../../objects.ts";
import type { ContainerStatus, PodContainer, PodObject } from "../../pods.ts";
import type { Info } from "../../result.ts";
import { runSession } from "../../session.ts";
import { section, type Outcome, type Work } from "../../work.ts";

const attaches = ({ flags }: Kubectl): boolean =>
  flags.changed("attach") ? flags.bool("attach") : flags.bool("stdin");

function* customOf(k: Kubectl): Work<Record<string, unknown> | undefined> {
  const path = k.flags.string("custom");
  if (!path) return undefined;
  let text: string;
  try {
    text = yield* readFile(path);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`must pass a container spec json file for custom profile: ${error.message}`);
  }
  try {
    return parseYaml(text).value as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${path} does not contain a valid container spec: ${why}`);
  }
}

function* complete(k: Kubectl): Work<{ o: DebugOptions; targets: string[] }> {
  const { flags, args } = k;
  const dash = flags.dash >= 0 && args.length > flags.dash;
  yield* k.access();
  profileOf(flags.string("profile"));
  const custom = yield* customOf(k);
  yield* k.client();
  const env = Object.entries(flags.map("env")).map(([name, value]) => ({ name, value }));
  return {
    o: {
      k,
      args: dash ? args.slice(flags.dash) : [],
      env,
      setImages: flags.map("set-image"),
      ...(custom ? { custom } : {}),
    },
    targets: dash ? args.slice(0, flags.dash) : args,
  };
}

function checkCopy({ k, args, setImages }: DebugOptions): void {
  const { flags } = k;
  const image = flags.string("image");
  const sets = Object.keys(setImages).length > 0;
  if (flags.string("copy-to") !== "") {
    if (!image && !sets && args.length === 0)
      k.fail("you must specify --image, --set-image or command arguments.");
    if (args.length > 0 && !flags.string("container") && !image)
      k.fail("you must specify an existing container or a new image when specifying args.");
    return;
  }
  if (flags.bool("replace")) k.fail("--replace may only be used with --copy-to.");
  if (flags.bool("same-node")) k.fail("--same-node may only be used with --copy-to.");
  if (sets) k.fail("--set-image may only be used with --copy-to.");
  if (!image) k.fail("you must specify --image when not using --copy-to.");
}

function validate(o: DebugOptions, targets: readonly string[]): void {
  const { k, setImages, custom } = o;
  const { flags } = k;
  const image = flags.string("image");
  if (flags.changed("attach") && flags.bool("attach") && !image && !flags.string("container"))
    k.fail(
      "you must specify --container or create a new container using --image in order to attach.",
    );
  checkCopy(o);
  if (image && !imageReference.test(image))
    k.fail(`invalid image name ${goQuote(image)}: invalid reference format`);
  if (targets.length === 0 && !hasFiles(fileOptions(flags)))
    k.fail("NAME or filename is required for debug");
  const pull = flags.string("image-pull-policy");
  if (!["", "Always", "IfNotPresent", "Never"].includes(pull))
    k.fail(`invalid image pull policy: ${pull}`);
  for (const [name, one] of Object.entries(setImages))
    if (!imageReference.test(one))
      k.fail(
        `invalid image name ${goQuote(one)} for container ${goQuote(name)}: invalid reference format`,
      );
  const target = flags.string("target");
  if (target) {
    if (flags.string("copy-to"))
      k.fail("--target is incompatible with --copy-to. Use --share-processes instead.");
    if (!flags.bool("quiet"))
      k.out(
        `Targeting container ${goQuote(target)}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`,
      );
  }
  if (flags.bool("tty") && !flags.bool("stdin"))
    k.fail("-i/--stdin is required for containers with -t/--tty=true");
  const fixed = ["name", "command", "image", "lifecycle", "volumeDevices"];
  if (custom && fixed.some((field) => custom[field] !== undefined))
    k.fail(
      "name, command, image, lifecycle and volume devices are not modifiable via custom profile",
    );
  if (flags.string("profile") === "legacy")
    k.err(
      '--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example "--profile=general".\n',
    );
}

function warnIfPowerless(k: Kubectl, pod: PodObject, container: PodContainer | undefined): void {
  if (container && isPowerless(pod, container))
    k.err(
      'Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using "--custom" with a custom profile that specifies "securityContext.runAsUser: 0".\n',
    );
}

interface Made {
  pod: PodObject;
  container: string;
}

const podsPath = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;

function* visitPod(o: DebugOptions, pod: PodObject): Work<Made> {
  const { k } = o;
  const client = yield* k.client();
  const { name = "", namespace = "" } = pod.metadata ?? {};
  if (k.flags.string("copy-to") !== "") {
    const made = yield* copyOf(o, pod);
    const { copy } = made;
    warnIfPowerless(
      k,
      copy,
      copy.spec.containers.find((one) => one.name === made.name),
    );
    const created = yield* client.json<PodObject>({
      method: "POST",
      path: podsPath(namespace),
      body: copy,
    });
    if (k.flags.bool("replace"))
      yield* client.ok({
        method: "DELETE",
        path: `${podsPath(namespace)}/${name}`,
        body: { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0 },
      });
    return { pod: created, container: made.name };
  }
  const { pod: copy, container } = yield* ephemeral(o, pod);
  warnIfPowerless(k, copy, container);
  const names = [...(pod.spec.ephemeralContainers ?? []), container].map((one) => ({
    name: one.name,
  }));
  try {
    const changed = yield* client.json<PodObject>({
      method: "PATCH",
      path: `${podsPath(namespace)}/${name}/ephemeralcontainers`,
      contentType: strategicPatchType,
      body: {
        spec: {
          "$setElementOrder/ephemeralContainers": names,
          ephemeralContainers: [container],
        },
      },
    });
    return { pod: changed, container: container.name };
  } catch (error) {
    if (isNotFound(error) && !(error as StatusFailure).status.details?.name)
      throw new Failure(
        `ephemeral containers are disabled for this cluster (error from server: ${goQuote((error as Failure).message)})`,
      );
    throw error;
  }
}

function* visit(o: DebugOptions, namespace: string, info: Info): Work<Made> {
  const object = info.object as KubeObject;
  if (object.kind === "Pod") return yield* visitPod(o, object as PodObject);
  if (object.kind !== "Node")
    throw new Failure(
      `${goQuote(`${apiVersionOf(info.type).replace(/^([^/]+)$/, "/$1")}, Kind=${info.type.kind}`)} not supported by debug`,
    );
  const client = yield* o.k.client();
  const body = yield* onNode(o, info.name);
  const pod = yield* client.json<PodObject>({ method: "POST", path: podsPath(namespace), body });
  return { pod, container: pod.spec.containers[0]?.name ?? "" };
}

const statusOf = ({ status }: PodObject, name: string): ContainerStatus | undefined =>
  [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ].find((one) => one.name === name);

/** Waits until the container runs, and attaches to it; what has ended has a log. */
function* attach(k: Kubectl, { pod, container }: Made): Work<Outcome> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const running = yield* waitPod(k, { namespace, name }, (now) => {
    const { state } = statusOf(now, container) ?? {};
    if (state?.running || state?.terminated) return true;
    const why = state?.waiting?.message;
    if (why && !k.flags.bool("quiet")) k.err(`Warning: container ${container}: ${why}\n`);
    return false;
  });
  if (statusOf(running, container)?.state?.terminated) {
    yield* printLog(k, { namespace, name }, container);
    return 0;
  }
  const place = yield* attachOrLog(k, running, container);
  return place ? k.continueAs("session", place) : 0;
}

function* run(k: Kubectl): Work<Outcome> {
  const { o, targets } = yield* complete(k);
  validate(o, targets);
  const where = placeOf(yield* k.access());
  const result = yield* k.build({
    ...(targets.length > 0 ? { names: { type: "pods", names: targets } } : {}),
    files: fileOptions(k.flags),
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
  });
  const made: Made[] = [];
  yield* result.visit(function* (info): Work<void> {
    made.push(yield* section(() => visit(o, where.namespace, info)));
  });
  const first = made.find(({ container }) => container !== "");
  return first && attaches(k) ? yield* attach(k, first) : 0;
}

export const debug: Command = { path: "debug", run, continuations: { session: runSession } };
