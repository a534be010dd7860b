#!/usr/bin/env python3
"""Kills, full disks, races, watching and hostile names around what the program writes.

    cargo build --locked
    scripts/reliability.py [--program target/debug/hebiao] [--only kills,disks,…] [--work FOLDER]

Everything happens in a folder of its own. What has to hold after each try: the inbox is untouched, the outbox is
the old one or the new one, byte for byte, every other file is whole or as it was, and one undisturbed run
afterwards leaves what an undisturbed run leaves, nothing twice. The exit code is 1 where something did not.

- kills: the program is killed at the 1st, 2nd, 3rd … call of each system call that changes a disk, in every thread
  (needs strace), and after ever longer times.
- faults: single calls of the system that fail (needs strace).
- disks: a file system that is full after so many bytes (needs to mount one: run by the administrator), and a limit to
  the length of files.
- races: several merges at once, and merges while files come and go.
- watch: a lock that is held, an outbox that cannot be written for a while, an inbox that never rests.
- names: what other programs and systems leave in an outbox (some need the administrator).
"""
import argparse
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FORMS = ["县直部门/县水利局附件7合计.xlsx", "附件7-群巴克镇.xlsx", "铁热克巴扎乡报表.xlsx"]
# What changes a disk. Threads count for themselves, so that each N kills at the Nth call of whichever thread
# comes to it first.
CALLS = ["openat", "write", "fsync", "mkdir", "linkat", "rename", "renameat2", "unlink", "unlinkat", "rmdir",
         "flock", "ftruncate", "close"]
# Called for reading as well, a thousand times: every so many.
STRIDES = {"openat": 7, "close": 11}


class Desk:
    """A folder with an inbox that has two states, and what an undisturbed program makes of each."""

    def __init__(self, program, work):
        self.program, self.work = program, work
        work.mkdir(parents=True)
        self.inboxes = []
        for n_forms in (2, 3):
            inbox = work / f"inbox{n_forms}"
            for form in FORMS[:n_forms]:
                target = inbox / "plan" / form
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / "inbox/plan" / form, target)
            self.inboxes.append(inbox)
        self.inbox_hashes = [tree(inbox) for inbox in self.inboxes]
        self.whole = []
        for nth, inbox in enumerate(self.inboxes):
            self.run("merge", "plan", "--inbox", inbox, "--outbox", work / f"ref{nth}")
            self.whole.append(tree(work / f"ref{nth}/plan"))
        assert self.whole[0] and self.whole[0] != self.whole[1]

    def run(self, *arguments, before=(), **more):
        more.setdefault("timeout", 120)
        return subprocess.run([*before, self.program, *map(str, arguments)], cwd=ROOT, capture_output=True, **more)

    def merge(self, outbox, nth, **more):
        return self.run("merge", "plan", "--inbox", self.inboxes[nth], "--outbox", outbox, **more)

    def untouched(self):
        return [tree(inbox) for inbox in self.inboxes] == self.inbox_hashes


def tree(folder):
    """Every file under a folder with the hash of its bytes."""
    folder = os.fsencode(folder)
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if os.path.islink(path) or not os.path.isfile(path):
                found[os.path.relpath(path, folder)] = "special"
                continue
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found


def visible(files):
    return {name: hash for name, hash in files.items() if not os.path.basename(name).startswith(b".")}


class Table:
    """What was tried, and what did not hold."""

    def __init__(self):
        self.rows = {}

    def add(self, what, holds, note=""):
        row = self.rows.setdefault(what, [0, []])
        row[0] += 1
        if not holds:
            row[1].append(note)
            print(f"  FAILED {what}: {note}", flush=True)

    def print(self):
        print("\n| what | tried | failed |\n|---|---|---|")
        for what, (tried, failed) in self.rows.items():
            print(f"| {what} | {tried} | {len(failed)} |")
        return any(failed for _, failed in self.rows.values())


def strace(call, nth, what="signal=KILL", threads=None):
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={nth}"]
    return (["env", f"RAYON_NUM_THREADS={threads}"] if threads else []) + trace


def killed_at_each(run, look, limit):
    """Kills `run(before)` at every call of every kind; `look(what, killed)` after each. With one thread, nearly all calls
    are counted in one row."""
    for threads in (1, None):
        for call in CALLS:
            nth, step, n_kills = 1, STRIDES.get(call, 1), 0
            while n_kills < limit:
                done = run(strace(call, nth, threads=threads))
                killed = done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
                look(f"{call} {nth} of {threads} threads", killed)
                if not killed:
                    break
                nth, n_kills = nth + step, n_kills + 1


