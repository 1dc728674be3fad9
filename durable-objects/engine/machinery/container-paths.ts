/** Paths inside containers and volumes. k8s: core/validation validateLocalDescendingPath and its kin */
import { type FieldError, invalid } from "./field.ts";

/** k8s: validatePathNoBacksteps */
export function validateNoBacksteps(path: string, field: string): FieldError[] {
  return path.includes("..") && path.split("/").includes("..")
    ? [invalid(field, path, "must not contain '..'")]
    : [];
}

/** Relative and without "..". k8s: validateLocalDescendingPath */
export function validateDescendingPath(path: string, field: string): FieldError[] {
  const errors = path.startsWith("/") ? [invalid(field, path, "must be a relative path")] : [];
  return [...errors, ...validateNoBacksteps(path, field)];
}

/** Likewise, and no name that starts with "..". k8s: ValidateLocalNonReservedPath */
export function validateNonReservedPath(path: string, field: string): FieldError[] {
  const errors = validateDescendingPath(path, field);
  if (path.startsWith("..") && !path.startsWith("../"))
    errors.push(invalid(field, path, "must not start with '..'"));
  return errors;
}

/** File modes 0 to 0777. */
export function validateMode(mode: number | undefined, field: string): FieldError[] {
  return mode !== undefined && (mode > 0o777 || mode < 0)
    ? [invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")]
    : [];
}
