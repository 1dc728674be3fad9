"""Types the rows of a keys.json into the machine's shell on a terminal of its own; prints screens.json: what it printed after each
step. A step is keys, another width, or {"wait": seconds}.
python3 record.py [NAME...] < keys.json > screens.json, all rows without a name.
Where there are "answers" (what kubectl __complete was recorded to say), a stand-in gives them, beside kubectl's own completion script;
BASH_COMPLETION names a file with the functions that it calls."""
import fcntl, json, os, pty, select, shutil, signal, struct, sys, termios, time

job = json.load(sys.stdin)
folder = job.get("folder", "/tmp/readline")


standin = """#!/usr/bin/env python3
import json, sys
line = "kubectl " + " ".join(word or "''" for word in sys.argv[1:])
answers = {row["line"]: row["stdout"] for row in json.load(open("ANSWERS"))}
if line not in answers:
    open("/tmp/unanswered", "a").write(line + "\\n")
    sys.exit(1)
sys.stdout.write(answers[line])
"""


def prepare():
    """What ~/start needs: kubectl's completion, and a kubectl that has answers."""
    programs = folder + "-programs"
    os.makedirs(programs, exist_ok=True)
    with open(programs + "/kubectl", "w") as file:
        file.write(standin.replace("ANSWERS", os.path.abspath(job["answers"])))
    os.chmod(programs + "/kubectl", 0o755)
    with open(folder + "/start", "w") as file:
        file.write("PATH=%s:$PATH\n. %s\n. %s\n" % (programs, os.environ["BASH_COMPLETION"], os.path.abspath(job["script"])))


def size(terminal, cols):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", job.get("rows_of_screen", 24), cols, 0, 0))


def output(terminal, quiet=0.12):
    data = b""
    while select.select([terminal], [], [], quiet)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    return data.decode()


def record(row):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in job["files"]:
        path = os.path.join(folder, name)
        if name.endswith("/"):
            os.makedirs(path)
        else:
            open(path, "w").close()
    if "answers" in job:
        prepare()
    shell = row.get("shell", ["bash", "--norc", "--noprofile"])
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.chdir(folder)
        environment = {"TERM": "xterm", "PATH": job.get("path", "/usr/bin:/bin"), "HOME": folder, "LANG": "C.UTF-8", "HISTFILE": "", "LC_ALL": "C.UTF-8", **job.get("environment", {})}
        os.execvpe(shell[0], shell, environment)
    size(terminal, row.get("cols", 80))
    output(terminal, 0.4)
    os.write(terminal, (job["begin"] + "\r").encode())
    output(terminal, job.get("quiet_at_first", 0.2))
    os.write(terminal, job.get("clear", "\x0c").encode())
    printed = [output(terminal)]
    for keys in row["keys"]:
        if isinstance(keys, dict):
            time.sleep(keys["wait"])
        elif isinstance(keys, int):
            size(terminal, keys)
            os.kill(pid, signal.SIGWINCH)
        else:
            os.write(terminal, keys.encode())
        printed.append(output(terminal, job.get("quiet", 0.12)))
    os.close(terminal)
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        pass
    os.waitpid(pid, 0)
    return printed


wanted = sys.argv[1:]
print(json.dumps({row["name"]: record(row) for row in job["rows"] if not wanted or row["name"] in wanted}, indent=1, ensure_ascii=True))
shutil.rmtree(folder, ignore_errors=True)
