/**
 * An image of a teacher's own: what containers of it do, told without code. `kubectl run x --image=my/app:v1` then pulls
 * it and behaves so. Its fields are described in schema/podyard-descriptions.ts.
 */
import {
  at,
  child,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../machinery/field.ts";
import {
  httpHeaderName,
  inRange,
  invalidEach,
  negativeText,
  notPositiveText,
  portNumber,
} from "../../machinery/names.ts";
import type { KubeObject } from "../../core/object.ts";
import { imageRoutesMax, imageSpecBytesMax } from "../../core/limits.ts";
import { parseReference } from "../../machinery/image-reference.ts";
import { parseQuantity, signQuantity } from "../../machinery/quantity.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind, WriteContext } from "../define.ts";
import { schemaNamed } from "../../schema/types.ts";

export interface ImageRoute {
  /** Exact, or with `*` at its end a prefix. */
  path?: string;
  method?: string;
  status?: number;
  /** `$(NAME)` is a variable of the container's environment. */
  body?: string;
  headers?: Record<string, string>;
  delaySeconds?: number;
  /** CPU a request costs: `50m` is 50 ms of one core. */
  cpu?: string;
}

export interface ImageLog {
  text?: string;
  stream?: "stdout" | "stderr";
  afterSeconds?: number;
  everySeconds?: number;
}

export interface ImageSpec {
  repository?: string;
  /** Absent: every tag exists. */
  tags?: string[];
  /** Pulled only by who has a secret for its registry. */
  private?: boolean;
  /** The one account that may pull it; such an image is private. */
  credentials?: { username?: string; password?: string };
  /** From the container's start to its ports being open. */
  startSeconds?: number;
  ports?: { port: number; protocol?: string; tls?: boolean }[];
  routes?: ImageRoute[];
  logs?: ImageLog[];
  crashAfterSeconds?: number;
  exitCode?: number;
  memory?: { afterSeconds?: number; quantity?: string }[];
  /** While idle. */
  cpu?: string;
  ignoreTerm?: boolean;
}

export interface Image extends KubeObject {
  spec?: ImageSpec;
}

/** `my/app` as registries know it: `docker.io/my/app`. Undefined: it is no repository. */
export function repositoryOf(image: Image): string | undefined {
  const reference = parseReference(image.spec?.repository ?? "");
  if ("error" in reference || reference.tag !== undefined || reference.digest !== undefined)
    return undefined;
  return `${reference.domain}/${reference.path}`;
}

const notNegative = (path: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(path, value, negativeText)] : [];

function validateRepository(image: Image, context: WriteContext): FieldError[] {
  const path = "spec.repository";
  const { repository } = image.spec ?? {};
  if (!repository) return [required(path)];
  const name = repositoryOf(image);
  if (!name)
    return [invalid(path, repository, "must be the name of a repository, without tag or digest")];
  if (context.simulatesImage(name))
    return [forbiddenField(path, "this sandbox simulates the image already")];
  return [];
}

const tagText =
  "must be a tag: at most 128 letters, digits, '_', '.' and '-', not beginning with '.' or '-'";

function validateTags(tags: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, tag] of tags.entries()) {
    const path = at("spec.tags", i);
    if (!/^\w[\w.-]{0,127}$/.test(tag)) errors.push(invalid(path, tag, tagText));
    if (seen.has(tag)) errors.push(duplicate(path, tag));
    seen.add(tag);
  }
  return errors;
}

function validatePorts(ports: NonNullable<ImageSpec["ports"]>): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { port, protocol = "TCP" }] of ports.entries()) {
    const path = at("spec.ports", i);
    errors.push(...invalidEach(child(path, "port"), port, portNumber(port)));
    if (protocol !== "TCP" && protocol !== "UDP")
      errors.push(notSupported(child(path, "protocol"), protocol, ["TCP", "UDP"]));
    if (seen.has(`${protocol}/${port}`)) errors.push(duplicate(path, `${protocol}/${port}`));
    seen.add(`${protocol}/${port}`);
  }
  return errors;
}

const methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

function validateQuantity(path: string, text: string | undefined): FieldError[] {
  const quantity = text === undefined ? undefined : parseQuantity(text);
  return quantity && signQuantity(quantity) < 0 ? [invalid(path, text, negativeText)] : [];
}

