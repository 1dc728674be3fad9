/** A type of the package `kubernetes-types` as the store holds it: with its names, never without metadata. */
import type { KubeObject } from "../core/object.ts";

export type Stored<T> = Omit<T, "apiVersion" | "kind" | "metadata"> & KubeObject;
