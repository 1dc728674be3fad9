import { describe, expect, test } from "vitest";
import { World } from "../../../helpers/world.ts";

/** A shell that is a container's first process waits for its own children; those that lost their parent are nobody's. */
describe("a shell as PID 1", () => {
  const images = [
    "alpine:3.20",
    "busybox:1.36",
    "debian:12",
    "nginx:1.27",
    "python:3",
    "ubuntu:24.04",
  ];
  const says = (shell: string, script: string): string[] => {
    const world = new World({ nodes: 1 });
    for (const image of images) {
      world.create({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: image.replaceAll(/[:.]/g, "-") },
        spec: {
          restartPolicy: "Never",
          containers: [{ name: "c", image, command: [shell, "-c", script] }],
        },
      });
    }
    world.advance(60_000);
    return world.pods().map(({ metadata: { name }, status }) => {
      const log = world.request("GET", `/api/v1/namespaces/default/pods/${name}/log`).text;
      return `${name} ${status.phase}: ${log.replaceAll("\n", " ").trim()}`;
    });
  };
  const each = (told: string, of = images): string[] =>
    of.map((image) => `${image.replaceAll(/[:.]/g, "-")} Succeeded: ${told}`).sort();

  test("gets the output of a command substitution, and its status", () => {
    expect(says("sh", "x=$(echo hi; exit 3); echo $x $?; echo `seq 2`")).toEqual(each("hi 3 1 2"));
  });

  test("waits for what runs in the background", () => {
    expect(says("sh", "(sleep 1; exit 4) & wait $!; echo $?")).toEqual(each("4"));
  });

  test("waits for both sides of a pipe", () => {
    expect(says("sh", "seq 3 | while read x; do echo -$x; done; echo $?")).toEqual(
      each("-1 -2 -3 0"),
    );
  });

  test("hears nothing of a grandchild whose parent has ended", () => {
    expect(says("sh", "(sleep 1 &) ; sleep 2; wait; echo $?; jobs")).toEqual(each("0"));
  });
});
