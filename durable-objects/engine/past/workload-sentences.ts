/** What the timeline says of Deployments, ReplicaSets, DaemonSets, StatefulSets and what counts them. */
import type { Deployment } from "../kinds/deployment.ts";
import type { Endpoints } from "../kinds/endpoints.ts";
import type { HorizontalPodAutoscaler } from "../kinds/horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts";
import type { StatefulSet } from "../kinds/stateful-set/shape.ts";
import { equal } from "../core/equal.ts";
import { nameOf, type Rule, type Step } from "./step.ts";

const withPods =
  /^(deployments|replicasets|daemonsets|statefulsets)\.apps$|^replicationcontrollers$/;

/** All of them have what a Deployment has, or less. */
const states = ({ before, after }: Step): [Partial<Deployment>, Partial<Deployment>] => [
  before as Partial<Deployment>,
  after as Partial<Deployment>,
];

const restartedAt = "kubectl.kubernetes.io/restartedAt";

const statefulSets = ({ before, after }: Step): [StatefulSet, StatefulSet] => [
  before as StatefulSet,
  after as StatefulSet,
];

/** How a StatefulSet's update is held back, and how far it is. */
const statefulSetRules: Rule[] = [
  {
    of: /^statefulsets\.apps$/,
    on: "update",
    say(step) {
      const [was, is] = statefulSets(step).map(({ spec }) => spec.updateStrategy ?? {});
      if (was?.type !== is?.type)
        return `${step.who} changed the update strategy of ${nameOf(step.after)} from ${was?.type} to ${is?.type}`;
      const [old, now] = [was, is].map((strategy) => strategy?.rollingUpdate?.partition ?? 0);
      if (old === now) return undefined;
      return `${step.who} moved the partition of ${nameOf(step.after)} from ${old} to ${now}`;
    },
  },
  {
    of: /^statefulsets\.apps$/,
    on: "update",
    say(step) {
      const [was, is] = statefulSets(step).map(({ status }) => status?.updateRevision);
      if (was === is || is === undefined || was === undefined) return undefined;
      return `${step.who} is to bring the Pods of ${nameOf(step.after)} to revision ${is}`;
    },
  },
  {
    of: /^statefulsets\.apps$/,
    on: "update",
    say(step) {
      const [old, now] = statefulSets(step);
      const [was, is] = [old, now].map(({ status }) => status?.currentRevision);
      if (was === is || was === undefined || is !== now.status?.updateRevision) return undefined;
      return `${step.who}: all Pods of ${nameOf(now)} are of revision ${is}`;
    },
  },
  {
    of: /^statefulsets\.apps$/,
    on: "update",
    say(step) {
      const [old, now] = statefulSets(step);
      const [was, is] = [old, now].map(({ status }) => status?.updatedReplicas ?? 0);
      const { currentRevision, updateRevision } = now.status ?? {};
      if (was === is || currentRevision === updateRevision) return undefined;
      return `${step.who}: ${is} of ${now.spec.replicas} Pods of ${nameOf(now)} are of revision ${updateRevision}`;
    },
  },
];

export const workloadRules: Rule[] = [
  {
    of: withPods,
    on: "update",
    say(step) {
      const [was, is] = states(step).map(({ spec }) => spec?.replicas);
      return was === is
        ? undefined
        : `${step.who} scaled ${nameOf(step.after)} from ${was ?? 1} to ${is ?? 1}`;
    },
  },
  {
    of: withPods,
    on: "update",
    say(step) {
      const [old, now] = states(step).map(({ spec }) => spec?.template?.spec?.containers ?? []);
      for (const { name, image } of now ?? []) {
        const was = old?.find((container) => container.name === name)?.image;
        if (was === undefined || was === image) continue;
        return `${step.who} changed the image of container ${name} of ${nameOf(step.after)} from ${was} to ${image}`;
      }
      return undefined;
    },
  },
  {
    of: withPods,
    on: "update",
    say(step) {
      const [old, now] = states(step).map(({ spec }) => spec?.template);
      if (equal(old, now)) return undefined;
      const [was, is] = [old, now].map((t) => t?.metadata?.annotations?.[restartedAt]);
      if (is !== undefined && is !== was) return `${step.who} restarted ${nameOf(step.after)}`;
      return `${step.who} changed the Pod template of ${nameOf(step.after)}`;
    },
  },
  {
    of: /^deployments\.apps$/,
    on: "update",
    say(step) {
      const [was, is] = states(step).map(({ spec }) => spec?.paused ?? false);
      if (was === is) return undefined;
      return `${step.who} ${is ? "paused" : "resumed"} the rollout of ${nameOf(step.after)}`;
    },
  },
  ...statefulSetRules,
  {
    of: withPods,
    on: "update",
    say(step) {
      const [was, is] = states(step).map(({ status }) => status?.readyReplicas ?? 0);
      const [, after] = states(step);
      if (was === is || after.spec?.replicas === undefined) return undefined;
      return `${step.who}: ${nameOf(step.after)} has ${is} of ${after.spec.replicas} Pods ready`;
    },
  },
  {
    of: /^horizontalpodautoscalers\./,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [before, after].map(
        (object) => (object as HorizontalPodAutoscaler).status?.desiredReplicas,
      );
      return was === is ? undefined : `${who}: ${nameOf(after)} wants ${is} replicas`;
    },
  },
  {
    of: /^endpoints$/,
    on: "update",
    say({ who, before, after }) {
      const count = (object: Endpoints): number =>
        (object.subsets ?? []).reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
      const [was, is] = [count(before as Endpoints), count(after as Endpoints)];
      return was === is ? undefined : `${who}: ${nameOf(after)} has ${is} ready addresses`;
    },
  },
];
