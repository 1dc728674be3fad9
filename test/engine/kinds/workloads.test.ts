import { describe, expect, it } from "vitest";
import { ControllerRevision } from "../../../durable-objects/engine/kinds/controller-revision.ts";
import { DaemonSet } from "../../../durable-objects/engine/kinds/daemon-set.ts";
import { Deployment } from "../../../durable-objects/engine/kinds/deployment.ts";
import { PodTemplate } from "../../../durable-objects/engine/kinds/pod-template.ts";
import { ReplicaSet } from "../../../durable-objects/engine/kinds/replica-set.ts";
import { ReplicationController } from "../../../durable-objects/engine/kinds/replication-controller.ts";
import { notSelected } from "../../../durable-objects/engine/kinds/workload-validation.ts";
import { create, now, update, workload } from "./workloads-world.ts";

const mismatch =
  'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`';

describe("Deployment", () => {
  it("is defaulted", () => {
    const { spec, status } = create(Deployment, workload()).object;
    expect(spec).toMatchObject({
      replicas: 1,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
      },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    expect(spec.template.spec).toMatchObject({
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      securityContext: {},
    });
    // Only Pods themselves get these.
    expect(spec.template.spec.enableServiceLinks).toBeUndefined();
    expect(status).toEqual({});
  });

  it.each([
    [{}, {}, []],
    [
      { replicas: -1 },
      {},
      ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
    ],
    [{ selector: undefined }, {}, ["spec.selector: Required value", mismatch]],
    [
      { selector: {} },
      {},
      ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
    ],
    [{ selector: { matchLabels: { app: "db" } } }, {}, [mismatch]],
    [
      { selector: { matchExpressions: [{ key: "app", operator: "Near" }] } },
      {},
      [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Near"}]}: invalid label selector',
      ],
    ],
    [
      {},
      { restartPolicy: "Never" },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } },
      {},
      [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
      ],
    ],
    [
      { strategy: { rollingUpdate: { maxSurge: "many", maxUnavailable: "101%" } } },
      {},
      [
        "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"many\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
      ],
    ],
    [
      { strategy: { type: "Recreate", rollingUpdate: { maxSurge: 1 } } },
      {},
      [
        "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
      ],
    ],
    [
      { minReadySeconds: 600 },
      {},
      ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"],
    ],
    [
      {},
      { activeDeadlineSeconds: 5 },
      [
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
      ],
    ],
    [
      {},
      { containers: [{ name: "c" }] },
      ["spec.template.spec.containers[0].image: Required value"],
    ],
  ])("%j %j", (spec, template, expected) => {
    const { errors } = create(Deployment, workload(spec, template));
    expect(errors).toEqual(expected);
  });

  it("keeps its selector", () => {
    const old = create(Deployment, workload()).object;
    const { errors } = update(Deployment, old, (d) => ({
      ...d,
      spec: {
        ...d.spec,
        selector: { matchLabels: { app: "web", tier: "a" } },
        template: { ...d.spec.template, metadata: { labels: { app: "web", tier: "a" } } },
      },
    }));
    expect(errors).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"a"}}: field is immutable',
    ]);
  });

  it("checks its status", () => {
    const old = create(Deployment, workload()).object;
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: 3, unavailableReplicas: -1 };
    expect(update(Deployment, old, (d) => ({ ...d, status }), "status").errors).toEqual([
      "status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0",
      "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
      "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
      "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas",
    ]);
  });

  it("is printed", () => {
    const { object } = create(Deployment, workload({ replicas: 3 }));
    const status = { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 };
    const cells = Deployment.table?.cells({ ...object, status }, now + 90_000);
    expect(Deployment.table?.columns.map((c) => c.name)).toEqual([
      "Name",
      "Ready",
      "Up-to-date",
      "Available",
      "Age",
      "Containers",
      "Images",
      "Selector",
    ]);
    expect(cells).toEqual(["web", "2/3", 3, 1, "90s", "c", "nginx:1.27", "app=web"]);
  });

  it("warns about a name that makes bad host names", () => {
    const input = workload();
    expect(create(Deployment, { ...input, metadata: { name: "a.b" } }).warnings).toEqual([
      "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ]);
  });
});

