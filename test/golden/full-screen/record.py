"""Types NAME.keys.json into the machine's programs on a terminal of their own; prints what they printed behind each keystroke.
python3 record.py [FOLDER OF PROGRAMS] < NAME.keys.json > NAME.screens.json"""
import fcntl, json, os, pty, select, shutil, signal, struct, sys, termios

folder = "/tmp/full-screen"
job = json.load(sys.stdin)
path = ":".join(sys.argv[1:] + ["/usr/bin", "/bin"])


def size(terminal, cols, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def output(terminal, quiet=0.15):
    data = b""
    while select.select([terminal], [], [], quiet)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    return data.decode(errors="replace")


def record(row):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, text in job["files"].items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text.encode())
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = {"TERM": "xterm", "PATH": path, "HOME": folder, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "LESSHISTFILE": "-"}
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-c", "read go; clear; " + row["command"] + '; echo "exit $?"'], environment)
    size(terminal, row.get("cols", 60), row.get("rows", 12))
    output(terminal, 0.1)
    os.write(terminal, b"\r")
    printed = [output(terminal, 0.4)]
    for keys in row["keys"]:
        if isinstance(keys, list):
            size(terminal, *keys)
        else:
            try:
                os.write(terminal, keys.encode())
            except OSError:
                pass  # The program has ended.
        printed.append(output(terminal))
    os.close(terminal)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return printed


print(json.dumps({row["name"]: record(row) for row in job["rows"]}, indent=1, ensure_ascii=True))
shutil.rmtree(folder, ignore_errors=True)
