import { expect, test } from "vitest";
import {
  checkedOnce,
  required,
  type FieldError,
} from "../../../durable-objects/engine/machinery/field.ts";

test("looks once into what is fine, and at every place into what is not", () => {
  const looked: string[] = [];
  const check = checkedOnce(({ name }: { name?: string }, path): FieldError[] => {
    looked.push(path);
    return name ? [] : [required(`${path}.name`)];
  });
  const [fine, wrong] = [{ name: "a" }, {}];
  expect([check(fine, "x"), check(fine, "y")]).toEqual([[], []]);
  expect([...check(wrong, "x"), ...check(wrong, "y")].map(({ field }) => field)).toEqual([
    "x.name",
    "y.name",
  ]);
  expect(check({ name: "a" }, "z")).toEqual([]);
  expect(looked).toEqual(["x", "x", "y", "z"]);
});