def kills(desk, table, quick):
    limit = 5 if quick else 400
    # A merge: old and new take turns, with somebody's file in the outbox all the time, and one of ours that somebody
    # changed before each run.
    outbox = desk.work / "kills"
    desk.merge(outbox, 0)
    hers = {b"\xcd\xa8\xd6\xaa.txt": "her", "批示.txt".encode(): "hers"}
    for name, text in hers.items():
        pathlib.Path(os.fsdecode(os.path.join(os.fsencode(outbox / "plan"), name))).write_text(text)
    turn = {"new": 1}
    hashed = lambda text: hashlib.sha256(text.encode()).hexdigest()
    book = next(name for name in desk.whole[0] if name.endswith("汇总.xlsx".encode()))
    marked = book.replace(b".xlsx", "（手工改动）.xlsx".encode())
    at = lambda name: os.path.join(os.fsencode(outbox / "plan"), name)
    pathlib.Path(os.fsdecode(at(marked))).write_text("changed")
    with_hers = lambda nth, changed=marked: {
        **desk.whole[nth], **{n: hashed(t) for n, t in hers.items()}, changed: hashed("changed")}

    def run(before):
        if os.path.exists(at(marked)):
            os.replace(at(marked), at(book))
        return desk.merge(outbox, turn["new"], before=before)

    def look(what, killed):
        now = tree(outbox / "plan")
        is_whole = now in (with_hers(1 - turn["new"], book), with_hers(turn["new"]))
        table.add("merge, killed at each call: the outbox is old or new", is_whole, what)
        if now == with_hers(turn["new"]):
            turn["new"] = 1 - turn["new"]
        if not killed:
            done = desk.merge(outbox, turn["new"])
            left = sorted(os.listdir(outbox))
            is_right = tree(outbox / "plan") == with_hers(turn["new"]) and left == ["plan"]
            table.add("merge after kills: nothing twice, nothing left", is_right, f"{what} {left} {done.stderr}")
            turn["new"] = 1 - turn["new"]

    killed_at_each(run, look, limit)

    # The list is spoilt, and then killed over again.
    for spoil in (b"", b'{"files": {"find'):
        (outbox / "plan/.files.json").write_bytes(spoil)
        run(strace("write", 3))
        desk.merge(outbox, turn["new"])
        is_right = tree(outbox / "plan") == with_hers(turn["new"])
        table.add("merge without a list, killed and done again", is_right, repr(spoil))

    # A roll-up of two states of the county would be two counties; one is enough.
    rolled = desk.work / "rolled"
    rollup = lambda before=(): desk.run("rollup", "plan", outbox, "--outbox", rolled, before=before)
    rollup()
    whole = tree(rolled / "plan-州级")

    def look_rolled(what, killed):
        table.add("rollup, killed at each call: the outbox is whole", tree(rolled / "plan-州级") == whole, what)
        if not killed:
            rollup()
            is_right = tree(rolled / "plan-州级") == whole and os.listdir(rolled) == ["plan-州级"]
            table.add("rollup after kills: nothing twice, nothing left", is_right, what)

    killed_at_each(rollup, look_rolled, limit)

    for what, folder, command in (
        ("check --annotate", desk.work / "marked", ["check", desk.inboxes[1], "--annotate", desk.work / "marked"]),
        ("form", desk.work / "forms", ["form", "--force", "--output", desk.work / "forms"]),
    ):
        desk.run(*command)
        whole = tree(folder)
        assert len(whole) > 1

        def run(before):
            shutil.rmtree(folder, ignore_errors=True)
            return desk.run(*command, before=before)

        def look(at, killed):
            now = visible(tree(folder))
            table.add(f"{what}, killed at each call: no half file", now.items() <= whole.items(), at)
            if not killed:
                desk.run(*command)
                table.add(f"{what} after kills: nothing twice, nothing left", tree(folder) == whole, at)

        killed_at_each(run, look, limit)
    # At any time, as a power cut would come.
    chance = random.Random(1)
    for nth in range(20 if quick else 150):
        process = subprocess.Popen([desk.program, "merge", "plan", "--inbox", desk.inboxes[turn["new"]], "--outbox", outbox],
                                   cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * 0.6)
        process.kill()
        process.wait()
        now = tree(outbox / "plan")
        table.add("merge, killed at any time", now in (with_hers(0), with_hers(1)), str(nth))
        turn["new"] = chance.randrange(2)
    desk.merge(outbox, 1)
    is_right = tree(outbox / "plan") == with_hers(1) and os.listdir(outbox) == ["plan"]
    table.add("merge after kills: nothing twice, nothing left", is_right, str(os.listdir(outbox)))


