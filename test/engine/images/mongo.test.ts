/** mongod with its data: the shell, the tools beside it, users, volumes, replica sets. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf } from "../network/network-world.ts";

let world: NetworkWorld;
const sh = (pod: string, line: string) => {
  const { exitCode: code, stdout, stderr: err } = world.exec(pod, line);
  return { code, out: stdout, err };
};
const js = (pod: string, text: string, options = "--quiet") =>
  sh(pod, `mongosh ${options} --eval '${text}'`);
const out = (pod: string, text: string): string => js(pod, text).out;

const claim = { spec: { volumes: [{ name: "data", emptyDir: {} }] } };
const mount = { volumeMounts: [{ name: "data", mountPath: "/data/db" }] };

beforeAll(() => {
  world = new NetworkWorld();
  world.create(podOf("db", "mongo:8", { container: mount, ...claim }));
  world.create(serviceOf("db", { selector: { app: "db" }, ports: [{ port: 27017 }] }));
  world.create(podOf("client", "mongo:7", { container: { command: ["sleep", "infinity"] } }));
  const root = { MONGO_INITDB_ROOT_USERNAME: "root", MONGO_INITDB_ROOT_PASSWORD: "secret" };
  const env = Object.entries(root).map(([name, value]) => ({ name, value }));
  world.create(podOf("locked", "mongo:8", { container: { env } }));
  world.create(podOf("old", "mongo:4.4"));
  world.advance(30_000);
});

describe("the shell", () => {
  test("what is written is there for the next command, and for another Pod", () => {
    expect(out("db", 'db.people.insertOne({_id: 1, name: "Ada", age: 36})')).toBe(
      "{ acknowledged: true, insertedId: 1 }\n",
    );
    expect(js("client", 'db.people.find({name: "Ada"})', "--quiet --host db").out).toBe(
      "[ { _id: 1, name: 'Ada', age: 36 } ]\n",
    );
    expect(js("client", "db.people.countDocuments()", "mongodb://db:27017/test --quiet").out).toBe("1\n"); // prettier-ignore
  });

  test("an _id is made where none is given", () => {
    expect(out("db", 'db.ids.insertOne({a: "b"})')).toMatch(
      /^\{\n {2}acknowledged: true,\n {2}insertedId: ObjectId\('[\da-f]{24}'\)\n\}\n$/,
    );
    expect(out("db", "db.ids.findOne()")).toMatch(/^\{ _id: ObjectId\('[\da-f]{24}'\), a: 'b' \}\n$/); // prettier-ignore
    expect(out("db", "db.ids.drop()")).toBe("true\n");
    expect(out("db", "db.ids.findOne()")).toBe("null\n");
  });

  test("filters, updates, deletes", () => {
    expect(out("db", "db.n.insertMany([{_id: 1, v: 5}, {_id: 2, v: 7, tags: [\"a\"]}, {_id: 3, v: 9}])")).toBe("{ acknowledged: true, insertedIds: { \u00270\u0027: 1, \u00271\u0027: 2, \u00272\u0027: 3 } }\n"); // prettier-ignore
    expect(out("db", "db.n.updateOne({_id: 1}, {$set: {\"a.b\": true}, $inc: {v: 2}})")).toBe("{\n  acknowledged: true,\n  insertedId: null,\n  matchedCount: 1,\n  modifiedCount: 1,\n  upsertedCount: 0\n}\n"); // prettier-ignore
    expect(out("db", "db.n.find({v: {$gte: 7}, tags: {$exists: false}}).sort({v: -1})")).toBe(
      "[ { _id: 3, v: 9 }, { _id: 1, v: 7, a: { b: true } } ]\n",
    );
    expect(out("db", "db.n.find({}, {_id: 0, v: 1}).limit(2).toArray().map(d => d.v)")).toBe("[ 7, 7 ]\n"); // prettier-ignore
    expect(out("db", "db.n.find({tags: /^A/i}).forEach(d => print(d._id))")).toBe("2\n");
    expect(out("db", "db.n.deleteOne({_id: 2})")).toBe("{ acknowledged: true, deletedCount: 1 }\n");
    expect(out("db", "db.n.deleteMany({})")).toBe("{ acknowledged: true, deletedCount: 2 }\n");
    expect(out("db", "db.n.countDocuments()")).toBe("0\n");
  });

  test("errors are told as the shell does", () => {
    expect(js("db", "db.people.insertOne({_id: 1})")).toMatchObject({ code: 1, err: "MongoServerError: E11000 duplicate key error collection: test.people index: _id_ dup key: { _id: 1 }\n" }); // prettier-ignore
    expect(js("db", "nothing")).toMatchObject({ code: 1, err: "ReferenceError: nothing is not defined\n" }); // prettier-ignore
    expect(js("db", "db.people.find({a: {$near: 1}})").err).toBe("MongoServerError[BadValue]: unknown operator: $near\n"); // prettier-ignore
    expect(js("client", "db.hello()")).toMatchObject({ code: 1, err: "MongoNetworkError: connect ECONNREFUSED 127.0.0.1:27017\n" }); // prettier-ignore
  });

  test("lines of standard input, with its prompts", () => {
    const lines = "use shop\ndb.items.insertOne({_id: 1,\n  n: 2})\nx = db.items.findOne().n\nx + 1\nshow collections\nboom\n"; // prettier-ignore
    expect(sh("db", `printf '${lines}' | mongosh --quiet`).out).toBe("test> switched to db shop\nshop> ... { acknowledged: true, insertedId: 1 }\nshop> 2\nshop> 3\nshop> items\nshop> ReferenceError: boom is not defined\nshop> "); // prettier-ignore
    expect(sh("db", "echo 'show dbs' | mongosh --quiet").out).toBe("test> admin   40.00 KiB\nconfig  12.00 KiB\nlocal   40.00 KiB\nshop     8.00 KiB\ntest    16.00 KiB\ntest> "); // prettier-ignore
    expect(sh("db", "mongosh shop --quiet --eval 'db.dropDatabase()'").out).toBe("{ ok: 1, dropped: 'shop' }\n"); // prettier-ignore
  });

  test("images of before 6 have the old shell, later ones have not", () => {
    expect(sh("old", "mongo --quiet --eval 'db.a.insertOne({_id: 1})'").code).toBe(0);
    expect(sh("old", "mongosh --version").code).toBe(127);
    expect(sh("db", "mongo --version").code).toBe(127);
  });
});

test("a prompt's variables outlast a loss of memory", () => {
  const lines = "(echo x = 5; sleep 20; echo x + 1; sleep 20) | mongosh --quiet --host db";
  world.create(podOf("slow", "mongo:8", { container: { command: ["sh", "-c", lines] } }));
  world.advance(15_000);
  world.evict();
  world.advance(15_000);
  expect(world.request("GET", "/api/v1/namespaces/default/pods/slow/log").text).toBe(
    "test> 5\ntest> 6\ntest> ",
  );
});

describe("the tools", () => {
  test("mongoimport, mongodump, mongorestore", () => {
    const got = sh("db", `printf '{"_id":1,"a":"x"}\\n{"_id":2,"a":"y"}\\n' > /tmp/a.json && mongoimport --db imp --collection c --file /tmp/a.json`); // prettier-ignore
    expect(got.err).toMatch(/connected to: mongodb:\/\/localhost\/\n.*2 document\(s\) imported successfully\. 0 document\(s\) failed to import\.\n$/); // prettier-ignore
    expect(sh("db", "cd /tmp && mongodump --db imp").err).toMatch(/writing imp\.c to dump\/imp\/c\.bson\n.*done dumping imp\.c \(2 documents\)\n$/); // prettier-ignore
    expect(sh("db", "wc -c < /tmp/dump/imp/c.bson").out.trim()).toBe("46");
    js("db", 'db.getSiblingDB("imp").c.drop()');
    expect(sh("db", "cd /tmp && mongorestore").err).toContain(
      "2 document(s) restored successfully.",
    );
    expect(sh("db", "mongosh imp --quiet --eval 'db.c.find({_id: 2})'").out).toBe("[ { _id: 2, a: 'y' } ]\n"); // prettier-ignore
  });
});

describe("users", () => {
  test("a server with a root user wants to know who asks", () => {
    expect(js("locked", "db.a.find()")).toMatchObject({ code: 1, err: "MongoServerError[Unauthorized]: Command find requires authentication\n" }); // prettier-ignore
    expect(js("locked", "db.a.find()", "-u root -p wrong")).toMatchObject({ code: 1, err: "MongoServerError: Authentication failed.\n" }); // prettier-ignore
    expect(js("locked", "db.a.insertOne({_id: 1})", "-u root -p secret").out).toBe("{ acknowledged: true, insertedId: 1 }\n"); // prettier-ignore
    expect(js("locked", "db.a.countDocuments()", "mongodb://root:secret@localhost:27017/test?authSource=admin").out).toBe("1\n"); // prettier-ignore
    expect(js("locked", 'db.adminCommand("ping")').out).toBe("{ ok: 1 }\n");
  });
});

describe("volumes", () => {
  const keep = (name: string) => {
    const storage = { requests: { storage: "1Gi" } };
    const claims = [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: storage } }]; // prettier-ignore
    const container = { name: "mongo", image: "mongo:8", command: ["mongod", "--replSet", "rs0", "--bind_ip_all"], ...(name === "kept" ? mount : {}) }; // prettier-ignore
    world.create(serviceOf(name, { clusterIP: "None", selector: { app: name }, ports: [{ port: 27017 }] })); // prettier-ignore
    world.create({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name, namespace: "default" },
      spec: {
        serviceName: name,
        replicas: 3,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
        ...(name === "kept" ? { volumeClaimTemplates: claims } : {}),
      },
    });
    world.advance(60_000);
  };
  const members = (name: string) =>
    [0, 1, 2].map((_id) => `{_id: ${_id}, host: "${name}-${_id}.${name}:27017"}`).join(", ");
  const again = (pod: string) => {
    world.request("DELETE", `/api/v1/namespaces/default/pods/${pod}`);
    world.advance(90_000);
  };

  test("a replica set is initiated, copies what is written, and keeps it where there is a claim", () => {
    keep("kept");
    expect(js("kept-0", "db.a.insertOne({_id: 1})").err).toBe("MongoServerError[NotWritablePrimary]: not primary\n"); // prettier-ignore
    expect(js("kept-0", "rs.status()").err).toBe("MongoServerError[NotYetInitialized]: no replset config has been received\n"); // prettier-ignore
    expect(out("kept-0", `rs.initiate({_id: "rs0", members: [${members("kept")}]})`)).toBe("{ ok: 1 }\n"); // prettier-ignore
    world.advance(2_000);
    expect(out("kept-0", 'rs.status().members.map(m => m.name + " " + m.stateStr).join()')).toBe(
      "kept-0.kept:27017 PRIMARY,kept-1.kept:27017 SECONDARY,kept-2.kept:27017 SECONDARY\n",
    );
    js("kept-0", "db.a.insertOne({_id: 1})");
    world.advance(2_000);
    expect(out("kept-2", "db.a.find()")).toBe("[ { _id: 1 } ]\n");
    expect(js("kept-2", "db.a.insertOne({_id: 2})").err).toBe("MongoServerError[NotWritablePrimary]: not primary\n"); // prettier-ignore
    expect(sh("kept-2", "echo exit | mongosh --quiet").out).toBe("rs0 [direct: secondary] test> ");
    again("kept-0");
    expect(out("kept-0", "db.a.find()")).toBe("[ { _id: 1 } ]\n");
    expect(out("kept-0", "rs.status().myState")).toBe("1\n");
  });

  test("without a claim all is gone with the Pod", () => {
    keep("gone");
    out("gone-0", "rs.initiate()");
    expect(out("gone-0", "db.a.insertOne({_id: 1}); rs.conf().members[0].host")).toBe("gone-0:27017\n"); // prettier-ignore
    again("gone-0");
    expect(js("gone-0", "rs.status()").err).toBe("MongoServerError[NotYetInitialized]: no replset config has been received\n"); // prettier-ignore
    expect(out("gone-0", "db.a.countDocuments()")).toBe("0\n");
  });
});
