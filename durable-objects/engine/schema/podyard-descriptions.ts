/** What `kubectl explain` says of Clock and Image: per type a text of its own ("") and one per field. */
import type { Descriptions } from "./openapi-schemas.ts";

export const podyardDescriptions: Descriptions = {
  "podyard/v1.Clock": {
    "": "Clock is the sandbox's virtual time, steered like any object. There is one, named cluster. Writing the same spec twice does nothing the second time.",
    spec: "How time is to run.",
    status: "How time stands, worked out whenever the Clock is read.",
  },
  "podyard/v1.ClockSpec": {
    paused:
      "Time, controllers, scheduler and kubelets stand still; the API goes on. advanceTo and steps work all the same.",
    speed:
      "Virtual seconds that pass in one second of the wall, above 0. Defaults to 1, at which ages are those of a real cluster.",
    advanceTo:
      "A moment of virtual time to go to, through everything that falls due on the way, each at its own moment. One that lies behind does nothing. A jump through much work goes on while the API answers: see status.advancingTo. At most 366 days ahead.",
    steps:
      "How many single steps were asked for in all: raise the number by one to take one more. A step is one reconcile that changes something, or else a move of time to the next due moment.",
  },
  "podyard/v1.ClockStatus": {
    now: "Virtual time.",
    offsetSeconds:
      "How far virtual time is ahead of the wall's; less than 0 when it stood still for a while. Ages that a client computes by its own clock are off by so much.",
    stepsDone: "How many of spec.steps have been taken.",
    advancingTo: "Where a jump leads that is still under way; absent once it is there.",
    nextDue:
      "The next moment of virtual time at which something happens by itself; absent when nothing does.",
  },
  "podyard/v1.Image": {
    "": "Image is a container image of your own, told without code: what containers of it do. A Pod that names its repository pulls it.",
    spec: "What containers of the image do.",
  },
  "podyard/v1.ImageSpec": {
    repository: "Name of the image without tag or digest, for example example.com/shop/cart.",
    tags: "Tags that exist; pulling another one fails. Empty: every tag exists.",
    startSeconds: "From the container's start until its ports are open.",
    ports: "Ports it listens on.",
    routes: "Answers to HTTP requests on any TCP port; the first that fits is given.",
    logs: "Lines it writes.",
    crashAfterSeconds: "When it ends by itself, counted from its start. Absent: it does not.",
    exitCode:
      "Exit code with which it ends by itself. Without crashAfterSeconds it is a task, over as soon as it has started.",
    memory: "Memory it uses over time: each entry holds until the next one begins.",
    cpu: "CPU it uses while idle.",
    private:
      "Its registry hands it out only to Pods whose imagePullSecrets (or whose service account's) hold an account for that registry. An object that says no more than who may pull leaves what its containers do to the image's name.",
    credentials: "The only account that may pull it. Absent on a private image: any.",
    ignoreTerm: "It has no handler for SIGTERM, so ending it takes the whole grace period.",
  },
  "podyard/v1.ImageCredentials": {
    username: "Name of the account.",
    password: "Its password.",
  },
  "podyard/v1.ImagePort": {
    port: "Number of the port.",
    protocol: "TCP or UDP. Defaults to TCP.",
    tls: "It speaks TLS, with a certificate that everybody takes: for webhooks, and for API servers behind an APIService.",
  },
  "podyard/v1.ImageRoute": {
    path: "Path of the request, exact, or with * at its end a prefix.",
    method: "Method of the request. Empty: any.",
    status: "Status code of the answer. Defaults to 200.",
    body: "Body of the answer; $(NAME) stands for a variable of the container's environment.",
    headers: "Headers of the answer.",
    delaySeconds: "Time until the answer comes.",
    cpu: "CPU that a request costs: 50m is 50 ms of one core.",
  },
  "podyard/v1.ImageLog": {
    text: "The line.",
    stream: "stdout or stderr. Defaults to stdout.",
    afterSeconds: "When it is written first, counted from the container's start.",
    everySeconds: "How often it is repeated. Absent: once.",
  },
  "podyard/v1.ImageMemory": {
    afterSeconds: "From when on, counted from the container's start.",
    quantity: "Memory in use from then on.",
  },
};