def faults(desk, table, quick):
    """Calls that fail instead of being killed: the disk is full, or broken, at just this one."""
    outbox, marked, forms = (desk.work / name for name in ("out", "marked", "forms"))
    desk.merge(outbox, 0)
    check = ["check", desk.inboxes[1], "--annotate", marked]
    form = ["form", "--force", "--output", forms]
    desk.run(*check)
    desk.run(*form)
    whole = {marked: tree(marked), forms: tree(forms)}
    for call, error in (("write", "ENOSPC"), ("fsync", "EIO"), ("mkdir", "ENOSPC"), ("linkat", "EPERM"), ("rename", "EACCES"),
                        ("renameat2", "EINVAL"), ("renameat2", "EACCES"), ("unlink", "EPERM"), ("unlinkat", "EPERM"),
                        ("rmdir", "EPERM"), ("ftruncate", "ENOSPC")):
        calm = 0
        for nth in range(1, 4 if quick else 400):
            before = strace(call, nth, f"error={error}", threads=1)
            done = desk.merge(outbox, 1, before=before)
            now, code = tree(outbox / "plan"), done.returncode
            # What cannot be printed ends with 2 as well.
            is_right = now == desk.whole[1] or code == 2 and now == desk.whole[0]
            table.add("merge, one call fails: old or new", is_right and code in (1, 2), f"{call} {error} {nth}: {code}")
            desk.merge(outbox, 0)
            is_right = tree(outbox / "plan") == desk.whole[0] and os.listdir(outbox) == ["plan"]
            table.add("merge after one that failed: nothing twice, nothing left", is_right, f"{call} {nth} {os.listdir(outbox)}")
            # There are no more such calls, or none that matter.
            calm = calm + 1 if code == 1 else 0
            if calm == 10:
                break
        for what, folder, command in (("check --annotate", marked, check), ("form", forms, form)):
            calm = 0
            for nth in range(1, 4 if quick else 400):
                shutil.rmtree(folder, ignore_errors=True)
                done = desk.run(*command, before=strace(call, nth, f"error={error}", threads=1))
                now, code = visible(tree(folder)), done.returncode
                is_right = now == whole[folder] if code < 2 else now.items() <= whole[folder].items()
                table.add(f"{what}, one call fails: no half file", is_right, f"{call} {error} {nth}: {code}")
                desk.run(*command)
                table.add(f"{what} after one that failed: nothing twice, nothing left", tree(folder) == whole[folder], f"{call} {nth}")
                calm = calm + 1 if code < 2 else 0
                if calm == 5:
                    break


def disks(desk, table, quick):
    # A limit to the length of files: the 513th byte, and so on, is refused, with a signal that ends who is not ready for it.
    outbox = desk.work / "limited"
    desk.merge(outbox, 0)
    marked, forms = desk.work / "limited-marked", desk.work / "limited-forms"
    for blocks in range(0, 40, 8 if quick else 1):
        limit = ["sh", "-c", f"ulimit -f {blocks}; exec \"$0\" \"$@\""]
        done = desk.merge(outbox, 1, before=limit)
        now = tree(outbox / "plan")
        is_right = done.returncode == 2 and now == desk.whole[0] or done.returncode < 2 and now == desk.whole[1]
        table.add("merge, files limited: old or new, and the exit code says which", is_right, f"{blocks} {done.returncode}")
        desk.merge(outbox, 0)
        for what, folder, command in (("check --annotate", marked, ["check", desk.inboxes[1], "--annotate", marked]),
                                      ("form", forms, ["form", "--force", "--output", forms])):
            shutil.rmtree(folder, ignore_errors=True)
            desk.run(*command)
            whole = tree(folder)
            shutil.rmtree(folder)
            done = desk.run(*command, before=limit)
            now = tree(folder)
            is_right = now == whole if done.returncode < 2 else now.items() <= whole.items()
            table.add(f"{what}, files limited: no half file, none left over", is_right, f"{blocks} {done.returncode}")
    # Disks that are full after so many bytes.
    disk = desk.work / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True).returncode:
        print("  no file system can be mounted: full disks are left out")
        return
    try:
        outbox, marked, forms = disk / "out", disk / "marked", disk / "forms"
        desk.merge(outbox, 0)
        for free in range(0, 480, 96 if quick else 12):
            for what, folder, command, whole in (
                ("merge", outbox, ["merge", "plan", "--inbox", desk.inboxes[1], "--outbox", outbox], None),
                ("check --annotate", marked, ["check", desk.inboxes[1], "--annotate", marked], None),
                ("form", forms, ["form", "--force", "--output", forms], None),
            ):
                if what != "merge":
                    shutil.rmtree(folder, ignore_errors=True)
                    desk.run(*command)
                    whole = tree(folder)
                    shutil.rmtree(folder)
                filler = disk / "filler"
                room = os.statvfs(disk)
                filler.write_bytes(b"\0" * max(0, room.f_bavail * room.f_bsize - free * 1024))
                done = desk.run(*command)
                code = done.returncode
                filler.unlink()
                if what == "merge":
                    now = tree(outbox / "plan")
                    is_right = now == desk.whole[0 if code == 2 else 1] and os.listdir(outbox) == ["plan"]
                    desk.merge(outbox, 0)
                else:
                    now = tree(folder)
                    is_right = now == whole if code < 2 else now.items() <= whole.items()
                is_told = code < 2 or "磁盘已满" in done.stderr.decode()
                table.add(f"{what}, full disks: whole, nothing left over, and told", is_right and is_told,
                          f"{free} KiB: {code} {done.stderr.decode()}")
    finally:
        subprocess.run(["umount", disk])


