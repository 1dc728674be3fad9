/** What one gets, drawn as the page draws it: three nodes, a Deployment half way through its update, and the Service before it. */

const rooms = ["node-1", "node-2", "node-3"];

interface Cell {
  name: string;
  state: "ready" | "starting" | "leaving";
}

const cells: Cell[][] = [
  [
    { name: "4xq2k", state: "ready" },
    { name: "9d7hm", state: "leaving" },
  ],
  [
    { name: "b6w8t", state: "ready" },
    { name: "c2v5n", state: "ready" },
  ],
  [
    { name: "m8z4r", state: "starting" },
    { name: "7jk9p", state: "ready" },
  ],
];

const roomWidth = 148;
const words = { ready: "ready", starting: "starting", leaving: "terminating" };

export const HomePicture = () => (
  <svg class="home-picture" viewBox="0 0 476 236" aria-hidden="true">
    {rooms.map((name, at) => (
      <g key={name} transform={`translate(${8 + at * (roomWidth + 8)} 8)`}>
        <rect class="room" width={roomWidth} height="172" rx="10" />
        <text class="name" x="12" y="24">
          {name}
        </text>
        <rect class="line" x="12" y="34" width="124" height="3" rx="1.5" />
        <rect class="used" x="12" y="34" width={46 + at * 14} height="3" rx="1.5" />
        {cells[at]!.map((cell, row) => (
          <g key={cell.name} class={cell.state} transform={`translate(12 ${50 + row * 58})`}>
            <rect class="cell" width="124" height="48" rx="9" />
            <circle class="ring" cx="22" cy="24" r="10" />
            <text class="pod" x="42" y="21">
              {cell.name}
            </text>
            <text class="word" x="42" y="36">
              {words[cell.state]}
            </text>
          </g>
        ))}
      </g>
    ))}
    <path class="links" d="M82 164V202M238 164V202M394 164V202" />
    <rect class="rail" x="8" y="202" width="460" height="26" rx="6" />
    <text class="name" x="20" y="219">
      Service my-web
    </text>
    <text class="word" x="456" y="219" text-anchor="end">
      4 of 5 ready · m8z4r not ready
    </text>
  </svg>
);
