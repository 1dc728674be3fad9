/** What the tests of explanations share: the question, and an answer in one text. */
import { expect } from "vitest";
import type { ExplanationStatus } from "../../../durable-objects/engine/kinds/podyard/explanation.ts";
import type { Answer, RequestOptions, World } from "../../helpers/world.ts";

export function review(
  world: World,
  spec: object,
  namespace = "default",
  options: RequestOptions = {},
): Answer {
  const url = `/apis/podyard.dev/v1/namespaces/${namespace}/explanations`;
  const body = { apiVersion: "podyard.dev/v1", kind: "Explanation", spec };
  return world.request("POST", url, body, options);
}

/** `pod/web`, `deployment/web`: its explanation, which must come. */
export function why(world: World, target: string, namespace = "default"): ExplanationStatus {
  const [resource, name] = target.split("/");
  const answer = review(world, { resource, name }, namespace);
  if (answer.status !== 201) throw new Error(`${target}: ${answer.status} ${answer.text}`);
  return answer.body.status;
}

/** The sentence, and what is to be done: `... => command; command`. */
export function said(world: World, target: string, namespace?: string): string {
  const { sentence, mend } = why(world, target, namespace);
  return `${sentence} => ${mend.map(({ command }) => command).join("; ")}`;
}

/** Of the evidence `field kind/name`, or its event or line. */
export const restsOn = (world: World, target: string, namespace?: string): string[] =>
  why(world, target, namespace).evidence.map(({ object, field, event, line }) =>
    [object ? `${object.kind}/${object.name}` : "", field ?? event ?? line ?? ""].join(" ").trim(),
  );

/** Holds answers to what they must name: the object, the number, the mend. */
export function expectSaid(
  world: World,
  target: string,
  parts: readonly string[],
  namespace?: string,
): void {
  const text = said(world, target, namespace);
  const lacking = parts.filter((part) => !text.includes(part));
  expect(lacking, `${target}: ${text}`).toEqual([]);
}
