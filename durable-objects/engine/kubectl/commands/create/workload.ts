/** kubectl create deployment, job, cronjob. k8s: kubectl/pkg/cmd/create/create_{deployment,job,cronjob}.go */
import { random } from "../../asks.ts";
import type { Command, Kubectl } from "../../command.ts";
import { placeIn } from "../../mutate/mutation.ts";
import { generator, type Generated } from "../../mutate/generate.ts";
import type { KubeObject } from "../../objects.ts";
import type { Work } from "../../work.ts";

const letters = "bcdfghjklmnpqrstvwxz2456789";

/** Five letters as a generated name ends. k8s: apimachinery/pkg/util/rand */
function* suffix(): Work<string> {
  let out = "";
  for (let i = 0; i < 5; i++) out += letters[Math.floor((yield* random()) * letters.length)];
  return out;
}

/** The name of a container, from its image. */
function* containerName(image: string): Work<string> {
  const last = image.split("/").at(-1) ?? "";
  const name = (last.split(":")[0] ?? "").split("@")[0] ?? "";
  if (!/[_.]/.test(name)) return name;
  return `${name.replace(/[_.]/g, "-")}-${yield* suffix()}`;
}

function* deployment(k: Kubectl, name: string): Work<Generated> {
  const { flags, args } = k;
  const images = flags.list("image");
  const command = args.slice(1);
  if (images.length > 1 && command.length > 0)
    k.fail("cannot specify multiple --image options and command");
  const containers: Record<string, unknown>[] = [];
  for (const image of images)
    containers.push({
      name: yield* containerName(image),
      image,
      ...(command.length ? { command } : {}),
      resources: {},
    });
  const port = flags.int("port");
  const [first] = containers;
  if (port >= 0 && first) {
    const { resources, ...rest } = first;
    containers[0] = { ...rest, ports: [{ containerPort: port }], resources };
  }
  const labels = { app: name };
  return {
    plural: "deployments",
    failure: "failed to create deployment: ",
    object: {
      kind: "Deployment",
      apiVersion: "apps/v1",
      metadata: { name, labels },
      spec: {
        replicas: flags.int("replicas"),
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
        strategy: {},
      },
      status: {},
    },
  };
}

/** A template of one container. */
const jobSpec = (k: Kubectl, name: string, restartPolicy: string): Record<string, unknown> => {
  const command = k.args.slice(1);
  const image = k.flags.string("image");
  const container = {
    name,
    ...(image ? { image } : {}),
    ...(command.length ? { command } : {}),
    resources: {},
  };
  return { template: { metadata: {}, spec: { containers: [container], restartPolicy } } };
};

function* job(k: Kubectl, name: string): Work<Generated> {
  const { flags, args } = k;
  const image = flags.string("image");
  const from = flags.string("from");
  if ((image === "") === (from === "")) k.fail("either --image or --from must be specified");
  if (args.length > 1 && from !== "") k.fail("cannot specify --from and command");
  const failure = "failed to create job: ";
  const head = { kind: "Job", apiVersion: "batch/v1" };
  if (image !== "")
    return {
      plural: "jobs",
      failure,
      object: { ...head, metadata: { name }, spec: jobSpec(k, name, "Never"), status: {} },
    };
  const { namespace } = yield* placeIn(k);
  const result = yield* k.build({ args: [from], namespace, latest: true });
  const { infos, error } = yield* result.infos();
  if (error) throw error;
  if (infos.length !== 1) k.fail("from must be an existing cronjob");
  const cron = infos[0]?.object as KubeObject;
  const { kind = "", apiVersion = "" } = cron;
  if (kind !== "CronJob" || apiVersion !== "batch/v1")
    k.fail(`unknown object type ${goType(apiVersion, kind)}`);
  const template = ((cron["spec"] as Record<string, unknown>)["jobTemplate"] ?? {}) as KubeObject;
  const { labels, annotations } = template.metadata ?? {};
  const owner = {
    apiVersion: "batch/v1",
    kind: "CronJob",
    name: cron.metadata?.name,
    uid: cron.metadata?.uid,
    controller: true,
  };
  return {
    plural: "jobs",
    failure,
    object: {
      ...head,
      metadata: {
        name,
        ...(labels ? { labels } : {}),
        annotations: { "cronjob.kubernetes.io/instantiate": "manual", ...annotations },
        ownerReferences: [owner],
      },
      spec: template["spec"],
      status: {},
    },
  };
}

/** `*v1.Deployment`, as Go names the type of an object. */
export const goType = (apiVersion: string, kind: string): string =>
  `*${apiVersion.split("/").at(-1)}.${kind}`;

// eslint-disable-next-line require-yield
function* cronJob(k: Kubectl, name: string): Work<Generated> {
  const spec = jobSpec(k, name, k.flags.string("restart") || "OnFailure");
  return {
    plural: "cronjobs",
    failure: "failed to create cronjob: ",
    object: {
      kind: "CronJob",
      apiVersion: "batch/v1",
      metadata: { name },
      spec: {
        schedule: k.flags.string("schedule"),
        jobTemplate: { metadata: { name }, spec },
      },
      status: {},
    },
  };
}

export const createWorkloads: readonly Command[] = [
  generator("deployment", deployment, ["image"]),
  generator("job", job),
  generator("cronjob", cronJob, ["image", "schedule"]),
];
