/**
 * Image pulls: one record per node (table "images", key NODE) with what is or will be present, and the serial queue.
 * A pull's length is known when it is asked for, so one write per pull is enough.
 * k8s: pkg/kubelet/images/image_manager.go EnsureImageExists; serializeImagePulls is on.
 */
import {
  failedPullMs,
  imageBackoffMsMax,
  imageBackoffMsMin,
  presentPullMs,
  relistMs,
} from "../core/limits.ts";
import { equal } from "../core/equal.ts";
import { goDuration } from "../machinery/duration.ts";
import { familiar, parseReference } from "../machinery/image-reference.ts";
import { pullCredentials } from "./pull-secrets.ts";
import { mayUse, pulledAgain, secretUsed, type PresentImage } from "./pulled-images.ts";
import type { Container, ContainerKind } from "../kinds/pod/types.ts";
import type { ContainerRecord, PullRecord } from "./record.ts";
import { type Sync, containerEvent, neverMs, requeueAt } from "./sync.ts";
import type { ImageVolume } from "./volumes/volumes.ts";

export const imagesTable = "images";

export interface NodeImages {
  /** By normalised reference. */
  present: Record<string, PresentImage>;
  /** The puller is busy until then. */
  busyUntilMs: number;
}

export interface ReadyImage {
  reference: string;
  imageID: string;
}

const empty: NodeImages = { present: {}, busyUntilMs: 0 };

/** Images of the volumes a container mounts, then its own. k8s: kuberuntime_manager.go getImageVolumes */
export function ensureImages(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
): ReadyImage | undefined {
  const mounted = new Set(container.volumeMounts?.map(({ name }) => name));
  const volumes = (sync.pod.spec.volumes ?? []) as ImageVolume[];
  const shown = volumes.filter(({ name, image }) => image && mounted.has(name));
  // The container's own comes last: while it is on its way, the others are there.
  if (!record.pull || record.pull.image !== container.image) {
    for (const { image } of shown) {
      const asked = {
        ...container,
        image: image?.reference ?? "",
        imagePullPolicy: image?.pullPolicy ?? "IfNotPresent",
      };
      if (!ensureImage(sync, asked, kind, record)) return undefined;
    }
  }
  return ensureImage(sync, container, kind, record);
}

/** Outcome of one try: the image, or nothing yet (the record says why and when to look again). */
function ensureImage(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
): ReadyImage | undefined {
  if (record.pull) return finishPull(sync, container, kind, record, record.pull);
  const image = container.image ?? "";
  const credentials = pullCredentials(sync, image);
  const { client, nodeName } = sync;
  const resolved = sync.runtime.resolveImage(image, client, credentials, nodeName);
  if ("invalid" in resolved) {
    const message = `Failed to apply default image tag "${image}": ${resolved.invalid}`;
    containerEvent(sync, container, kind, "Warning", "InspectFailed", message);
    return refuse(sync, container, kind, record, "InvalidImageName", message);
  }
  const images = sync.client.records.get<NodeImages>(imagesTable, sync.nodeName) ?? empty;
  const reference = "error" in resolved ? nameOf(image) : resolved.reference;
  const known = images.present[reference];
  const policy = container.imagePullPolicy ?? "IfNotPresent";
  const present = known !== undefined && known.sinceMs <= sync.now && policy !== "Always";
  if (present && mayUse(sync, known, image, credentials)) {
    const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
    containerEvent(sync, container, kind, "Normal", "Pulled", message);
    return { reference, imageID: known.imageID };
  }
  // Whether it is there is nobody's to know who may not use it.
  if (policy === "Never") {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    containerEvent(sync, container, kind, "Warning", "ErrImageNeverPull", message);
    return refuse(sync, container, kind, record, "ErrImageNeverPull", message);
  }
  if (inBackOff(sync, container, kind, record, image)) return undefined;
  containerEvent(sync, container, kind, "Normal", "Pulling", `Pulling image "${image}"`);
  const startsAtMs = Math.max(sync.now, images.busyUntilMs);
  const lasts =
    "error" in resolved
      ? failedPullMs
      : known
        ? Math.min(presentPullMs, resolved.pullMs)
        : resolved.pullMs;
  const pull: PullRecord = {
    image,
    reference: "error" in resolved ? "" : resolved.reference,
    imageID: "error" in resolved ? "" : resolved.imageID,
    sizeBytes: "error" in resolved ? 0 : resolved.sizeBytes,
    queuedAtMs: sync.now,
    startsAtMs,
    endsAtMs: startsAtMs + lasts,
    ...("error" in resolved ? { error: resolved.error } : {}),
  };
  enqueue(sync, images, pull, secretUsed(sync, image, credentials));
  record.pull = pull;
  return finishPull(sync, container, kind, record, pull);
}

