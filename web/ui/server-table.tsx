import type { Column, Row, TableView } from "../api/tables.ts";
import { toneOf } from "./tone.ts";
import { WhyButton } from "./why-button.tsx";
import { ageOf } from "../../durable-objects/engine/machinery/duration.ts";

/** A table as the server prints it. */

interface Props {
  table: TableView;
  label: string;
  /** Objects of more than one namespace. */
  everywhere: boolean;
  /** Virtual ms; undefined: ages stand as the server told them. */
  now?: number | undefined;
  shows: (column: Column) => boolean;
  selected?: string | undefined;
  select?: ((row: Row) => void) | undefined;
  /** Asks why a row is as it is. */
  why?: WhyOfRows | undefined;
}

export interface WhyOfRows {
  /** Whether there is something to ask. */
  of(row: Row): boolean;
  ask(row: Row): void;
}

interface Shown {
  column: Column;
  at: number;
}

export function ServerTable(props: Props) {
  const { table, label, everywhere, now, shows, selected, select, why } = props;
  const shown = table.columns
    .map((column, at) => ({ column, at }))
    .filter((one) => shows(one.column));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {everywhere && <th scope="col">Namespace</th>}
            {shown.map(({ column }) => (
              <th key={column.name} scope="col" title={column.description}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr
              key={row.uid || row.name}
              aria-selected={selected === undefined ? undefined : selected === row.uid}
            >
              {everywhere && <td>{row.namespace}</td>}
              {shown.map((one) => (
                <td key={one.column.name}>
                  <Cell row={row} shown={one} now={now} select={select} why={why} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps {
  row: Row;
  shown: Shown;
  now: number | undefined;
  select: ((row: Row) => void) | undefined;
  why: WhyOfRows | undefined;
}

function Cell({ row, shown: { column, at }, now, select, why }: CellProps) {
  const text = row.cells[at];
  if (column.name === "Name" && select) {
    return (
      <>
        <button type="button" class="link" onClick={() => select(row)}>
          {text}
        </button>
        {why?.of(row) && <WhyButton of={row.name} ask={() => why.ask(row)} />}
      </>
    );
  }
  if (column.name === "Status") return <span class={`status ${toneOf(text ?? "")}`}>{text}</span>;
  if (column.name === "Age" && now !== undefined) return <>{ageOf(row.createdAt, now)}</>;
  return <>{text}</>;
}
