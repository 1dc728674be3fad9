import type { ObjectRef } from "../desk/desk.ts";

/** What is done, or broken, by hand: each is a line for the control plane's shell, so that it can be learned. A row for each. */

export interface Acted {
  metadata: { annotations?: Record<string, string>; labels?: Record<string, string> };
  spec?: {
    unschedulable?: boolean;
    nodeName?: string;
    containers?: { name: string }[];
    paused?: boolean;
    suspend?: boolean;
    replicas?: number;
  };
}

export interface HandAction {
  title: string;
  /** What happens then. */
  then: string;
  command: string;
}

interface Row {
  resources: readonly string[];
  actions: (object: ObjectRef, is: Acted) => (HandAction | undefined | false)[];
}

const inNamespace = ({ namespace }: ObjectRef): string => `-n ${namespace}`;

/** Taken off the network by the NetworkPolicy of this name and label. */
const cutOff = "podyard-cut-off";

const rows: readonly Row[] = [
  {
    resources: ["nodes"],
    actions: ({ name }, { spec, metadata: { annotations } }) => {
      const hasPower = annotations?.["podyard.dev/power"] !== "off";
      const kubelet = annotations?.["podyard.dev/kubelet"] !== "stopped";
      return [
        spec?.unschedulable
          ? {
              title: "Uncordon",
              then: "The scheduler places Pods there again.",
              command: `kubectl uncordon ${name}`,
            }
          : {
              title: "Cordon",
              then: "No new Pod is placed there; those that run go on.",
              command: `kubectl cordon ${name}`,
            },
        hasPower && {
          title: "Drain",
          then: "It is cordoned and its Pods are evicted, as far as disruption budgets let them.",
          command: `kubectl drain ${name} --ignore-daemonsets --delete-emptydir-data --force --timeout=15s`,
        },
        hasPower &&
          (kubelet
            ? {
                title: "Stop the kubelet",
                then: "Its containers go on, and nobody looks after them: after 40 s it is NotReady, after five minutes its Pods are replaced.",
                command: `ssh ${name} systemctl stop kubelet`,
              }
            : {
                title: "Start the kubelet",
                then: "It tells the API server what became of its Pods.",
                command: `ssh ${name} systemctl start kubelet`,
              }),
        hasPower
          ? {
              title: "Switch it off",
              then: "Nothing on it runs or answers. After 40 s it is NotReady, after five minutes its Pods are replaced.",
              command: `kubectl annotate node ${name} podyard.dev/power=off --overwrite`,
            }
          : {
              title: "Switch it on",
              then: "It starts, and its kubelet starts its Pods again.",
              command: `kubectl annotate node ${name} podyard.dev/power-`,
            },
      ];
    },
  },
  {
    resources: ["pods"],
    actions: (object, { spec, metadata: { labels } }) => [
      ...(spec?.nodeName === undefined
        ? []
        : (spec.containers ?? []).map((container) => ({
            title: `Kill container ${container.name}`,
            then: "Its process ends; the kubelet starts it again as restartPolicy says, later each time.",
            command: `ssh ${spec.nodeName} 'crictl stop -t 0 $(crictl ps -q --label io.kubernetes.pod.name=${object.name} --label io.kubernetes.pod.namespace=${object.namespace} --label io.kubernetes.container.name=${container.name})'`,
          }))),
      labels?.[cutOff] === undefined
        ? {
            title: "Cut it off the network",
            then: "A NetworkPolicy lets nothing in and nothing out.",
            command: `kubectl label pod ${object.name} ${inNamespace(object)} ${cutOff}=true && kubectl apply ${inNamespace(object)} -f - <<'END'\n${policy}END`,
          }
        : {
            title: "Connect it again",
            then: "The NetworkPolicy selects it no more.",
            command: `kubectl label pod ${object.name} ${inNamespace(object)} ${cutOff}-`,
          },
    ],
  },
  {
    resources: ["deployments.apps", "statefulsets.apps", "daemonsets.apps"],
    actions: (object, { spec }) =>
      // Of a paused Deployment kubectl does neither.
      spec?.paused
        ? []
        : [
            {
              title: "Restart",
              then: "The template gets an annotation, and so all its Pods are replaced, step by step.",
              command: `kubectl rollout restart ${object.resource}/${object.name} ${inNamespace(object)}`,
            },
            {
              title: "Undo the last rollout",
              then: "The template of the revision before comes back.",
              command: `kubectl rollout undo ${object.resource}/${object.name} ${inNamespace(object)}`,
            },
          ],
  },
  {
    resources: ["deployments.apps"],
    actions: (object, { spec }) => [
      spec?.paused
        ? {
            title: "Resume the rollout",
            then: "What was changed meanwhile is rolled out.",
            command: `kubectl rollout resume deployment/${object.name} ${inNamespace(object)}`,
          }
        : {
            title: "Pause the rollout",
            then: "Changes of the template wait.",
            command: `kubectl rollout pause deployment/${object.name} ${inNamespace(object)}`,
          },
    ],
  },
  {
    resources: ["deployments.apps", "statefulsets.apps", "replicasets.apps"],
    actions: (object, { spec }) =>
      [(spec?.replicas ?? 1) + 1, Math.max(0, (spec?.replicas ?? 1) - 1)].map((replicas) => ({
        title: `Scale to ${replicas}`,
        then: "Pods are made or deleted until there are as many.",
        command: `kubectl scale ${object.resource}/${object.name} --replicas=${replicas} ${inNamespace(object)}`,
      })),
  },
  {
    resources: ["cronjobs.batch"],
    actions: (object, { spec }) => [
      {
        title: "Run it now",
        then: "A Job is made of its template, whatever the schedule says.",
        command: `kubectl create job ${object.name}-by-hand-$(date +%s) --from=cronjob/${object.name} ${inNamespace(object)}`,
      },
      suspension("cronjob", object, spec?.suspend === true, "Nothing is started."),
    ],
  },
  {
    resources: ["jobs.batch"],
    actions: (object, { spec }) => [
      suspension("job", object, spec?.suspend === true, "Its running Pods are deleted."),
    ],
  },
];

function suspension(kind: string, object: ObjectRef, suspended: boolean, then: string): HandAction {
  const patch = JSON.stringify({ spec: { suspend: !suspended } });
  return {
    title: suspended ? "Resume" : "Suspend",
    then: suspended ? "It goes on." : then,
    command: `kubectl patch ${kind} ${object.name} ${inNamespace(object)} --type=merge -p '${patch}'`,
  };
}

const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${cutOff}
spec:
  podSelector:
    matchLabels:
      ${cutOff}: "true"
  policyTypes: [Ingress, Egress]
`;

export const handActions = (object: ObjectRef, is: Acted): HandAction[] =>
  rows
    .filter(({ resources }) => resources.includes(object.resource))
    .flatMap(({ actions }) => actions(object, is))
    .filter((one): one is HandAction => Boolean(one));

export const hasHandActions = ({ resource }: ObjectRef): boolean =>
  rows.some(({ resources }) => resources.includes(resource));