/** `secret`: that it is pulled with. */
function enqueue(
  sync: Sync,
  images: NodeImages,
  pull: PullRecord,
  secret: string | undefined,
): void {
  const { reference, imageID, sizeBytes, endsAtMs } = pull;
  const before = images.present[reference];
  const made = before
    ? pulledAgain(before, secret)
    : {
        imageID,
        sizeBytes,
        sinceMs: endsAtMs,
        ...(secret === undefined ? {} : { secrets: [secret] }),
      };
  const present =
    pull.error !== undefined || equal(made, before)
      ? images.present
      : { ...images.present, [reference]: made };
  if (present === images.present && endsAtMs <= sync.now) return;
  sync.client.records.put(imagesTable, sync.nodeName, { present, busyUntilMs: endsAtMs });
}

/** An image as nodes know it. */
function nameOf(image: string): string {
  const reference = parseReference(image);
  return "error" in reference ? "" : familiar(reference);
}

function finishPull(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  pull: PullRecord,
): ReadyImage | undefined {
  if (pull.endsAtMs > sync.now) {
    requeueAt(sync, pull.endsAtMs);
    return undefined;
  }
  delete record.pull;
  // The spec may have moved on to another image while this one was on its way.
  if (pull.image !== container.image) return ensureImage(sync, container, kind, record);
  if (pull.error === undefined) {
    const own = goDuration(pull.endsAtMs - pull.startsAtMs);
    const all = goDuration(pull.endsAtMs - pull.queuedAtMs);
    containerEvent(
      sync,
      container,
      kind,
      "Normal",
      "Pulled",
      `Successfully pulled image "${pull.image}" in ${own} (${all} including waiting). Image size: ${pull.sizeBytes} bytes.`,
    );
    if (sync.record.imageBackOff) delete sync.record.imageBackOff[pull.image];
    return { reference: pull.reference, imageID: pull.imageID };
  }
  failPull(sync, container, kind, record, pull.image, pull.error);
  return undefined;
}

function failPull(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  image: string,
  error: string,
): void {
  containerEvent(
    sync,
    container,
    kind,
    "Warning",
    "Failed",
    `Failed to pull image "${image}": ${error}`,
  );
  containerEvent(sync, container, kind, "Warning", "Failed", "Error: ErrImagePull");
  const backOffs = (sync.record.imageBackOff ??= {});
  const before = backOffs[image];
  const ms = before ? Math.min(before.ms * 2, imageBackoffMsMax) : imageBackoffMsMin;
  backOffs[image] = { ms, atMs: sync.now, error };
  record.waiting = { reason: "ErrImagePull", message: error };
  record.retryAtMs = sync.now + relistMs;
  requeueAt(sync, record.retryAtMs);
}

function inBackOff(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  image: string,
): boolean {
  const entry = sync.record.imageBackOff?.[image];
  if (!entry || sync.now >= entry.atMs + entry.ms) return false;
  const text = `Back-off pulling image "${image}"`;
  if (record.waiting?.reason !== "ImagePullBackOff") {
    containerEvent(sync, container, kind, "Normal", "BackOff", text);
    containerEvent(sync, container, kind, "Warning", "Failed", "Error: ImagePullBackOff");
  }
  record.waiting = {
    reason: "ImagePullBackOff",
    message: `${text}: ErrImagePull: ${entry.error}`,
  };
  record.retryAtMs = entry.atMs + entry.ms;
  requeueAt(sync, record.retryAtMs);
  return true;
}

/** An image that cannot be had as things stand: only a changed spec helps. */
function refuse(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  record: ContainerRecord,
  reason: string,
  message: string,
): undefined {
  containerEvent(sync, container, kind, "Warning", "Failed", `Error: ${reason}`);
  record.waiting = { reason, message };
  record.retryAtMs = neverMs;
  return undefined;
}