describe("ReplicaSet and ReplicationController", () => {
  it("defaults, checks and prints a ReplicaSet", () => {
    const { object, errors } = create(ReplicaSet, workload());
    expect(errors).toEqual([]);
    expect(object.spec.replicas).toBe(1);
    expect(ReplicaSet.table?.cells(object, now)).toEqual([
      "web",
      1,
      0,
      0,
      "0s",
      "c",
      "nginx:1.27",
      "app=web",
    ]);
    expect(create(ReplicaSet, workload({ selector: { matchLabels: { a: "b" } } })).errors).toEqual([
      mismatch,
    ]);
  });

  it("shows labels by name, as Go prints a map", () => {
    expect(notSelected({ tier: "web", app: "shop" }).message).toBe(
      'Invalid value: {"app":"shop","tier":"web"}: `selector` does not match template `labels`',
    );
    expect(notSelected(undefined).message).toMatch(/^Invalid value: null: /);
  });

  it("makes a controller's selector and labels from its template", () => {
    const input = workload({ selector: undefined });
    const { object, errors } = create(ReplicationController, input);
    expect(errors).toEqual([]);
    expect(object.spec.selector).toEqual({ app: "web" });
    expect(object.metadata.labels).toEqual({ app: "web" });
    expect(object.spec.replicas).toBe(1);
    expect(create(ReplicationController, workload({ selector: { app: "db" } })).errors).toEqual([
      mismatch,
    ]);
    expect(
      create(ReplicationController, { metadata: { name: "web" }, spec: { selector: { a: "b" } } })
        .errors,
    ).toEqual(["spec.template: Required value"]);
  });
});

describe("DaemonSet", () => {
  it("is defaulted and counts its templates", () => {
    const { object, errors } = create(DaemonSet, workload());
    expect(errors).toEqual([]);
    expect(object.spec.updateStrategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
    });
    const generation = "deprecated.daemonset.template.generation";
    expect(object.metadata.annotations?.[generation]).toBe("1");
    const same = update(DaemonSet, object, (d) => ({
      ...d,
      spec: { ...d.spec, minReadySeconds: 1 },
    }));
    expect(same.object.metadata.annotations?.[generation]).toBe("1");
    const next = update(DaemonSet, object, (d) => ({
      ...d,
      spec: {
        ...d.spec,
        template: { ...d.spec.template, spec: { ...d.spec.template.spec, hostNetwork: true } },
      },
    }));
    expect(next.object.metadata.annotations?.[generation]).toBe("2");
  });

  it.each([
    [
      { maxUnavailable: 0, maxSurge: 0 },
      [
        "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
      ],
    ],
    [
      { maxUnavailable: 1, maxSurge: "10%" },
      [
        'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero',
      ],
    ],
    [{ maxUnavailable: 0, maxSurge: 1 }, []],
  ])("%j", (rollingUpdate, expected) => {
    const updateStrategy = { type: "RollingUpdate", rollingUpdate };
    expect(create(DaemonSet, workload({ updateStrategy })).errors).toEqual(expected);
  });

  it("is printed", () => {
    const { object } = create(DaemonSet, workload({}, { nodeSelector: { b: "2", a: "1" } }));
    const cells = DaemonSet.table?.cells(object, now);
    expect(cells?.slice(1, 8)).toEqual([0, 0, 0, 0, 0, "a=1,b=2", "0s"]);
    expect(cells).toHaveLength(DaemonSet.table?.columns.length ?? 0);
  });
});

describe("PodTemplate and ControllerRevision", () => {
  it("checks and prints a template", () => {
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c" }] } };
    const { object, errors } = create(PodTemplate, { metadata: { name: "t" }, template });
    expect(errors).toEqual(["template.spec.containers[0].image: Required value"]);
    expect(PodTemplate.table?.cells(object, now)).toEqual(["t", "c", "", "a=b"]);
  });

  it("keeps a revision's data", () => {
    const metadata = {
      name: "r",
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "DaemonSet", name: "agent", uid: "1", controller: true },
      ],
    };
    const { object, errors } = create(ControllerRevision, {
      metadata,
      revision: 2,
      data: { spec: {} },
    });
    expect(errors).toEqual([]);
    expect(ControllerRevision.table?.cells(object, now)).toEqual([
      "r",
      "daemonset.apps/agent",
      2,
      "0s",
    ]);
    expect(update(ControllerRevision, object, (r) => ({ ...r, data: { spec: 1 } })).errors).toEqual(
      ['data: Invalid value: {"spec":1}: field is immutable'],
    );
    expect(create(ControllerRevision, { metadata: { name: "r" }, revision: 1 }).errors).toEqual([
      "data: Required value: data is mandatory",
    ]);
  });
});