def races(desk, table, quick):
    outbox = desk.work / "races"
    desk.merge(outbox, 0)
    for nth in range(5 if quick else 60):
        runs = [subprocess.Popen([desk.program, "merge", "plan", "--inbox", desk.inboxes[n % 2], "--outbox", outbox],
                                 cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for n in range(3)]
        codes = [run.wait() for run in runs]
        now = tree(outbox / "plan")
        is_right = now in desk.whole and set(codes) <= {1, 2} and 1 in codes and os.listdir(outbox) == ["plan"]
        table.add("three merges at once: one whole outbox, the others are told", is_right, f"{codes}")
    marked = desk.work / "races-marked"
    command = ["check", desk.inboxes[1], "--annotate", marked]
    desk.run(*command)
    whole = tree(marked)
    for nth in range(5 if quick else 40):
        shutil.rmtree(marked)
        runs = [subprocess.Popen([desk.program, *map(str, command)], cwd=ROOT, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for _ in range(3)]
        codes = [run.wait() for run in runs]
        table.add("three checks at once: every copy once", tree(marked) == whole and set(codes) == {1}, f"{codes}")
    # A form is saved over and over while it is merged: its copy is of what was checked, or there is none.
    inbox = desk.work / "races-inbox"
    shutil.copytree(desk.inboxes[1], inbox)
    form = inbox / "plan" / FORMS[2]
    versions = [(ROOT / "inbox/plan" / name).read_bytes() for name in (FORMS[2], FORMS[1])]
    outbox = desk.work / "races-changed"
    pid = os.fork()
    if pid == 0:
        while True:
            for version in versions:
                beside = form.with_name(".beside")
                beside.write_bytes(version)
                os.replace(beside, form)
                time.sleep(0.003)
    try:
        no_copies = 0
        for nth in range(5 if quick else 60):
            done = desk.run("merge", "plan", "--inbox", inbox, "--outbox", outbox)
            findings = (outbox / "plan/findings.json").read_text()
            no_copies += '"no-copy"' in findings
            table.add("merges while a form is replaced every 3 ms", done.returncode == 1, done.stderr.decode())
        print(f"  of these, {no_copies} had no copy of it, because it was no longer what was checked")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def wait_for(is_so, seconds):
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            return False
        time.sleep(0.1)
    return True


def watch(desk, table, quick):
    import fcntl

    def watched(outbox, inbox):
        return subprocess.Popen([desk.program, "merge", "plan", "--watch", "--inbox", inbox, "--outbox", outbox],
                                cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def end(process):
        process.kill()
        return process.communicate()[1].decode()

    for seconds in (2,) if quick else (2, 7, 20):
        outbox = desk.work / f"watch-lock-{seconds}"
        outbox.mkdir()
        lock = open(outbox / ".plan.lock", "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = watched(outbox, desk.inboxes[1])
        time.sleep(seconds)
        lock.close()
        came = wait_for(lambda: (outbox / "plan").is_dir() and tree(outbox / "plan") == desk.whole[1], 35)
        said = end(process)
        table.add("watch, a lock held for 2, 7, 20 s: merged in the end, told once",
                  came and len(said.splitlines()) == 1, f"{seconds} {said}")
    if os.getuid() == 0:
        outbox = desk.work / "watch-full"
        outbox.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", outbox], check=True)
        try:
            (outbox / "filler").write_bytes(b"\0" * (2 << 20))
            process = watched(outbox, desk.inboxes[1])
            time.sleep(5)
            (outbox / "filler").unlink()
            came = wait_for(lambda: (outbox / "plan").is_dir() and tree(outbox / "plan") == desk.whole[1], 35)
            said = end(process)
            table.add("watch, a full disk: merged once there is room", came and len(said.splitlines()) == 1, said)
        finally:
            subprocess.run(["umount", outbox])
    for what in ("one form", "another form each time", "the note"):
        inbox, outbox = desk.work / f"restless {what}", desk.work / f"watch {what}"
        shutil.copytree(desk.inboxes[1], inbox)
        form = (inbox / "plan" / FORMS[2]).read_bytes()
        process = watched(outbox, inbox)
        n_merges, last = 0, None
        began = time.monotonic()
        nth = 0
        while time.monotonic() - began < (16 if quick else 50):
            nth += 1
            if what == "one form":
                (inbox / "plan" / FORMS[2]).write_bytes(form)
            elif what == "the note":
                (inbox / "plan/说明.txt").write_text(f"第 {nth} 次")
            else:
                (inbox / "plan" / f"铁热克巴扎乡 {nth}.xlsx").write_bytes(form)
            time.sleep(1)
            made = outbox / "plan/findings.json"
            now = made.stat().st_ino if made.exists() else None
            n_merges += now is not None and now != last
            last = now
        said = end(process)
        table.add("watch, a change each second: merged at least every 15 s", n_merges >= (1 if quick else 3) and not said,
                  f"{what}: {n_merges} {said}")
        if what == "the note":
            process = watched(outbox, inbox)
            time.sleep(6)
            before = tree(outbox / "plan")
            (inbox / "plan/说明.txt").write_text("改过了")
            came = wait_for(lambda: tree(outbox / "plan") != before, 20)
            end(process)
            table.add("watch, a note changed once: merged", came)


def names(desk, table, quick):
    outbox = desk.work / "names"
    desk.merge(outbox, 0)
    plan = os.fsencode(outbox / "plan")

    def put(name, text=b"hers"):
        path = os.path.join(plan, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text)

    hers = [b"\xcd\xa8\xd6\xaa.xlsx", b"\xcd\xa8\xd6\xaa/\xff\xfe.txt", b"\xb1\xed.xlsx", "名\n字.txt".encode(),
            "退回/轮台镇/记录.txt".encode(), ".名单".encode(), b".git/config", b"a" * 255, "长".encode() * 85,
            "报表制度/来文.txt".encode(), b"findings.json.bak", " 空格 .txt".encode(), b"-rf", b"*", "汇总.xlsx/里面.txt".encode()]
    for name in hers:
        put(name)
    os.mkfifo(os.path.join(plan, b"pipe"))
    os.symlink(b"/", os.path.join(plan, b"root"))
    os.symlink(b"nowhere", os.path.join(plan, b"dangling"))
    for lock in ("~$汇总.xlsx", ".~lock.汇总.xlsx#", "Thumbs.db"):
        put(lock.encode())
    expected = {name: hashlib.sha256(b"hers").hexdigest() for name in hers}
    expected |= {b"pipe": "special", b"dangling": "special"}
    for nth in (1, 0, 1):
        done = desk.merge(outbox, nth, timeout=60)
        now = tree(outbox / "plan")
        is_right = now == {**desk.whole[nth], **expected}
        is_right = is_right or {**now, b"root": 0} == {**desk.whole[nth], **expected, b"root": 0}
        table.add("names and things of other systems: kept under their very bytes", is_right and done.returncode == 1,
                  f"{done.stderr.decode(errors='replace')} {set(now) ^ set({**desk.whole[nth], **expected})}")
    shutil.rmtree(outbox)

    # What cannot be cleared away, as the administrator, whom nothing else keeps out.
    desk.merge(outbox, 0)
    stuck = [outbox / ".plan.new-1/a", outbox / ".plan.new-2/b", outbox / ".plan.new-file"]
    for path in stuck:
        path.parent.mkdir(exist_ok=True)
        path.write_text("left")
    if subprocess.run(["chattr", "+i", *stuck], capture_output=True).returncode == 0:
        for nth in (1, 0):
            done = desk.merge(outbox, nth)
            said = done.stderr.decode()
            is_right = tree(outbox / "plan") == desk.whole[nth] and done.returncode == 1
            is_told = "清理不掉" in said and ".plan.new-1" in said and ".plan.new-2" in said
            table.add("leftovers that cannot be removed: told and passed over", is_right and is_told, said)
        subprocess.run(["chattr", "-i", *stuck])
        desk.merge(outbox, 1)
        table.add("leftovers that can be removed again: cleared", os.listdir(outbox) == ["plan"], str(os.listdir(outbox)))
    # A plain user, whom permissions keep out.
    if os.getuid() == 0 and shutil.which("setpriv"):
        place = pathlib.Path(tempfile.mkdtemp(prefix="hebiao-user-"))
        os.chmod(place, 0o755)
        for name in ("inbox2", "inbox3"):
            shutil.copytree(desk.work / name, place / name)
        shutil.copytree(ROOT / "templates", place / "templates")
        shutil.copy(desk.program, place / "hebiao")
        subprocess.run(["chown", "-R", "65534:65534", place], check=True)
        user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

        def as_user(nth):
            return subprocess.run([*user, place / "hebiao", "merge", "plan", "--inbox", place / f"inbox{nth + 2}", "--outbox",
                                   place / "out"], cwd=place, capture_output=True, timeout=60)

        as_user(0)
        out = place / "out"
        table.add("a plain user's merge", tree(out / "plan") == desk.whole[0], "")
        # Folders of her own that are closed or may not be written, and another's.
        for folder, mode, owner in (("封存", 0, 65534), ("只读", 0o555, 65534), ("别人的", 0o755, 0), ("别人封存的", 0o700, 0)):
            (out / "plan" / folder).mkdir()
            (out / "plan" / folder / "a.txt").write_text("hers")
            os.chown(out / "plan" / folder, owner, owner)
            os.chown(out / "plan" / folder / "a.txt", owner, owner)
            os.chmod(out / "plan" / folder, mode)
        secret = out / "plan/密件.txt"
        secret.write_text("hers")
        os.chmod(secret, 0o600)
        done = as_user(1)
        said = done.stderr.decode()
        now = tree(out)
        texts = [path for path in now if path.endswith(b"a.txt") or path.endswith("密件.txt".encode())]
        kept = {path.split(b"/")[-2] if path.endswith(b"a.txt") else path.split(b"/")[-1] for path in texts}
        is_kept = len(kept) == 5
        is_right = {n: h for n, h in tree(out / "plan").items() if n in desk.whole[1]} == desk.whole[1]
        table.add("closed folders and files of others: results are whole, nothing is lost", is_right and is_kept and done.returncode == 1,
                  f"{kept} {said}")
        print("  told:", said.strip().replace("\n", "\n        "))
        # The leftover of an administrator's run.
        (out / ".plan.new-7").mkdir()
        (out / ".plan.new-7/a").write_text("left")
        (out / ".plan.lock").write_text("")
        os.chmod(out / ".plan.lock", 0o644)
        done = as_user(0)
        table.add("leftovers of another user: told and passed over", done.returncode == 1 and "清理不掉" in done.stderr.decode(),
                  done.stderr.decode())
        shutil.rmtree(place)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/debug/hebiao")
    parser.add_argument("--only", default="kills,faults,disks,races,watch,names")
    parser.add_argument("--quick", action="store_true", help="a few of each")
    parser.add_argument("--work", type=pathlib.Path, help="a folder for all of it; a temporary one if not given")
    arguments = parser.parse_args()
    work = arguments.work or pathlib.Path(tempfile.mkdtemp(prefix="hebiao-reliability-"))
    table = Table()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    try:
        run_all(arguments, work, table)
    finally:
        failed = table.print()
        if not arguments.work:
            shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


def run_all(arguments, work, table):
    for what in arguments.only.split(","):
        print(what, flush=True)
        desk = Desk(arguments.program.resolve(), work / what)
        {"kills": kills, "faults": faults, "disks": disks, "races": races, "watch": watch, "names": names}[what](desk, table, arguments.quick)
        table.add("the inbox is untouched", desk.untouched(), what)


if __name__ == "__main__":
    sys.exit(main())
