/** The Table of a custom resource. k8s: apiextensions-apiserver pkg/registry/customresource/tableconvertor */
import { parseTime } from "../../core/clock.ts";
import { cellCharactersPerRowMax, columnStepsPerRowMax } from "../../core/limits.ts";
import type { KubeObject } from "../../core/object.ts";
import type { PrinterColumn } from "../../kinds/custom-resource-definition/types.ts";
import type { Cell, Column, TableOf } from "../../kinds/define.ts";
import { ageOf } from "../../machinery/duration.ts";
import { goFormat, goJson } from "../../schema/patch/go-value.ts";
import { canonicalTime } from "../../schema/time.ts";
import { find, parsePath, type JsonPath } from "./json-path.ts";

/** Of a version that names none. */
const ageColumn: PrinterColumn = {
  name: "Age",
  type: "date",
  description: "Time since the object was created.",
  jsonPath: ".metadata.creationTimestamp",
};

const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name of the object.",
  priority: 0,
};

/** Columns after one whose path cannot be read are left out. */
export function tableOf(given: readonly PrinterColumn[] | undefined): TableOf<KubeObject> {
  const columns: { column: PrinterColumn; path: JsonPath }[] = [];
  for (const column of given?.length ? given : [ageColumn]) {
    const path = parsePath(column.jsonPath);
    if (!path) break;
    columns.push({ column, path });
  }
  return {
    columns: [nameColumn, ...columns.map(({ column }) => shown(column))],
    cells: (object, now) => {
      const steps = { left: columnStepsPerRowMax };
      let room = cellCharactersPerRowMax;
      return [
        object.metadata.name,
        ...columns.map(({ column, path }) => {
          if (room < 0) return null;
          const cell = cellOf(column.type, find(path, object, steps)?.[0], now);
          if (typeof cell === "string") room -= cell.length;
          return cell;
        }),
      ];
    },
  };
}

const shown = ({ name, type, format, description, priority, jsonPath }: PrinterColumn): Column => ({
  name,
  type: type as Column["type"],
  ...(format ? { format } : {}),
  description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
  priority: (priority ?? 0) as Column["priority"],
});

function cellOf(type: string, value: unknown, now: number): Cell {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "string":
      return typeof value === "object" ? goJson(value) : goFormat(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    default:
      return typeof value === "string" ? ageText(value, now) : null;
  }
}

function ageText(moment: string, now: number): string {
  if (moment === "" || moment === "null") return "<unknown>";
  const time = canonicalTime(moment);
  if ("error" in time || time.text === null || !Number.isFinite(parseTime(time.text)))
    return "<invalid>";
  return ageOf(time.text, now);
}
