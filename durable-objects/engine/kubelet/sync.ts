/** What one look at one Pod works with, and the small things every part of the kubelet needs. */
import type { Client, EventSource } from "../ports/controller.ts";
import { hex32 } from "../core/random.ts";
import type { Runtime } from "../runtime/runtime-port.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { PodRecord } from "./record.ts";
import type { Container, ContainerKind, Pod } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";

export interface Sync {
  client: Client;
  runtime: Runtime;
  context: RuntimeContext;
  /** `namespace/name`. */
  key: string;
  pod: Pod;
  node: Node;
  nodeName: string;
  record: PodRecord;
  now: number;
  /** This look was asked for by somebody else than the kubelet's own timer. */
  wokenExternally: boolean;
  /** When the Pod's processes move next, as the runtime last said. */
  nextMoveMs: number | undefined;
  /** Earliest moment anything here wants another look. */
  dueAtMs: number | undefined;
}

/** A moment that never comes: only a changed input helps. */
export const neverMs = Number.MAX_SAFE_INTEGER;

/** Asks for another look at `atMs` at the latest. */
export function requeueAt(sync: Sync, atMs: number | undefined): void {
  if (atMs === undefined || atMs >= neverMs) return;
  const at = Math.max(atMs, sync.now + 1);
  if (sync.dueAtMs === undefined || at < sync.dueAtMs) sync.dueAtMs = at;
}

const listOf: Record<ContainerKind, string> = {
  app: "containers",
  init: "initContainers",
  ephemeral: "ephemeralContainers",
};

/** k8s: pkg/kubelet/container/ref.go fieldPath */
function containerSource(sync: Sync, container: Container, kind: ContainerKind): EventSource {
  return {
    component: "kubelet",
    host: sync.nodeName,
    fieldPath: `spec.${listOf[kind]}{${container.name}}`,
  };
}

/** Records an Event about one container, whose field path goes along. */
export function containerEvent(
  sync: Sync,
  container: Container,
  kind: ContainerKind,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
): void {
  sync.client.event(sync.pod, type, reason, message, containerSource(sync, container, kind));
}

/** Records an Event about the Pod as a whole. */
export function podEvent(
  sync: Sync,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
): void {
  sync.client.event(sync.pod, type, reason, message, {
    component: "kubelet",
    host: sync.nodeName,
  });
}

/** 64 hex characters from the client's deterministic draws. */
export function containerId(client: Client): string {
  let id = "";
  for (let i = 0; i < 8; i++) id += hex32(Math.floor(client.random() * 2 ** 32));
  return id;
}