function validateRoute(route: ImageRoute, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!route.path) errors.push(required(child(path, "path")));
  else if (!route.path.startsWith("/"))
    errors.push(invalid(child(path, "path"), route.path, "must be an absolute path"));
  if (route.method !== undefined && route.method !== "" && !methods.includes(route.method))
    errors.push(notSupported(child(path, "method"), route.method, methods));
  if (route.status !== undefined && route.status !== 0)
    errors.push(
      ...invalidEach(child(path, "status"), route.status, inRange(route.status, 200, 599)),
    );
  for (const name of Object.keys(route.headers ?? {}))
    errors.push(...invalidEach(child(path, "headers"), name, httpHeaderName(name)));
  errors.push(...notNegative(child(path, "delaySeconds"), route.delaySeconds));
  errors.push(...validateQuantity(child(path, "cpu"), route.cpu));
  return errors;
}

function validateLog(log: ImageLog, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!log.text) errors.push(required(child(path, "text")));
  if (log.stream && log.stream !== "stdout" && log.stream !== "stderr")
    errors.push(notSupported(child(path, "stream"), log.stream, ["stdout", "stderr"]));
  errors.push(...notNegative(child(path, "afterSeconds"), log.afterSeconds));
  if (log.everySeconds !== undefined && !(log.everySeconds > 0))
    errors.push(invalid(child(path, "everySeconds"), log.everySeconds, notPositiveText));
  return errors;
}

function validate(image: Image, context: WriteContext): FieldError[] {
  const spec = image.spec ?? {};
  const errors = [...validateRepository(image, context), ...validateTags(spec.tags ?? [])];
  for (const name of ["startSeconds", "crashAfterSeconds"] as const)
    errors.push(...notNegative(child("spec", name), spec[name]));
  errors.push(...validatePorts(spec.ports ?? []));
  if (spec.credentials && !spec.credentials.username)
    errors.push(required("spec.credentials.username"));
  if (spec.credentials && !spec.credentials.password)
    errors.push(required("spec.credentials.password"));
  const routes = spec.routes ?? [];
  if (routes.length > imageRoutesMax)
    errors.push(tooMany("spec.routes", routes.length, imageRoutesMax));
  for (const [i, route] of routes.entries())
    errors.push(...validateRoute(route, at("spec.routes", i)));
  for (const [i, log] of (spec.logs ?? []).entries())
    errors.push(...validateLog(log, at("spec.logs", i)));
  if (spec.exitCode !== undefined)
    errors.push(...invalidEach("spec.exitCode", spec.exitCode, inRange(spec.exitCode, 0, 255)));
  for (const [i, point] of (spec.memory ?? []).entries()) {
    const path = at("spec.memory", i);
    errors.push(...notNegative(child(path, "afterSeconds"), point.afterSeconds));
    if (!point.quantity) errors.push(required(child(path, "quantity")));
    errors.push(...validateQuantity(child(path, "quantity"), point.quantity));
  }
  errors.push(...validateQuantity("spec.cpu", spec.cpu));
  if (JSON.stringify(spec).length > imageSpecBytesMax)
    errors.push(tooLong("spec", imageSpecBytesMax));
  return errors;
}

const listed = (values: readonly unknown[] | undefined, otherwise: string): string =>
  values?.length ? values.join(",") : otherwise;

export const Image: Kind<Image> = {
  resource: "images.podyard.dev",
  apiVersion: "podyard.dev/v1",
  kind: "Image",
  schema: schemaNamed("podyard/v1.Image"),
  indices: [
    {
      name: "image.repository",
      values: (o) => {
        const repository = repositoryOf(o as Image);
        return repository ? [repository] : [];
      },
    },
  ],
  namespaced: false,
  hasGeneration: true,
  discovery: { singular: "image", shortNames: [], categories: ["podyard"], status: false },
  validateCreate: validate,
  validateUpdate: (image, _old, context) => validate(image, context),
  table: {
    columns: [
      nameColumn,
      column("Repository", "What a Pod's image names."),
      column("Tags", "Tags that exist."),
      column("Ports", "Ports it listens on."),
      ageColumn,
    ],
    cells: (image, now) => [
      image.metadata.name,
      image.spec?.repository ?? "",
      listed(image.spec?.tags, "*"),
      listed(
        image.spec?.ports?.map(({ port, protocol }) => `${port}/${protocol ?? "TCP"}`),
        "<none>",
      ),
      age(image, now),
    ],
  },
};
