import { WhyButton } from "../ui/why-button.tsx";
import type { ObjectRef } from "../desk/desk.ts";
import type { PodView } from "./pod-view.ts";
import { percent, type Scene } from "./scene.ts";
import { isPodTroubled, isServiceTroubled } from "./troubled.ts";
import { travelSentence } from "./travel.ts";

interface Props {
  scene: Scene;
  select: (ref: ObjectRef) => void;
  /** Absent: nobody can be asked, as of a frozen moment. */
  askWhy?: ((ref: ObjectRef) => void) | undefined;
}

/** What the picture says, in words: for whoever does not see it, and whoever would rather read. */
export function Twin({ scene, select, askWhy }: Props) {
  const { nodes, pods, services, traces } = scene;
  return (
    <>
      <table>
        <caption>Pods</caption>
        <thead>
          <tr>
            {["Pod", "Namespace", "Node", "State", "Ready", "Restarts", "Reason"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pods.map((pod) => (
            <PodRow key={pod.uid} pod={pod} select={select} askWhy={askWhy} />
          ))}
        </tbody>
      </table>
      <NodeTable nodes={nodes} select={select} />
      {services.length > 0 && <ServiceTable services={services} select={select} askWhy={askWhy} />}
      {traces.length > 0 && (
        <ul aria-label="Requests">
          {traces.map((trace) => (
            <li key={trace.metadata.uid}>{travelSentence(trace)}</li>
          ))}
        </ul>
      )}
    </>
  );
}

interface NodeTableProps extends Pick<Props, "select"> {
  nodes: Scene["nodes"];
}

function NodeTable({ nodes, select }: NodeTableProps) {
  return (
    <table>
      <caption>Nodes</caption>
      <thead>
        <tr>
          {["Node", "State", "Pods", "CPU requested", "Memory requested"].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {nodes.map(({ ref, ready, cordoned, pods: count, podsMax, cpu, memory }) => (
          <tr key={ref.name}>
            <th scope="row">
              <button type="button" class="link" onClick={() => select(ref)}>
                {ref.name}
              </button>
            </th>
            <td>{`${ready ? "Ready" : "NotReady"}${cordoned ? ", cordoned" : ""}`}</td>
            <td>{`${count} of ${podsMax}`}</td>
            <td>{percent(cpu)}</td>
            <td>{percent(memory)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface PodRowProps extends Omit<Props, "scene"> {
  pod: PodView;
}

function PodRow({ pod, select, askWhy }: PodRowProps) {
  const { ref, node, state } = pod;
  return (
    <tr>
      <th scope="row">
        <button type="button" class="link" onClick={() => select(ref)}>
          {ref.name}
        </button>
        {askWhy && isPodTroubled(pod) && <WhyButton of={ref.name} ask={() => askWhy(ref)} />}
      </th>
      <td>{ref.namespace}</td>
      <td>{node || "none yet"}</td>
      <td>{state.word}</td>
      <td>{state.ready}</td>
      <td>{state.restarts}</td>
      <td class="reason">{state.reason}</td>
    </tr>
  );
}

interface ServiceTableProps extends Pick<Props, "select" | "askWhy"> {
  services: Scene["services"];
}

function ServiceTable({ services, select, askWhy }: ServiceTableProps) {
  return (
    <table>
      <caption>Services</caption>
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">Namespace</th>
          <th scope="col">Endpoints</th>
          <th scope="col">Left out</th>
        </tr>
      </thead>
      <tbody>
        {services.map((service) => (
          <tr key={service.ref.path}>
            <th scope="row">
              <button type="button" class="link" onClick={() => select(service.ref)}>
                {service.ref.name}
              </button>
              {askWhy && isServiceTroubled(service) && (
                <WhyButton of={service.ref.name} ask={() => askWhy(service.ref)} />
              )}
            </th>
            <td>{service.ref.namespace}</td>
            <td>{service.word}</td>
            <td class="reason">
              {service.leftOut.map(({ label, why }) => `${label}: ${why}`).join(", ")}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
